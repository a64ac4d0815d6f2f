"""Snapshots through the day: many viewers come and go, and processes are killed under them."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import psutil
import pytest
from conversing import Conversation, conversation
from live import Live, running, until

CYCLES, AT_ONCE, VIEWERS = 200, 20, 20
MEMORY = 15 * 2**20  # bytes that caches may grow; a leak of one page a visit would be more
SQUARE = """
import ipywidgets
data = bytearray(20_000_000)
slider, label = ipywidgets.IntSlider(value=3), ipywidgets.Label(value="9")
hold = []
def moved(change):
    label.value = str(change.new ** 2)
    if change.new > 50:
        hold.append(bytearray(100_000_000))
slider.observe(moved, "value")
ipywidgets.VBox([slider, label])
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    changes = {
        "dashboard": {"max_viewers": 60, "viewers_per_user": 60, "idle_timeout": 600},
        "gateway": {"kernel_memory": "600 MiB", "max_kernels": 80},
    }
    with running(tmp_path_factory.mktemp("stack"), changes) as stack:
        yield stack


def gateway(live: Live) -> psutil.Process:
    return psutil.Process(live.pid("gateway"))


def snapshots(live: Live) -> list[dict[str, object]]:
    answer = httpx.get(
        f"http://127.0.0.1:{live.ports['gateway']}/api/dashops/snapshots",
        headers={"Authorization": f"token {live.secret('gateway-token')}"},
    )
    return list(answer.json())


def snapshot(live: Live) -> psutil.Process:
    """The process of the one snapshot there is: it has the forks."""
    (listed,) = until(lambda: snapshots(live), "there is a snapshot", seconds=60)
    for child in gateway(live).children():
        if listed["id"] in " ".join(child.cmdline()):
            return child
    raise AssertionError("the gateway has no such child")


def square(page: Conversation, number: int) -> str:
    """What the label shows when the slider is moved."""
    model = next(each for each, found in page.models.items() if "min" in found["state"])
    answers = page.move(model, {"value": number})
    values = [
        each["data"]["state"]["value"]
        for kind, each in answers
        if kind == "comm_msg" and isinstance(each["data"].get("state", {}).get("value"), str)
    ]
    return values[-1] if values else ""


def counts(watched: list[psutil.Process]) -> tuple[int, int, int]:
    """Processes, open files, and bytes of their own of servers and snapshot."""
    children = watched[0].children(recursive=True)
    own = sum(each.memory_full_info().uss for each in watched)
    return len(children), sum(len(files(each)) for each in watched), own


def files(process: psutil.Process) -> list[str]:
    """What it has open, but for the database: its pool grows to a few connections by luck."""
    held = Path(f"/proc/{process.pid}/fd")
    found = [each.readlink().as_posix() for each in held.iterdir() if each.is_symlink()]
    return [each for each in found if "/store/store.db" not in each]


def test_two_hundred_cycles_leave_nothing_behind(live: Live, tell: Callable[[str], None]) -> None:
    live.deploy("square", SQUARE)

    def cycle(number: int) -> None:
        viewer, to = live.viewer(), 4 + number % 40
        with closing(viewer.http), conversation(viewer, "square") as page:
            assert square(page, to) == str(to**2)

    def cycles(number: int) -> tuple[int, int, int]:
        with ThreadPoolExecutor(AT_ONCE) as people:
            list(people.map(cycle, range(number)))
        until(lambda: live.kernels() == [], "all kernels end", seconds=60)
        until(lambda: not snapshot(live).children(), "all forks end")
        return counts(watched)

    watched = [gateway(live), psutil.Process(live.pid("dashboard")), snapshot(live)]
    cycles(2 * AT_ONCE)  # fills caches
    before = cycles(AT_ONCE)
    after = cycles(CYCLES)

    def settled() -> bool:
        # Connections of this test itself are closed a moment after it has hung up.
        nonlocal after
        after = counts(watched)
        return after[0] <= before[0] and after[1] <= before[1]

    with contextlib.suppress(AssertionError):
        until(settled, "as many processes and files as before")
    tell(
        f"{CYCLES} visits, {AT_ONCE} at a time: processes {before[0]} -> {after[0]}, "
        f"files {before[1]} -> {after[1]}, memory {before[2] >> 20} -> {after[2] >> 20} MB"
    )
    assert after[0] <= before[0]
    assert after[1] <= before[1]
    assert after[2] - before[2] < MEMORY


def test_a_snapshot_that_dies_is_made_again_and_viewers_do_not_notice(live: Live) -> None:
    live.deploy("square", SQUARE)
    with conversation(live.viewer(), "square") as page:
        old = snapshot(live)
        old.kill()
        assert square(page, 4) == "16"
        # Who comes now gets a page all the same.
        with conversation(live.viewer(), "square") as other:
            assert square(other, 5) == "25"
        until(lambda: snapshot(live).pid != old.pid, "it is made again", seconds=60)
        assert square(page, 6) == "36"
    with conversation(live.viewer(), "square") as forked:
        assert square(forked, 7) == "49"
        assert snapshot(live).children(), "this one is a fork"


def test_a_fork_that_takes_too_much_ends_alone(live: Live) -> None:
    live.deploy("square", SQUARE)
    with (
        conversation(live.viewer(), "square") as greedy,
        conversation(live.viewer(), "square") as page,
    ):
        for number in range(60, 80):
            greedy_died = square(greedy, number) == ""
            assert square(page, number - 50) == str((number - 50) ** 2)
            if greedy_died:
                break
        before = snapshot(live).pid
        assert square(page, 3) in ("9", "")
        assert snapshot(live).pid == before


def test_a_gateway_that_is_killed_leaves_nothing_and_comes_back(live: Live) -> None:
    live.deploy("square", SQUARE)
    bob = live.viewer()
    pages = [Conversation(bob, "square") for _ in range(VIEWERS)]
    assert len(snapshot(live).children()) == VIEWERS
    processes = gateway(live).children(recursive=True)
    os.kill(live.pid("gateway"), signal.SIGKILL)
    until(lambda: not any(alive(each) for each in processes), "nothing is left of it")
    for page in pages:
        page.close()
    ready = f"{live.url}/readyz"
    until(lambda: httpx.get(ready).status_code == 200, "there is a gateway again", seconds=60)
    with conversation(live.viewer(), "square") as fresh:
        assert square(fresh, 5) == "25"
    until(lambda: snapshots(live), "there is a snapshot again", seconds=60)
    with conversation(live.viewer(), "square") as forked:
        assert square(forked, 6) == "36"
        assert snapshot(live).children()


def alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
