"""What `dashops attack` says of a page in a browser and of a login, from what came of them."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest

from dashops import attack, stack
from dashops.attack import attempts, hostile, outcome, probe
from dashops.attack.attempts import escaping, guessing
from dashops.client.guest import Login
from dashops.secrets import Secret

SAID = dict.fromkeys(escaping.NAMES, "refused: TypeError")
SHARED, OWN = hostile.Seen(own=False, said=SAID), hostile.Seen(own=True, said=SAID | escaping.OWN)

Ground = Callable[..., probe.Ground]


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    def at(url: str = "http://127.0.0.1:9", **noted: object) -> probe.Ground:
        found = stack.parse("name: demo\n", tmp_path / "dashops.yaml", {})
        tokens = {name: Secret(name * 3) for name in probe.TOKENS}
        login = Login("viewer", Secret("password"))
        return probe.Ground(found, url, url, tokens, login, noted=dict(noted))

    return at


def outcomes(made: probe.Ground, group: str) -> dict[str, attack.Outcome]:
    chosen = [each for each in attempts.CATALOGUE if each.group == group]
    return {each.name: each for each in attack.made(chosen, made, lambda _: None)}


def test_a_page_that_gets_nothing_is_refused() -> None:
    assert escaping.harm(SHARED) == [] == escaping.harm(OWN)


def test_what_a_page_got_is_said(ground: Ground) -> None:
    got = replace(SHARED, said=SAID | {"xhr": "got all of it"})
    found = outcomes(ground(browsers=(OWN, got), before=[], after=[]), escaping.GROUP)
    through = {name: each.how for name, each in found.items() if each.kind == "got through"}
    assert through == {"xhr": "with the shared host the page got all of it"}
    assert found["cookies"].how == "its own, and empty, TypeError"


@pytest.mark.parametrize("name", escaping.OWN)
def test_storage_is_a_pages_own_only_where_its_host_is(name: str) -> None:
    shared = replace(SHARED, said=SAID | {name: escaping.OWN[name]})
    full = replace(OWN, said=SAID | {name: f"{escaping.OWN[name]}1"})
    for each in (shared, full):
        with pytest.raises(outcome.GotThrough):
            escaping.judged(name, [OWN, each])


@pytest.mark.parametrize(
    "change",
    [
        {"framed": ("http://127.0.0.1:1/login",)},
        {"heard": ("hello",)},
        {"tossed": True},
        {"alive": 410},
        {"logged_in": False},
    ],
)
def test_each_effect_is_noticed(change: dict[str, Any], ground: Ground) -> None:
    assert len(escaping.harm(replace(OWN, **change))) == 1
    seen = (OWN, replace(SHARED, **change))
    found = outcomes(ground(browsers=seen, before=[], after=[]), escaping.GROUP).values()
    assert [each.kind for each in found].count("got through") == 1


def test_another_revision_of_another_dashboard_is_noticed(ground: Ground) -> None:
    made = ground(browsers=(OWN,), before=[("probe", 1, "a")], after=[("probe", 2, "b")])
    assert outcomes(made, escaping.GROUP)["change other dashboards"].kind == "got through"


def test_a_cookie_counts_where_the_main_address_gets_it() -> None:
    got = SAID | {escaping.WIDE: "got a cookie"}
    assert escaping.judged(escaping.WIDE, [replace(OWN, said=got)])
    with pytest.raises(outcome.GotThrough):
        escaping.judged(escaping.WIDE, [replace(OWN, said=got, tossed=True)])


def test_what_the_page_tries_and_nobody_judges_is_not_lost(ground: Ground) -> None:
    new = replace(SHARED, said=SAID | {"a new idea": "got it"})
    found = outcomes(ground(browsers=(new,), before=[], after=[]), escaping.GROUP)
    assert found["whatever else the page tries"].kind == "got through"
    literal = re.findall(r"attempt\('([^']+)'", hostile.PAGE.read_text())
    assert len(literal) > 30 and not set(literal) - set(escaping.NAMES)


def test_a_page_that_does_not_get_far_is_no_success(ground: Ground) -> None:
    short = replace(SHARED, said={"xhr": "refused: TypeError"})
    found = outcomes(ground(browsers=(short,), before=[], after=[]), escaping.GROUP)
    assert (found["xhr"].kind, found["image"].kind) == ("refused", "not made")


def test_without_a_browser_nothing_is_published_and_all_is_not_made(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("DASHOPS_TEST_CHROMIUM", raising=False)
    found = outcomes(ground(), escaping.GROUP)  # where no server is, too
    assert {each.kind for each in found.values()} == {"not made"}
    assert {"install" in each.how for each in found.values()} == {True}


def slow(name: str) -> float:
    """Seconds of a server that compares the passwords of people it has."""
    return 0.1 if name == "viewer" else 0.0


@pytest.fixture
def login() -> Iterator[Callable[[Callable[[str], float]], str]]:
    servers = []

    def serve(takes: Callable[[str], float]) -> str:
        class Form(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.say(200, '<input name="_xsrf" value="x">')

            def do_POST(self) -> None:
                sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                time.sleep(takes(sent["username"][0]))
                self.say(401, f"wrong\n{sent['username'][0]}")

            def say(self, status: int, text: str) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Form))
        Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield serve
    for each in servers:
        each.shutdown()
        each.server_close()


@pytest.mark.parametrize("takes", [slow, lambda name: 0.1 - slow(name)])
def test_a_name_that_is_told_by_time_is_noticed(
    takes: Callable[[str], float], login: Callable[..., str], ground: Ground
) -> None:
    made = ground(login(takes))
    with pytest.raises(outcome.GotThrough, match="a known name is answered after"):
        guessing.timed(made)
    assert guessing.told(made)


def test_names_that_take_as_long_are_not_told(login: Callable[..., str], ground: Ground) -> None:
    made = ground(login(lambda _: 0.06))
    assert guessing.timed(made) == "401 after the same time"
    answers = made.noted["answers"]
    assert isinstance(answers, list) and len(answers) == guessing.ROUNDS


@pytest.mark.parametrize(
    ("some", "others", "is_so"),
    [
        ((0.005, 0.006, 0.007), (0.1, 0.11, 0.1), True),
        ((0.005, 0.006, 0.9), (0.1, 0.11, 0.1), True),
        ((0.1, 0.3, 0.2), (0.9, 0.15, 0.5), False),  # a busy machine
        ((0.001, 0.002, 0.001), (0.01, 0.02, 0.01), False),  # nothing is hashed at all
    ],
)
def test_what_counts_as_quicker(
    some: tuple[float, ...], others: tuple[float, ...], *, is_so: bool
) -> None:
    assert guessing.quicker(some, others) == is_so
