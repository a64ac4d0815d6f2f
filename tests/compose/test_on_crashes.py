"""`up` is killed at points of a change, and each container while people use it; nothing is lost.

After the tests of hosts, which use the images of the stack as it was made; settings are put back.
"""

import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from crowd import Crowd, counts
from live import until
from playwright.sync_api import Browser
from recorder import Recorder
from stacks import DASHOPS, Stack

pytestmark = pytest.mark.compose
SLOTS = ("notebook", "gateway", "proxy", "dashboard")
VIEWERS = 3
# What an operator adds to the recipe or takes away: servers that take turns, one that is replaced
# in its place with a gateway that gets a number, and an image with the proxy that is made of it.
EDITS = {
    "turn": {"environment_dashboard.yaml": "- EDITION=2\n"},
    "place": {
        "environment_gateway.yaml": "- EDITION=2\n",
        "environment_notebook.yaml": "- EDITION=2\n",
    },
    "image": {"proxy.Dockerfile": "LABEL edition=2\n"},
}
# At how many points of each an `up` is killed.
POINTS = {"turn": 6, "place": 5, "image": 4}
IDENT = re.compile(r"[0-9a-f]{12,64}")


class Moments:
    """What one `up` asked the engine for, without what is asked again while it waits.

    It is killed at the moment of that number, counted from 1; with 0 it is not. With `all` what
    it started is killed too, as when a session ends; otherwise that lives on.
    """

    def __init__(self, deadly: int = 0, *, all: bool = False) -> None:
        self.passed: list[str] = []
        self._deadly = deadly
        self._all = all
        self._looks: set[str] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._began = threading.Event()

    def hear(self, call: str) -> None:
        """A call on its way to the engine, which gets it even if `up` is killed at it."""
        if call.startswith(("GET ", "HEAD ")):
            look = IDENT.sub("", call)
            if look in self._looks:
                return
            self._looks.add(look)
        else:
            self._looks.clear()
        self.passed.append(call)
        if len(self.passed) == self._deadly:
            self._began.wait(10)
            assert self._process is not None
            if self._all:
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def up(self, stack: Stack, engine: str) -> int:
        """The code of the `up`, which leads a group of its own."""
        with (stack.folder / "up.log").open("wb") as said:
            self._process = subprocess.Popen(
                [DASHOPS, "up", "-y"],
                cwd=stack.folder,
                env={**os.environ, "DOCKER_HOST": engine},
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
            self._began.set()
            return self._process.wait(300)


@dataclass
class Switch:
    """Edits that go to and fro, with an ear at the engine."""

    stack: Stack
    sockets: Path
    deadly: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._moments = Moments()
        engine = Path(self.stack.engine.removeprefix("unix://"))
        self.recorder = Recorder(self.sockets / "s", engine, lambda call: self._moments.hear(call))
        self._totals: dict[str, int] = {}

    def edit(self, what: str) -> None:
        """Make an edit, or take it back."""
        room = self.stack.folder / "recipes" / "compose" / "insert"
        room.mkdir(parents=True, exist_ok=True)
        for name, text in EDITS[what].items():
            if (room / name).exists():
                (room / name).unlink()
            else:
                (room / name).write_text(text)

    def moments(self, what: str) -> int:
        """How many an `up` after that edit has that nobody kills."""
        if what not in self._totals:
            self.edit(what)
            whole = Moments()
            assert self.up(whole) == 0, self.said()
            self._totals[what] = len(whole.passed)
        return self._totals[what]

    def up(self, moments: Moments) -> int:
        """The code of an `up` with these moments."""
        self._moments = moments
        return moments.up(self.stack, self.recorder.address)

    def said(self) -> str:
        return (self.stack.folder / "up.log").read_text()


@pytest.fixture(scope="module")
def switch(
    tmp_path_factory: pytest.TempPathFactory,
    stack: Stack,
    counter: str,  # noqa: ARG001
    tell: Callable[[str], None],
) -> Iterator[Switch]:
    made = Switch(stack, tmp_path_factory.mktemp("x"))
    yield made
    tell(f"`up` was killed at {len(made.deadly)} points: {', '.join(made.deadly)}")
    for what, files in EDITS.items():
        if any((stack.folder / "recipes" / "compose" / "insert" / name).exists() for name in files):
            made.edit(what)
    stack.dashops("up", "-y")
    made.recorder.close()


def history(stack: Stack) -> list[dict[str, Any]]:
    return list(json.loads(stack.dashops("history", "--json"))["entries"])


@pytest.mark.parametrize(
    ("what", "point"), [(what, point) for what, count in POINTS.items() for point in range(count)]
)
def test_an_up_that_was_killed_is_finished_by_the_next(
    stack: Stack, switch: Switch, what: str, point: int
) -> None:
    total = switch.moments(what)
    before = history(stack)
    switch.edit(what)
    killed = Moments(round(total * (point + 0.5) / POINTS[what]), all=point % 2 == 1)
    code = switch.up(killed)
    assert code == -signal.SIGKILL, f"{len(killed.passed)} of {total} moments: {switch.said()}"
    switch.deadly.append(re.sub(r"\?.*|/v[\d.]+", "", IDENT.sub("ID", killed.passed[-1])))
    stack.dashops("up", "-y")
    assert stack.dashops("plan").strip() == "nothing to do"
    after = history(stack)
    assert [each["number"] for each in after[: len(before)]] == [each["number"] for each in before]
    assert {each["result"] for each in after[len(before) :]} <= {"interrupted", "done"}
    assert {slot: len(stack.running(slot)) for slot in SLOTS} == dict.fromkeys(SLOTS, 1)


@pytest.fixture(scope="module")
def crowd(switch: Switch, browser: Browser, counter: str) -> Iterator[Crowd]:
    """People who look after all that at what was deployed before it."""
    made = Crowd(switch.stack, browser, counter, VIEWERS)
    yield made
    made.close()


@pytest.mark.parametrize("slot", SLOTS)
def test_a_container_that_crashes_comes_back_and_so_do_its_pages(
    stack: Stack, crowd: Crowd, slot: str
) -> None:
    name = stack.container(slot)
    pid, began = stack.docker("inspect", "-f", "{{.State.Pid}} {{.State.StartedAt}}", name).split()
    for page in crowd.pages:
        page.click("button:has-text('Count')", no_wait_after=True)
    # Not by `docker kill`, after which the engine leaves it alone, as somebody asked for that.
    os.kill(int(pid), signal.SIGKILL)
    until(lambda: all([counts(page) for page in crowd.pages]), "every page counts clicks", 120)
    until(lambda: stack.slots()[slot]["state"] == "healthy", "it is healthy again", 90)
    assert stack.docker("inspect", "-f", "{{.State.StartedAt}}", name) != began
    assert stack.dashops("plan").strip() == "nothing to do"


def test_nothing_was_lost(stack: Stack, crowd: Crowd, counter: str) -> None:
    assert all(counts(page) for page in crowd.pages)
    assert counter in stack.dashops("dashboards")
    stack.dashops("audit", "--verify")
    assert "deployed" in stack.dashops("audit", "--lines", "500")
