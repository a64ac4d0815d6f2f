"""What a browser keeps of a dashboard: its scripts, so that it opens in a blink the next time."""

from live import Live
from playwright.sync_api import Request
from seats import SLIDER, Seat


def test_a_dashboard_that_was_open_before_fetches_no_script(live: Live, seat: Seat) -> None:
    live.deploy("kept", SLIDER)
    seat.open("kept")
    fetched: list[Request] = []
    seat.page.on("requestfinished", lambda request: fetched.append(request))
    page = seat.open("kept")
    page.wait_for_selector("text=size is 3")
    kinds = [(each.resource_type, each.sizes()["responseBodySize"]) for each in fetched]
    assert len([kind for kind, _ in kinds if kind in ("script", "stylesheet")]) > 10
    assert [kind for kind, size in kinds if size and kind in ("script", "stylesheet", "font")] == []


def test_a_login_is_made_at_one_name_of_this_machine(live: Live, seat: Seat) -> None:
    """Dashboards are below the other one."""
    page = seat.page
    page.goto(f"http://localhost:{live.ports['dashboard']}/?a=1")
    assert page.url == f"{live.url}/?a=1"
    page.wait_for_selector("text=Log out")
