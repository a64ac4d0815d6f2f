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

import commandline
import pytest
from crowd import Crowd, counts
from live import until
from playwright.sync_api import Browser
from recorder import Recorder
from stacks import Stack, runs

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
# At how many points of each an `up` is killed; another one is killed while it checks.
POINTS = {"turn": 5, "place": 5, "image": 4}
# All 15 take six minutes, which CI does not have: it takes each third.
EVERY = 3 if os.environ.get("CI") else 1
UNCHECKED = "dashboard:\n  check_first: false\n"
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
            self.kill()

    def kill(self) -> None:
        """End it as a machine does that is out of memory, without a word."""
        self._began.wait(10)
        assert self._process is not None
        if self._all:
            os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()

    def up(self, stack: Stack, engine: str) -> int:
        """The code of the `up`, which leads a group of its own."""
        self._process = stack.begin("up", "-y", engine=engine)
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
        self._file = self.stack.folder / "dashops.yaml"
        self._settings = self._file.read_text()
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

    def checks(self, wanted: bool) -> None:  # noqa: FBT001
        """Whether a dashboard server is checked with a browser, which takes longest of all."""
        text = self._settings.replace("dashboard:\n", UNCHECKED, 1)
        self._file.write_text(self._settings if wanted else text)

    def restore(self) -> None:
        """Take all edits back, and bring that up."""
        self.checks(wanted=False)
        room = self.stack.folder / "recipes" / "compose" / "insert"
        for name in (name for files in EDITS.values() for name in files):
            (room / name).unlink(missing_ok=True)
        self.stack.dashops("up", "-y")
        self.checks(wanted=True)

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
        return self.stack.log.read_text()


@pytest.fixture(scope="module")
def switch(
    tmp_path_factory: pytest.TempPathFactory,
    stack: Stack,
    counter: str,  # noqa: ARG001
    tell: Callable[[str], None],
) -> Iterator[Switch]:
    made = Switch(stack, tmp_path_factory.mktemp("x"))
    made.checks(wanted=False)
    yield made
    tell(f"`up` was killed at {len(made.deadly)} points: {', '.join(made.deadly)}")
    made.restore()
    made.recorder.close()


def said(stack: Stack, *words: str) -> str:
    """What a command printed that went well, without the time that its start takes."""
    done = commandline.run(stack.folder, *words, env={"DOCKER_HOST": stack.engine})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def history(stack: Stack) -> list[dict[str, Any]]:
    """All of it, but not which renders are kept: of those only the last ten are."""
    told = json.loads(said(stack, "history", "--lines", "1000", "--json"))
    return [each | {"kept": None} for each in told["entries"]]


def is_finished(stack: Stack, before: list[dict[str, Any]]) -> None:
    """By another `up`: there is nothing to do any more, and all is recorded."""
    stack.dashops("up", "-y")
    assert said(stack, "plan") == "nothing to do"
    after = history(stack)
    assert after[: len(before)] == before
    assert {each["result"] for each in after[len(before) :]} <= {"interrupted", "done"}
    assert {slot: len(stack.running(slot)) for slot in SLOTS} == dict.fromkeys(SLOTS, 1)


@pytest.mark.parametrize(
    ("what", "point"),
    [(what, point) for what, count in POINTS.items() for point in range(0, count, EVERY)],
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
    is_finished(stack, before)


def test_an_up_that_was_killed_while_it_checks_is_finished_by_the_next(
    stack: Stack, switch: Switch
) -> None:
    switch.checks(wanted=True)
    before = history(stack)
    switch.edit("turn")
    whole = Moments()
    going = threading.Thread(target=switch.up, args=(whole,))
    going.start()
    until(lambda: runs(f"dashops.trial {stack.folder}"), "the new server is checked", 120)
    whole.kill()
    going.join()
    switch.deadly.append("checks")
    is_finished(stack, before)


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
    assert said(stack, "plan") == "nothing to do"


def test_nothing_was_lost(stack: Stack, crowd: Crowd, counter: str) -> None:
    assert all(counts(page) for page in crowd.pages)
    assert counter in said(stack, "dashboards")
    said(stack, "audit", "--verify")
