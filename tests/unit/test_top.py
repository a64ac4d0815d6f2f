"""What `dashops top` shows on terminals of any width, and how it ends."""

import io
import json
import re
import sys
from collections.abc import Callable

import httpx
import pytest

from dashops import client, errors, publish, view
from dashops.secrets import Secret
from dashops.view import top

SALES = client.usage.Dashboard(
    name="sales", revision=3, mode="snapshot", viewers=12, waiting=3, kernels=12,
    own=96_000_000, own_each=8_000_000, shared=140_000_000,
    fork=0.012, open_p50=0.043, open_p95=1.26,
)  # fmt: skip
DRAFT = client.usage.Dashboard("draft", None, "", 0, 0, 0, 0, None, 0, None, None, None)
GATEWAY = client.usage.Gateway(
    "http://127.0.0.1:8868",
    reachable=True,
    kernels=12,
    available=3_100_000_000,
    limit=8_000_000_000,
)
GONE = client.usage.Gateway(
    "http://127.0.0.1:8869", reachable=False, kernels=None, available=None, limit=None
)
TABLE = """\
DASHBOARD  REV  MODE      VIEWERS  WAITING  KERNELS  OWN    EACH    SHARED  FORK   OPEN   P95
sales      3    snapshot  12       3        12       96 MB  8.0 MB  140 MB  12 ms  43 ms  1.3 s
draft      -    -         0        0        0        0 B    -       0 B     -      -      -"""


def shown(*dashboards: client.usage.Dashboard) -> publish.Top:
    usage = client.usage.Usage(12, 3, dashboards or (DRAFT, SALES), (GATEWAY, GONE))
    return publish.Top("http://127.0.0.1:8866", usage)


def test_all_of_it_where_there_is_room() -> None:
    assert top.lines(shown(), None) == [
        "12 viewers, 3 waiting at http://127.0.0.1:8866",
        "http://127.0.0.1:8868: 12 kernels, 3.1 GB of 8.0 GB free",
        "http://127.0.0.1:8869: does not answer",
        "",
        *TABLE.splitlines(),
    ]


@pytest.mark.parametrize("width", [30, 50, 80, 100, 200])
def test_no_line_is_longer_than_the_terminal_is_wide(width: int) -> None:
    drawn = top.lines(shown(), width)
    assert max(map(len, drawn)) < width
    assert any("sales" in line and re.search(r"\b12\b", line) for line in drawn)


def test_no_more_lines_than_the_terminal_has_the_busiest_first() -> None:
    drawn = top.lines(shown(*[DRAFT] * 30, SALES), 80, 10)
    assert len(drawn) == 10
    assert drawn[5].startswith("sales")
    assert drawn[-1] == "and 27 more"


def test_a_server_without_dashboards_says_so() -> None:
    usage = client.usage.Usage(0, 0, (), (GATEWAY,))
    assert top.lines(publish.Top("http://s", usage), 80)[-1] == "no dashboards"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """What stdout is from now on; not a fixture, as pytest puts back its own before a test."""
    found = Terminal()
    monkeypatch.setattr(sys, "stdout", found)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", "20")
    return found


def looks(*found: publish.Top | BaseException) -> Callable[[], publish.Top]:
    left = list(found)

    def look() -> publish.Top:
        one = left.pop(0)
        if isinstance(one, BaseException):
            raise one
        return one

    return look


def test_it_is_drawn_anew_in_place_until_ctrl_c_and_stays_to_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = terminal(monkeypatch)
    view.watch(
        looks(shown(DRAFT), errors.ToolError("no server answers"), shown(), KeyboardInterrupt()),
        0.001,
    )
    drawn, end = screen.getvalue().split(top.LEAVE)
    before, first, second, third = drawn.split(top.HOME)
    assert before == top.ENTER
    assert "draft" in first and "Ctrl-C ends" in first
    assert "draft" in second and "no server answers" in second
    assert "sales" in third and "no server answers" not in third
    assert "sales" in end and "\x1b" not in end


def test_a_server_that_never_answered_is_an_error_and_not_a_screen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = terminal(monkeypatch)
    with pytest.raises(errors.ToolError):
        view.watch(looks(errors.ToolError("no server answers")), 1)
    assert screen.getvalue() == ""


def test_nobody_looks_at_a_pipe_or_a_dumb_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal(monkeypatch)
    assert view.watched()
    monkeypatch.setenv("TERM", "dumb")
    assert not view.watched()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert not view.watched()


def test_programs_get_bytes_and_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    view.as_json(shown())
    found = json.loads(capsys.readouterr().out)
    assert (found["server"], found["viewers"]) == ("http://127.0.0.1:8866", 12)
    assert found["dashboards"][1]["own_each"] == 8_000_000
    assert found["gateways"][1]["available"] is None


def test_what_the_server_says_is_checked() -> None:
    def server(body: object) -> client.Server:
        answer = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
        return client.Server("http://127.0.0.1:8866", Secret("token"), answer)

    body = {"viewers": 0, "waiting": 0, "dashboards": [], "gateways": [vars(GATEWAY)]}
    assert server(body).usage().gateways == (GATEWAY,)
    with pytest.raises(errors.ToolError, match="not a dashops dashboard server"):
        server(body | {"viewers": "many"}).usage()
