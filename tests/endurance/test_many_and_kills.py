"""What takes minutes: many viewers at once, and kills in the middle of things."""

import contextlib
import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest
from live import Live, kernel_in, notebook, until
from playwright.sync_api import Request, Response
from seats import SLIDER, Seat, Seats, move

VIEWERS = 10
POINTS = 5 if os.environ.get("CI") else 10  # of a deploy, for each of the two servers


def test_ten_viewers_move_sliders_through_two_redeploys_and_a_rollback(
    live: Live, seats: Seats, tell: Callable[[str], None]
) -> None:
    live.deploy("busy", SLIDER, ("markdown", "edition 1"))
    watching = [seats.new() for _ in range(VIEWERS)]
    failed: list[str] = []
    for seat in watching:
        listen(seat, failed)
        seat.open("busy")
    kernels = {kernel_in(seat.page.content()) for seat in watching}
    steps: tuple[Callable[[], object], ...] = (
        lambda: live.deploy("busy", SLIDER, ("markdown", "edition 2")),
        lambda: live.deploy("busy", SLIDER, ("markdown", "edition 3")),
        lambda: live.dashops("rollback", "busy"),
    )
    rounds = 0
    for step in steps:
        going = threading.Thread(target=step)
        going.start()
        while True:
            # Asked before the round, so that one round begins after the step has ended.
            last = not going.is_alive()
            rounds += 1
            for seat in watching:
                move(seat)
            for seat in watching:
                seat.page.wait_for_selector(f"text=size is {3 + rounds}")
            if last:
                break
    lost = len(kernels - set(live.kernels()))
    tell(
        f"{VIEWERS} viewers, {VIEWERS * rounds} moves answered through 2 redeploys and 1 rollback: "
        f"{lost} kernels lost, {len(failed)} requests failed"
    )
    assert len(kernels) == VIEWERS
    assert lost == 0
    assert failed == []
    assert {each["revision"] for each in live.viewers("busy")} == {1}
    late = seats.new()
    late.open("busy", "text=edition 2")


def listen(seat: Seat, failed: list[str]) -> None:
    def refused(response: Response) -> None:
        if response.status >= 400:
            failed.append(f"{response.status} {response.url}")

    def broken(request: Request) -> None:
        failed.append(request.url)

    seat.page.on("response", refused)
    seat.page.on("requestfailed", broken)
    seat.page.on("websocket", lambda socket: socket.on("close", lambda _: failed.append("socket")))


@pytest.fixture(scope="module")
def taken(live: Live) -> float:
    """Seconds that a deploy takes when nobody is killed."""
    live.deploy("undisturbed", "print('warm')")
    began = time.monotonic()
    assert deploy(live, "undisturbed", "undisturbed").status_code == 200
    return time.monotonic() - began


@dataclass
class Kills:
    """In which phases they hit, and which revision was served afterwards."""

    phases: Counter[str] = field(default_factory=Counter)
    served: Counter[str] = field(default_factory=Counter)


@pytest.fixture(scope="module")
def kills() -> Kills:
    return Kills()


@pytest.mark.parametrize("point", range(POINTS))
@pytest.mark.parametrize("slot", ["dashboard", "gateway"])
def test_a_kill_in_the_middle_of_a_deploy_leaves_the_old_or_the_new(
    live: Live, slot: str, point: int, taken: float, kills: Kills
) -> None:
    name = f"killed-{slot}"
    old, new = f"{name} {point}", f"{name} {point + 1}"
    assert deploy(live, name, old).status_code in (200, 201)
    pid = live.pid(slot)
    deploying = threading.Thread(target=deploy, args=(live, name, new))
    deploying.start()
    # The point is the thing that is tested here, not what is waited for.
    time.sleep(taken * point / (POINTS - 1))
    phase = phase_of(live, name)
    os.kill(pid, signal.SIGKILL)
    deploying.join(timeout=60)
    until(lambda: restarted(live, pid), "the stack to be ready again")
    shown = live.viewer().open(name).html
    assert (old in shown) != (new in shown), shown
    kills.phases[phase] += 1
    kills.served["new" if new in shown else "old"] += 1
    again = deploy(live, name, new)
    assert again.status_code == 200, again.text
    assert new in live.viewer().open(name).html


def test_the_kills_were_spread_over_the_deploy(
    kills: Kills, taken: float, tell: Callable[[str], None]
) -> None:
    tell(
        f"{kills.phases.total()} kills over {taken:.1f} s of a deploy, in {dict(kills.phases)}; "
        f"afterwards the revision served was {dict(kills.served)}"
    )
    assert {"execute", "verify"} <= set(kills.phases)
    assert kills.served["old"] > 0


def phase_of(live: Live, name: str) -> str:
    known = live.api("GET", "/_api/deploys").json()["deploys"]
    mine = [each for each in known if each["name"] == name]
    return str(mine[0]["phase"] or mine[0]["state"]) if mine else "upload"


def deploy(live: Live, name: str, text: str) -> httpx.Response:
    """What the server answers; 599 when it was killed meanwhile."""
    book = json.dumps(notebook(f"import time; time.sleep(0.5); print({text!r})")).encode()
    with contextlib.suppress(httpx.HTTPError):
        return live.api("POST", f"/_api/notebooks/{name}", files={"file": ("x", book)})
    return httpx.Response(599)


def restarted(live: Live, pid: int) -> bool:
    slots = live.slots()
    if any(each["state"] != "healthy" or each["pid"] == pid for each in slots):
        return False
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{live.url}/readyz").status_code == 200
    return False
