"""When a gateway says that there is no memory for another kernel."""

import pytest

from dashops.services.gateway import headroom
from dashops.services.gateway.headroom import FORK, FRESH, Full, Kind

MB = 2**20
OLD, NEW = Kind("a" * 64, fork=False), Kind("b" * 64, fork=False)
FORKED = Kind("a" * 64, fork=True)


class World:
    """So many bytes free, and time that passes when told."""

    def __init__(self, free, reserve=100 * MB):
        self.free, self.now = free, 0.0
        self.room = headroom.Headroom(reserve, lambda: self.free, lambda: self.now)

    def measured(self, kind, *taken):
        for number, each in enumerate(taken):
            self.room.learn(kind, f"k{number}", each)


def test_the_reserve_stays_free():
    world = World(100 * MB + FRESH)
    claim = world.room.claim(NEW)
    world.room.release(claim)
    world.free -= 1
    with pytest.raises(Full, match=r"takes about 105 MB, and of 210 MB that are free 105 MB stay"):
        world.room.claim(NEW)


def test_a_kernel_takes_what_those_of_its_revision_and_kind_took():
    world = World(600 * MB)
    world.measured(OLD, 500 * MB, 510 * MB, 490 * MB)
    world.room.claim(OLD)
    world = World(600 * MB)
    world.measured(OLD, 500 * MB, 510 * MB, 520 * MB)
    with pytest.raises(Full):
        world.room.claim(OLD)
    world.room.claim(FORKED)
    world.room.claim(NEW)


def test_the_latest_ones_count_and_a_single_large_one_does_not():
    world = World(0)
    world.measured(OLD, *[900 * MB] * 3, *[50 * MB] * 6)
    assert world.room.expected(OLD) == 50 * MB
    for number in range(20):
        world.room.learn(OLD, f"new{number}", 70 * MB)
    assert world.room.expected(OLD) == 70 * MB
    world.room.learn(OLD, "new19", 80 * MB)
    assert world.room.expected(OLD) == 70 * MB, "one kernel counts once"


def test_what_young_kernels_will_still_take_is_not_free():
    world = World(100 * MB + 5 * FORK)
    claims = [world.room.claim(FORKED) for _ in range(5)]
    with pytest.raises(Full, match="are for kernels that have just started"):
        world.room.claim(FORKED)
    claims[0].kernel = "k"
    world.room.took("k", FORK)  # it has it by now, and so it is not free any more
    world.free -= FORK
    with pytest.raises(Full):
        world.room.claim(FORKED)
    world.now += headroom.YOUNG
    world.room.claim(FORKED)


def test_a_kernel_that_did_not_start_or_ended_takes_nothing():
    world = World(100 * MB + FORK)
    failed = world.room.claim(FORKED)
    world.room.release(failed)
    ended = world.room.claim(FORKED)
    ended.kernel = "k"
    world.room.ended("k")
    world.room.claim(FORKED)


def test_where_nothing_runs_waiting_would_not_help_so_the_least_is_enough():
    world = World(100 * MB + FRESH)
    world.measured(OLD, 900 * MB)
    with pytest.raises(Full):
        world.room.claim(OLD)
    world.room.claim(OLD, alone=True)
    with pytest.raises(Full):
        world.room.claim(OLD, alone=True)


def test_what_is_remembered_has_an_end():
    world = World(0)
    for number in range(headroom.REMEMBERED + 10):
        world.room.learn(Kind(f"{number}", fork=False), "k", MB)
    assert world.room.expected(Kind("0", fork=False)) == FRESH
    assert world.room.expected(Kind("99", fork=False)) == MB
