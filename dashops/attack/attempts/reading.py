"""Code, files and dashboards that are not for the viewer who asks."""

import functools
from collections.abc import Callable

from dashops.attack import wire
from dashops.attack.attempts.attempt import Attempt
from dashops.attack.outcome import GotThrough, NotMade, refused
from dashops.attack.probe import Ground, key_to
from dashops.attack.routes import VERSION

GROUP = "reading"
REFUSED = (400, 403, 404, 405)
OUTSIDE = ("root:", "home =", '"cells"')
"""What is in files that paths might lead to: accounts, an environment's settings, a notebook."""

# What the packages inside the servers would serve, were it not left out; and ways out of a folder.
PATHS = (
    "/voila/render/NAME.ipynb",
    "/voila/tree",
    "/voila/files/index.ipynb",
    "/voila/api/contents",
    "/voila/query/00000000-0000-4000-8000-000000000000",
    "/voila/execution/00000000-0000-4000-8000-000000000000",
    "/api",
    "/api/kernels",
    "/api/kernelspecs",
    "/api/sessions",
    "/api/contents",
    "/api/contents/index.ipynb",
    "/api/config/notebook",
    "/api/me",
    "/api/spec.yaml",
    "/api/status",
    "/api/terminals",
    "/api/nbconvert",
    "/files/index.ipynb",
    "/nbconvert/html/index.ipynb",
    "/nbextensions/x.js",
    "/static/../../app.py",
    "/lab",
    "/tree",
    "/metrics",
    "/dashboards/NAME/index.ipynb",
    "/dashboards/NAME@1/",
    "/dashboards/NAME/../../../database.sqlite",
    "/dashboards/NAME/%2e%2e/%2e%2e/database.sqlite",
    "/dashboards/NAME//etc/passwd",
    "/thumbnails/..%2f..%2fdatabase.sqlite",
    f"/{VERSION}/voila/templates/../../../../etc/passwd",
    f"/{VERSION}/voila/templates/lab/static/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    f"/{VERSION}/voila/static/..%2f..%2f..%2fapp.py",
    f"/{VERSION}/voila/static//etc/passwd",
    f"/{VERSION}/voila/labextensions/..%2f..%2f..%2f..%2fpyvenv.cfg",
)
FILES = (
    "index.ipynb",
    "pylock.toml",
    ".dashops/bundle.json",
    "../index.ipynb",
    "..%2findex.ipynb",
    "%2e%2e/%2e%2e/index.ipynb",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "..\\index.ipynb",
    "index.ipynb%00.png",
)

Ask = Callable[[Ground], wire.Answer]


def path(origin: str, wanted: str, ground: Ground) -> str:
    """A path of one origin, with the login."""
    url = ground.main if origin == "main" else ground.page().origin
    asked = wanted.replace("NAME", ground.name)
    headers = {"Host": wire.host_of(url), "Cookie": ground.viewer().cookie}
    return _nothing(wire.send(url, wire.request("GET", asked, headers.items())))


def file(wanted: str, ground: Ground) -> str:
    """A file of the probe, with the key of its page."""
    page = ground.page()
    place = f"{wire.path_of(page.address)}{wanted}"
    headers = {"Host": wire.host_of(page.origin)}
    return _nothing(wire.send(page.origin, wire.request("GET", place, headers.items())))


def asked(ask: Ask, ground: Ground) -> str:
    """Anything else that must lead to nothing."""
    return _nothing(ask(ground))


def alike(ground: Ground) -> str:
    """Whether a dashboard that one may not open can be told from one that is not there."""
    if ground.login and ground.login.user in ground.stack.identity.operators:
        raise NotMade("operators may open all dashboards")
    found = []
    for name in (ground.hidden, f"{ground.hidden[:-1]}x"):
        answer = ground.viewer().ask("GET", f"/dashboards/{name}/")
        refused(answer, (404,))
        found.append((answer.status, answer.text.replace(name, "")))
    if found[0] != found[1]:
        raise GotThrough("the two answers differ")
    return "404 as if it was not there"


def listed(ground: Ground) -> str:
    """Whether the gallery names a dashboard that is private."""
    answer = ground.viewer().ask("GET", "/")
    if answer.status != 200 or ground.name not in answer.text:
        raise NotMade("the gallery does not show the probe")
    if ground.hidden in answer.text:
        raise GotThrough("the gallery shows it")
    return "left out"


def page_itself(ground: Ground) -> str:
    """Whether the page of a dashboard has its code."""
    visitor = ground.viewer("carol")
    address = key_to(visitor, ground.name)
    answer = wire.Visitor(address).ask("GET", address)
    if answer.status != 200 or "the probe is shown" not in answer.text:
        raise NotMade(f"the page answers {answer.status}")
    return refused(answer, (200,)) and "left out"


def again(ground: Ground) -> str:
    """Load the address of a page a second time, as somebody who was sent it."""
    page = ground.page()
    answer = wire.Visitor(page.origin).ask("GET", page.address)
    if answer.status == 303 and "/c/" not in answer.location:
        return "303 to the main origin"
    return refused(answer, ())


def _nothing(answer: wire.Answer) -> str:
    if found := [each for each in OUTSIDE if each in answer.text]:
        raise GotThrough(f"the answer has `{found[0]}` in it")
    return refused(answer, REFUSED)


def _foreign(path: str, ground: Ground) -> wire.Answer:
    own, other = ground.page(), ground.page("alice")
    return wire.Visitor(own.origin).ask("GET", f"{own.base}{path.format(other.kernel)}")


def _foreign_end(ground: Ground) -> wire.Answer:
    own, other = ground.page(), ground.page("alice")
    return wire.Visitor(own.origin).ask("POST", f"{own.base}voila/api/shutdown/{other.kernel}")


def _other_dashboard(ground: Ground) -> wire.Answer:
    own = ground.page()
    return wire.Visitor(own.origin).ask("GET", f"{own.base}dashboards/{ground.hidden}/index.ipynb")


def _preview(ground: Ground) -> wire.Answer:
    return ground.viewer().ask("GET", f"/previews/{'x' * 60}/")


def _thumbnail(ground: Ground) -> wire.Answer:
    return ground.viewer().ask("GET", f"/thumbnails/{ground.hidden}")


_OTHERS: dict[str, Ask] = {
    "the state of another viewer's kernel": functools.partial(_foreign, "api/kernels/{}"),
    "end another viewer's kernel": _foreign_end,
    "a file of another dashboard, with the own key": _other_dashboard,
    "a preview, with a link that nobody made": _preview,
    "the picture of a private dashboard": _thumbnail,
}
ALL = (
    Attempt(GROUP, "code in the page of a dashboard", page_itself),
    *(
        Attempt(GROUP, f"{origin}: {each}", functools.partial(path, origin, each))
        for each in PATHS
        for origin in ("main", "content")
        if not (origin == "content" and each == "/dashboards/NAME@1/")
    ),
    *(
        Attempt(GROUP, f"file of a dashboard: {each}", functools.partial(file, each))
        for each in FILES
    ),
    *(Attempt(GROUP, name, functools.partial(asked, ask)) for name, ask in _OTHERS.items()),
    Attempt(GROUP, "tell a private dashboard from none", alike),
    Attempt(GROUP, "a private dashboard in the gallery", listed),
    Attempt(GROUP, "the address of a page, a second time", again),
)
