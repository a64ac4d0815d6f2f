"""Alice's story: a new revision breaks nobody who is in the middle of something."""

from live import Live
from seats import SLIDER, Seats, move


def test_a_rollback_shows_the_old_to_new_visits_and_harms_no_open_page(
    live: Live, seats: Seats
) -> None:
    live.deploy("swinging", SLIDER, ("markdown", "first edition"))
    first = seats.new()
    first.open("swinging")
    live.deploy("swinging", SLIDER, ("markdown", "second edition"))
    second = seats.new()
    second.open("swinging", "text=second edition")
    live.dashops("rollback", "swinging")
    third = seats.new()
    third.open("swinging", "text=first edition")
    live.dashops("rollback", "swinging", "2")
    fourth = seats.new()
    fourth.open("swinging", "text=second edition")
    for seat in (first, second, third, fourth):
        move(seat)
        seat.page.wait_for_selector("text=size is 4")
