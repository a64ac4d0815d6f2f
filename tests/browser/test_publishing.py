"""Alice's story: what does not run is not published, and a new revision breaks nobody."""

import json

from live import CELL_TIMEOUT, Live
from seats import SLIDER, Seats, move

BROKEN = {
    "a name that is not there": ("print(undefined)", "cell 2", "NameError"),
    "a package that is not there": ("import no_such_package", "cell 2", "ModuleNotFoundError"),
    "a file that was not sent": ("open('absent.csv')", "cell 2", "FileNotFoundError"),
    "a syntax error": ("for", "cell 2", "SyntaxError"),
    "a division": ("1 / 0", "cell 2", "ZeroDivisionError"),
    "an assertion": ("assert not 1", "cell 2", "AssertionError"),
    "an exit": ("raise SystemExit(3)", "cell 2", "SystemExit"),
    "a magic that is not there": ("%nosuchmagic", "cell 2", "UsageError"),
    "a question to the author": ("input('name?')", "cell 2", "StdinNotImplementedError"),
    "a cell that never ends": ("while True: pass", "cell 2", f"{CELL_TIMEOUT} seconds"),
    "a kernel that dies": ("import os; os._exit(1)", "cell 2", "died"),
    "a variable of the author's shell": ("import os; os.environ['MY_KEY']", "cell 2", "KeyError"),
}


def test_nothing_broken_reaches_viewers(live: Live, seats: Seats) -> None:
    live.deploy("steady", SLIDER, ("markdown", "the good one"))
    watching = seats.new()
    watching.open("steady", "text=the good one")
    for moves, (reason, (source, *words)) in enumerate(BROKEN.items(), start=1):
        said = live.deploy("steady", SLIDER, source, code=1)
        for word in words:
            assert word in said, (reason, said)
        assert source in said and "viewers still see revision 1" in said, (reason, said)
        move(watching)
        watching.page.wait_for_selector(f"text=size is {3 + moves}")
    late = seats.new()
    late.open("steady", "text=the good one")
    history = json.loads(live.dashops("revisions", "steady", "--json"))["revisions"]
    assert [each["state"] for each in history] == ["failed"] * 10 + ["active"]


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
