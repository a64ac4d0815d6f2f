"""What the page of a hostile author tries in the browser of a viewer, and what came of it."""

import functools
from collections.abc import Callable, Iterable
from itertools import product

from dashops import bundle, client, errors
from dashops.attack import hostile
from dashops.attack.attempts.attempt import Attempt
from dashops.attack.hostile import Seen
from dashops.attack.outcome import GotThrough, NotMade
from dashops.attack.probe import Ground, cells

GROUP = "browser"
ALIVE = 200  # what the state of a kernel is answered with
OWN = {
    "cookies": "got ",
    "cookies of a frame": "got ",
    "localStorage": "got 0",
    "sessionStorage": "got 0",
    "indexedDB": "got [object Event]",
    "caches": "got [object Cache]",
}
"""What a page with a host of its own may have: storage, with nothing in it."""
WIDE = "a cookie for a domain above"
"""Of no harm where the main address does not get it, which is looked at."""
_ADDRESSES = (
    "the gallery",
    "the login",
    "the status",
    "the list",
    "another dashboard",
    "a picture",
)
_CHANGING = ("the logout", "the login", "a revision", "who may open it")
NAMES = (
    *OWN,
    *("service worker", "shared worker", WIDE, "the domain above", "opener"),
    *(f"fetch {each}{how}" for each, how in product(_ADDRESSES, ("", " blindly"))),
    *("xhr", "image", "script", "module", "events"),
    *("frame of the gallery", "frame of the login", "frame of another dashboard"),
    *("object", "embed", "window of the gallery", "window of another dashboard"),
    "socket of the main origin",
    *("state of another page", "blind state of another page", "file of another page"),
    *("socket of another page", "frame of another page", "end of another page"),
    *("worker", "frame of its own", "window of its own", "window of a blob", "window of its file"),
    *(f"{verb} {each}" for each in _CHANGING for verb in ("post to", "delete")),
)
"""As hostile.html calls them."""


def tried(name: str, ground: Ground) -> str:
    """What the script said of one attempt."""
    return judged(name, watched(ground))


def judged(name: str, browsers: Iterable[Seen]) -> str:
    """How all browsers refused it; GotThrough when one did not."""
    found = []
    for seen in browsers:
        said = seen.said.get(name, "")
        if not said:
            raise NotMade(f"with {seen.where} the page did not get that far")
        if said.startswith("refused"):
            found.append(said.removeprefix("refused: "))
        elif seen.own and said == OWN.get(name):
            found.append("its own, and empty")
        elif name == WIDE and not seen.tossed:
            found.append("not sent to the main address")
        else:
            raise GotThrough(f"with {seen.where} the page {' '.join(said.split())}")
    return ", ".join(dict.fromkeys(found))


def else_(ground: Ground) -> str:
    """Whatever the script tries that has no line of its own here."""
    for seen in watched(ground):
        for name in sorted(set(seen.said) - set(NAMES)):
            judged(name, [seen])
    return "nothing"


def effect(wrong: Callable[[Seen], str], how: str, ground: Ground) -> str:
    """What can be seen from outside of the page."""
    return unharmed(wrong, how, watched(ground))


def unharmed(wrong: Callable[[Seen], str], how: str, browsers: Iterable[Seen]) -> str:
    """`how`, if nothing is wrong in any browser."""
    for seen in browsers:
        if said := wrong(seen):
            raise GotThrough(f"with {seen.where} {said}")
    return how


def changed(ground: Ground) -> str:
    """Whether other dashboards are what they were before, and for whom."""
    watched(ground)
    if ground.noted["before"] != ground.noted["after"]:
        raise GotThrough("one is not what it was")
    return "as before"


def watched(ground: Ground) -> tuple[Seen, ...]:
    """What the page did in each kind of browser that makes a difference, the same each time."""
    if "browsers" not in ground.noted:
        try:
            ground.noted["browsers"] = _watch(ground)
        except NotMade as lacks:
            ground.noted["browsers"] = lacks
    found = ground.noted["browsers"]
    if isinstance(found, NotMade):
        raise NotMade(str(found))
    assert isinstance(found, tuple)
    return found


def _watch(ground: Ground) -> tuple[Seen, ...]:
    login = ground.account
    if lacks := hostile.lacking():
        raise NotMade(lacks)
    shown = cells(hostile.source(), hostile.LINKS)
    packed = bundle.pack(bundle.Bundle(shown, hostile.FILES))
    try:
        ground.publish(ground.hostile, packed, "signed-in")
    except errors.DashopsError as error:
        raise NotMade(f"the page was not published: {error}") from error
    ground.noted["before"] = _others(ground)
    place = hostile.Place(ground.main, login, ground.name, ground.hostile)
    # Where content has a name, it says whether dashboards have hosts of their own.
    seen = hostile.watch(place, everywhere=ground.stack.dashboard.content_address is None)
    ground.noted["after"] = _others(ground)
    return seen


def _others(ground: Ground) -> list[object]:
    server = client.Server(ground.main, ground.tokens["deploy-token"])
    names = (ground.name, ground.hidden)
    return [
        (each.name, each.revision, each.digest)
        for each in server.dashboards()
        if each.name in names
    ]


_EFFECTS: dict[str, tuple[Callable[[Seen], str], str]] = {
    "show what is not its own within it": (
        lambda seen: f"it shows {' and '.join(map(repr, seen.framed))}" if seen.framed else "",
        "nothing is shown",
    ),
    "speak to another page": (
        lambda seen: f"the other page heard {seen.heard[0]!r}" if seen.heard else "",
        "nothing was heard",
    ),
    "end the kernel of another page": (
        lambda seen: f"its state is {seen.alive} now" if seen.alive != ALIVE else "",
        "it lives",
    ),
    "leave a cookie at the main address": (
        lambda seen: (
            "it did, as browsers let hosts below one name: give `dashboard.content_address` "
            "a domain that is not the main one's"
            if seen.tossed
            else ""
        ),
        "none is sent there",
    ),
    "log the viewer out": (
        lambda seen: "" if seen.logged_in else "he has to log in again",
        "he is logged in",
    ),
}


def harm(seen: Seen) -> list[str]:
    """All that a page did in one browser and must not do, empty when nothing."""
    found = [wrong(seen) for wrong, _ in _EFFECTS.values()]
    for name in sorted({*NAMES, *seen.said}):
        try:
            judged(name, [seen])
        except (GotThrough, NotMade) as problem:
            found.append(f"{name}: {problem}")
    return [each for each in found if each]


ALL = (
    *(Attempt(GROUP, name, functools.partial(tried, name)) for name in NAMES),
    Attempt(GROUP, "whatever else the page tries", else_),
    *(
        Attempt(GROUP, name, functools.partial(effect, wrong, how))
        for name, (wrong, how) in _EFFECTS.items()
    ),
    Attempt(GROUP, "change other dashboards", changed),
)
