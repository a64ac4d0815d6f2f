"""What takes minutes: many viewers at once, and kills in the middle of things."""

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable

import httpx
import pytest
from live import Live, notebook, until
from seats import SLIDER, Seats, move


def test_ten_viewers_move_sliders_through_redeploys_and_a_rollback(
    live: Live, seats: Seats
) -> None:
    live.deploy("busy", SLIDER, ("markdown", "edition 1"))
    watching = [seats.new() for _ in range(10)]
    failed: list[str] = []
    for seat in watching:
        seat.page.on("requestfailed", lambda request: failed.append(request.url))
        seat.open("busy")
    steps: list[Callable[[], object]] = [
        lambda: live.deploy("busy", SLIDER, ("markdown", "edition 2")),
        lambda: live.deploy("busy", SLIDER, ("markdown", "edition 3")),
        lambda: live.dashops("rollback", "busy"),
    ]
    for moved, step in enumerate(steps, start=1):
        step()
        for seat in watching:
            move(seat)
            seat.page.wait_for_selector(f"text=size is {3 + moved}")
    assert failed == []
    assert {each["revision"] for each in live.viewers("busy")} == {1}


@pytest.mark.parametrize("seconds", [0.0, 0.2, 0.6, 1.2, 2.0])
@pytest.mark.parametrize("slot", ["dashboard", "gateway"])
def test_a_kill_in_the_middle_of_a_deploy_leaves_the_old_or_the_new(
    live: Live, slot: str, seconds: float
) -> None:
    name = f"killed-{slot}"
    live.deploy(name, "print('old')")
    before = live.api("GET", f"/_api/notebooks/{name}").json()["digest"]
    book = json.dumps(notebook(f"import time; time.sleep(1.5); print({time.time()})")).encode()

    def deploy() -> None:
        with contextlib.suppress(httpx.HTTPError):
            live.api("POST", f"/_api/notebooks/{name}", files={"file": ("x", book)})

    pid = live.pid(slot)
    deploying = threading.Thread(target=deploy)
    deploying.start()
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    deploying.join(timeout=60)
    url = f"{live.url}/readyz"
    until(lambda: _answers(url), "the stack to be ready again")
    shown = live.api("GET", f"/_api/notebooks/{name}").json()["digest"]
    again = live.api("POST", f"/_api/notebooks/{name}", files={"file": ("x", book)})
    assert again.status_code == 200, again.text
    assert shown in (before, again.json()["digest"])


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.HTTPError:
        return False
