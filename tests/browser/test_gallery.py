"""The gallery and public dashboards as a browser has them."""

from live import Live
from seats import SLIDER, Seats, move


def test_what_is_private_is_not_in_the_gallery(live: Live, seats: Seats) -> None:
    live.deploy("seen", SLIDER)
    live.deploy("unseen", SLIDER)
    live.dashops("share", "unseen", "--private")
    seat = seats.new()
    assert seat.page.locator("a[href='/dashboards/seen/']").count() == 1
    assert seat.page.locator("a[href='/dashboards/unseen/']").count() == 0
    answer = seat.page.goto(f"{live.url}/dashboards/unseen/")
    assert answer is not None and answer.status == 404
    live.dashops("share", "unseen", "--signed-in")
    seat.open("unseen", "text=size is 3")


def test_a_stranger_moves_the_slider_of_a_public_dashboard(live: Live, seats: Seats) -> None:
    live.deploy("everybodys", SLIDER)
    live.dashops("share", "everybodys", "--public")
    seat = seats.visitor()
    seat.open("everybodys", "text=size is 3")
    move(seat)
    seat.page.wait_for_selector("text=size is 4")
    live.dashops("share", "everybodys", "--private")
    seat.page.wait_for_selector("text=may not open this dashboard any more")
