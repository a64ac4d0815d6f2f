"""Whoever guesses gets slower and slower; others do not."""

import pytest
from pretending import Clock

from dashops.services.dashboard.identity import throttle

HOME, ELSEWHERE = "10.0.0.1", "10.9.9.9"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def slow(clock):
    return throttle.Throttle(clock)


def guess(slow, clock, account, address, seconds):
    """How many wrong passwords somebody gets judged in that time, trying all the time."""
    judged, end = 0, clock.now + seconds
    while clock.now < end:
        if slow.ask(account, address):
            clock.now += 0.1
        else:
            judged += 1
    return judged


def test_a_few_typos_cost_nothing(slow):
    assert [slow.ask("alice", HOME) for _ in range(4)] == [0] * 4


def test_guesses_at_an_account_get_slower_and_go_on(slow, clock):
    waits = []
    for _ in range(15):
        waits.append(0)
        while wait := slow.ask("alice", HOME):
            waits[-1] = max(wait, waits[-1])
            clock.now += wait
    assert waits[:5] == [0] * 5
    assert waits[5:12] == [1, 2, 4, 8, 16, 32, 60]
    assert max(waits) == 60, "never for good"


def test_guessing_from_many_addresses_is_no_quicker(slow, clock):
    judged = sum(guess(slow, clock, "alice", f"10.1.0.{n}", 1) for n in range(200))
    assert judged < 15


def test_many_accounts_from_one_address_are_slowed_too(slow, clock):
    judged = sum(guess(slow, clock, f"user{n}", HOME, 1) for n in range(200))
    assert judged < 40


def test_attempts_at_once_do_not_all_pass(slow):
    assert sum(slow.ask("alice", HOME) == 0 for _ in range(100)) == throttle.ACCOUNT.free


def test_waiting_always_helps(slow, clock):
    guess(slow, clock, "alice", HOME, 300)
    wait = slow.ask("alice", HOME)
    for _ in range(50):
        slow.ask("alice", HOME)
    clock.now += wait
    assert slow.ask("alice", HOME) == 0


def test_a_person_at_home_does_not_notice_that_others_guess(slow, clock):
    slow.ask("alice", HOME)
    slow.right("alice", HOME)
    for _ in range(20):
        guess(slow, clock, "alice", ELSEWHERE, 30)
        assert slow.ask("alice", HOME) == 0
        slow.right("alice", HOME)
    assert slow.ask("alice", ELSEWHERE) > 0


def test_a_colleague_who_mistypes_does_not_slow_a_person_in_the_same_office(slow, clock):
    slow.ask("alice", HOME)
    slow.right("alice", HOME)
    guess(slow, clock, "bob", HOME, 600)
    assert slow.ask("alice", HOME) == 0


def test_somebody_at_home_may_not_guess_either(slow, clock):
    slow.ask("alice", HOME)
    slow.right("alice", HOME)
    assert guess(slow, clock, "alice", HOME, 300) < 20


def test_an_account_of_his_own_gives_nobody_more_guesses(slow, clock):
    judged = 0
    for _ in range(300):
        judged += guess(slow, clock, "alice", ELSEWHERE, 1)
        slow.ask("mallory", ELSEWHERE)
        slow.right("mallory", ELSEWHERE)
    assert judged < 25


def test_what_was_not_judged_does_not_count(slow):
    for _ in range(100):
        assert slow.ask("alice", HOME) == 0
        slow.forgive("alice", HOME)


def test_failures_are_forgotten(slow, clock):
    guess(slow, clock, "alice", HOME, 600)
    clock.now += throttle.FORGOTTEN + 61
    assert [slow.ask("alice", HOME) for _ in range(4)] == [0] * 4


def test_upper_case_is_no_other_account(slow):
    tried = ["alice", "Alice", "ALICE", " alice", "alice ", "aLICE"]
    assert [slow.ask(each, f"10.0.0.{n}") for n, each in enumerate(tried)][-1] > 0


def test_memory_is_bounded_whatever_names_are_sent(slow, monkeypatch):
    monkeypatch.setattr(throttle, "REMEMBERED", 100)
    for n in range(1000):
        slow.ask(f"{n}" * 1000, f"10.0.{n >> 8}.{n & 255}")
        slow.right(f"good{n}", f"10.1.{n >> 8}.{n & 255}")
    kept = (slow._accounts._found, slow._addresses._found, slow._good)
    assert [len(each) for each in kept] == [100, 100, 100]


def test_a_token_has_no_account_and_is_slowed_by_address(slow, clock):
    assert guess(slow, clock, "", HOME, 30) < throttle.ADDRESS.free + 7
    assert slow.ask("", ELSEWHERE) == 0
