"""The page of somebody who waits for a place, in a browser."""

from collections.abc import Iterator

import pytest
from live import UNSEEN, Live, running
from seats import SLIDER, Seat, Seats

PLACE = "#place >> text="


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    changes = {"dashboard": UNSEEN | {"max_viewers": 1}}
    with running(tmp_path_factory.mktemp("stack"), changes) as stack:
        stack.deploy("narrow", SLIDER)
        yield stack


def test_the_page_counts_down_and_opens_the_dashboard_by_itself(seats: Seats) -> None:
    ann, bob, cleo = seats.new(), seats.new(), seats.new()
    ann.open("narrow")
    bob.open("narrow", f"{PLACE}You are next")
    cleo.open("narrow", f"{PLACE}You are number 2 in the queue")
    cleo.page.reload()
    cleo.page.wait_for_selector(f"{PLACE}You are number 2 in the queue")
    assert cleo.page.title() == "Number 2 · narrow"
    cleo.page.evaluate("window.same = true")

    leave(ann)
    bob.page.wait_for_selector(".jupyter-widgets")
    cleo.page.wait_for_selector(f"{PLACE}You are next")
    assert cleo.page.title() == "Next · narrow"
    assert cleo.page.evaluate("window.same"), "the page was not loaded again to say so"

    leave(bob)
    cleo.page.wait_for_selector(".jupyter-widgets")
    leave(cleo)


def test_who_waits_without_scripts_gets_in_too(live: Live, seats: Seats) -> None:
    ann = seats.new()
    ann.open("narrow")
    bob = seats.new()
    plain = seats.browser.new_context(
        java_script_enabled=False, storage_state=bob.context.storage_state()
    )
    try:
        page = plain.new_page()
        page.goto(f"{live.url}/dashboards/narrow/")
        page.wait_for_selector(f"{PLACE}You are next")
        leave(ann)
        # Its kernel runs before its widgets, which need scripts.
        page.wait_for_selector("#rendered_cells", state="attached")
    finally:
        plain.close()


def leave(seat: Seat) -> None:
    """Close the tab, as somebody does who has seen enough."""
    seat.page.close(run_before_unload=True)
