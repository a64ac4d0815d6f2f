"""What a viewer reads when the connection is lost, and when a kernel is freed."""

import os
import signal
from collections.abc import Iterator

import pytest
from live import UNSEEN, Live, running, until
from playwright.sync_api import Browser
from seats import SLIDER, Seat, Seats, move


def test_closing_the_tab_frees_the_kernel(live: Live, seats: Seats) -> None:
    live.deploy("closing", SLIDER)
    seat = seats.new()
    seat.open("closing")
    before = set(live.kernels())
    seat.page.close(run_before_unload=True)
    until(lambda: not live.viewers("closing"), "the viewer to be gone")
    until(lambda: len(live.kernels()) < len(before), "the gateway to end the kernel")


def test_a_browser_that_vanishes_frees_the_kernel_after_the_grace(live: Live, seat: Seat) -> None:
    live.deploy("vanishing", SLIDER)
    seat.open("vanishing")
    seat.page.route("**/shutdown/**", lambda route: route.abort())
    seat.context.close()
    until(lambda: not live.viewers("vanishing"), "the grace to pass")


def test_leaving_while_the_page_is_rendered_frees_the_kernel(live: Live, seat: Seat) -> None:
    live.deploy("slow", "import time; time.sleep(5)", kernel="fresh")
    seat.page.goto(f"{live.url}/dashboards/slow/", wait_until="commit")
    until(lambda: live.viewers("slow"), "the visit to begin")
    seat.page.goto(live.url)
    until(lambda: not live.viewers("slow"), "the visit to end", seconds=4)


@pytest.fixture
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A stack that ends what nobody uses for eight seconds."""
    changes = {"dashboard": UNSEEN | {"idle_timeout": 8}}
    with running(tmp_path_factory.mktemp("impatient"), changes) as stack:
        yield stack


def test_an_idle_page_is_told_why_it_ended(impatient: Live, browser: Browser) -> None:
    impatient.deploy("idle", SLIDER)
    seat = Seats(impatient, browser).new()
    page = seat.open("idle")
    page.wait_for_selector("text=was not used for a while")
    assert impatient.viewers("idle") == []
    page.click("text=Start again")
    page.wait_for_selector("text=size is 3")


def test_a_gateway_that_dies_is_said_and_the_page_comes_back(live: Live, seat: Seat) -> None:
    live.deploy("surviving", SLIDER)
    page = seat.open("surviving")
    move(seat)
    page.wait_for_selector("text=size is 4")
    os.kill(live.pid("gateway"), signal.SIGKILL)
    page.wait_for_selector("text=onnection")
    page.wait_for_selector("text=size is 3")
    move(seat)
    page.wait_for_selector("text=size is 4")


def test_a_dashboard_server_that_dies_comes_back_with_its_dashboards(
    live: Live, seat: Seat
) -> None:
    live.deploy("lasting", SLIDER)
    page = seat.open("lasting")
    move(seat)
    page.wait_for_selector("text=size is 4")
    os.kill(live.pid("dashboard"), signal.SIGKILL)
    page.wait_for_selector("text=onnection")
    page.wait_for_selector("text=size is 3")
    move(seat)
    page.wait_for_selector("text=size is 4")
    until(lambda: len(live.viewers("lasting")) == 1, "only the new visit to be left")
    until(lambda: len(live.kernels()) == 1, "the old kernel to be gone")


def test_dashboards_outlive_the_supervisor(live: Live, seat: Seat) -> None:
    live.deploy("orphaned", SLIDER)
    pidfile = live.folder / ".dashops" / "run" / "supervisor.pid"
    os.kill(int(pidfile.read_text()), signal.SIGKILL)
    try:
        page = seat.open("orphaned")
        move(seat)
        page.wait_for_selector("text=size is 4")
    finally:
        live.dashops("up", "-y")
    assert all(slot["state"] == "healthy" for slot in live.slots())
