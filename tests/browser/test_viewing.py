"""Bob's story: he logs in, uses a dashboard, and sees nothing of how it is made."""

import pytest
from live import Live, until
from playwright.sync_api import Response
from seats import MARK, SLIDER, Seat, Seats, later, move


@pytest.fixture(scope="module")
def slider(live: Live) -> str:
    live.deploy("slider", ("markdown", "# Sizes"), SLIDER)
    return "slider"


def test_a_dashboard_needs_a_login(live: Live, seats: Seats, slider: str) -> None:
    seat = seats.visitor()
    seat.page.goto(f"{live.url}/dashboards/{slider}/")
    seat.page.fill("[name=username]", "viewer")
    seat.page.fill("[name=password]", "wrong")
    seat.page.click("button")
    seat.page.wait_for_selector("text=do not match")
    assert live.viewers(slider) == []
    seat.page.fill("[name=username]", "viewer")
    seat.page.fill("[name=password]", live.secret("viewer-password"))
    seat.page.click("button")
    seat.page.wait_for_selector(".jupyter-widgets")
    assert seat.page.title() == "Sizes"


def test_the_gallery_leads_to_a_dashboard_and_logging_out_ends_it(
    live: Live, seat: Seat, slider: str
) -> None:
    seat.page.click("text=Sizes")
    seat.page.wait_for_selector(".jupyter-widgets")
    seat.page.click("#dashops-bar a")
    seat.page.click("text=Log out")
    seat.page.wait_for_selector("[name=password]")
    seat.page.goto(f"{live.url}/dashboards/{slider}/")
    seat.page.wait_for_selector("[name=password]")


def test_a_slider_reaches_the_kernel_and_back(seat: Seat, slider: str) -> None:
    page = seat.open(slider)
    move(seat)
    page.wait_for_selector("text=size is 4")
    assert seat.outside == []


def test_two_viewers_do_not_see_each_others_state(seats: Seats, slider: str) -> None:
    first, second = seats.new(), seats.new()
    first.open(slider), second.open(slider)
    move(first)
    first.page.wait_for_selector("text=size is 4")
    move(second), move(second)
    second.page.wait_for_selector("text=size is 5")
    assert "size is 4" in first.page.inner_text("#rendered_cells")


def test_two_tabs_of_one_viewer_have_a_kernel_each(live: Live, seat: Seat, slider: str) -> None:
    until(lambda: live.viewers(slider) == [], "the places of earlier tests to be free")
    seat.open(slider)
    other = seat.context.new_page()
    other.goto(f"{live.url}/dashboards/{slider}/")
    other.wait_for_selector(".jupyter-widgets")
    assert len(live.viewers(slider)) == 2


LEAKY = f"""
# {MARK}
{later("pass")}
import sys, warnings
print("{MARK[:3]}" + "{MARK[3:]}", file=sys.stderr)
warnings.warn("{MARK}")
output = widgets.Output()
def fail(_):
    raise ValueError("{MARK}")
def fail_inside(_):
    with output:
        value = 1 / 0  # {MARK}
with output:
    try:
        value = 1 / (len(seen) < 2)  # {MARK}
    except ZeroDivisionError:
        get_ipython().showtraceback()
buttons = [widgets.Button(description="One"), widgets.Button(description="Two")]
buttons[0].on_click(fail), buttons[1].on_click(fail_inside)
widgets.HBox([*buttons, output])
"""


def test_nothing_of_the_source_reaches_the_browser(live: Live, seat: Seat) -> None:
    live.deploy("secretive", ("markdown", "# Secretive"), SLIDER, LEAKY, kernel="fresh")
    answers: list[Response] = []
    seat.page.wait_for_load_state("networkidle")  # what the gallery still loads is not asked for
    seat.page.on("response", lambda response: answers.append(response))
    page = seat.open("secretive")
    move(seat)
    page.wait_for_selector("text=size is 4")
    page.click("text=One")
    page.click("text=Two")
    page.wait_for_selector("text=An error occurred in this dashboard")
    assert len(seat.frames) > 10
    assert not [frame for frame in seat.frames if MARK in frame]
    assert MARK not in page.content()
    own = [each for each in answers if "/voila/" not in each.url and each.ok]
    assert [each for each in own if "/c/" in each.url]
    for each in own:
        assert MARK not in each.text(), each.url


def test_a_redeploy_shows_the_new_notebook_to_new_visits_only(live: Live, seats: Seats) -> None:
    live.deploy("changing", SLIDER, ("markdown", "first edition"))
    early = seats.new()
    early.open("changing")
    live.deploy("changing", SLIDER, ("markdown", "second edition"))
    late = seats.new()
    late.open("changing", "text=second edition")
    move(early)
    early.page.wait_for_selector("text=size is 4")
    assert "first edition" in early.page.inner_text("#rendered_cells")


def test_the_plain_page_has_no_bar(live: Live, seat: Seat, slider: str) -> None:
    seat.open(slider)
    assert seat.page.locator("#dashops-bar").count() == 1
    seat.page.goto(f"{live.url}/dashboards-plain/{slider}")
    seat.page.wait_for_selector(".jupyter-widgets")
    assert seat.page.locator("#dashops-bar").count() == 0
