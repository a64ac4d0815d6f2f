"""What a browser keeps of a dashboard: its scripts, so that it opens in a blink the next time."""

from live import Live
from seats import SLIDER, Seat

FETCHED = """
() => performance.getEntriesByType('resource')
  .filter((each) => each.name.includes('/voila/'))
  .map((each) => each.transferSize)
"""


def test_a_dashboard_that_was_open_before_fetches_no_script(live: Live, seat: Seat) -> None:
    live.deploy("kept", SLIDER)
    first = seat.open("kept").evaluate(FETCHED)
    again = seat.open("kept").evaluate(FETCHED)
    assert len(first) > 50 and min(first) > 0
    assert len(again) > 50 and max(again) == 0


def test_a_login_is_made_at_one_name_of_this_machine(live: Live, seat: Seat) -> None:
    """Dashboards are below the other one."""
    page = seat.page
    page.goto(f"http://localhost:{live.ports['dashboard']}/?a=1")
    assert page.url == f"{live.url}/?a=1"
    page.wait_for_selector("text=Log out")
