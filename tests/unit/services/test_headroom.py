"""When a gateway says that there is no memory for another kernel."""

import asyncio
import os
from types import SimpleNamespace

import pytest

from dashops.services.gateway import headroom, memory, usage
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


class Kernels:
    """A manager whose kernels are this process."""

    def __init__(self, **revisions):
        self.kernels = {each: kernel(revision) for each, revision in revisions.items()}
        self.snapshots = SimpleNamespace(all=dict)

    number = property(lambda self: len(self.kernels))

    def __contains__(self, kernel_id):
        return kernel_id in self.kernels

    def get_kernel(self, kernel_id):
        return self.kernels[kernel_id]

    def list_kernel_ids(self):
        return list(self.kernels)


def kernel(revision):
    process = SimpleNamespace(pid=os.getpid(), has_process=True)
    return SimpleNamespace(revision=revision, fork_of=None, started=0.0, provisioner=process)


HUGE = 2**60


def test_a_gateway_has_no_room_when_its_reserve_is_more_than_there_is():
    async def scene():
        for kernels in (Kernels(), Kernels(k="a")):
            with pytest.raises(Full):
                async with usage.Usage(kernels, HUGE).room("python3", "a"):
                    raise AssertionError("it must not start")

    asyncio.run(scene())


def test_what_did_not_start_gives_its_room_back():
    async def scene():
        room = usage.Usage(Kernels(k="a"), 0)
        with pytest.raises(ValueError, match="no"):
            async with room.room("python3", "a"):
                assert room._headroom._claims
                raise ValueError("no")
        assert not room._headroom._claims

    asyncio.run(scene())


def test_what_a_kernel_took_is_learned_when_it_ends_and_by_whoever_looks():
    async def scene(learn):
        measured = usage.Usage(Kernels(k="a"), 0)
        await learn(measured)
        expected = measured._headroom.expected(Kind("a", fork=False))
        assert expected == pytest.approx(memory.of({"k": os.getpid()})["k"].unique, rel=0.2)

    asyncio.run(scene(lambda measured: measured.ends("k")))
    asyncio.run(scene(lambda measured: measured.read()))


def test_measuring_is_done_once_a_second_however_many_ask():
    async def scene():
        measured = usage.Usage(Kernels(k="a"), 0)
        first, *others = await asyncio.gather(*(measured.read() for _ in range(9)))
        assert all(each is first for each in others)
        assert first["kernels"]["k"]["snapshot"] is None
        assert first["memory"]["available"] <= first["memory"]["limit"]

    asyncio.run(scene())


def test_a_crowd_that_came_together_is_measured_once(monkeypatch):
    looked, of = [], memory.of
    monkeypatch.setattr(headroom, "YOUNG", 0.01)
    monkeypatch.setattr(usage, "EVERY", 0.5)
    monkeypatch.setattr(memory, "of", lambda pids: looked.append(pids) or of(pids))

    async def scene():
        crowd = Kernels(**{f"k{number}": "a" for number in range(40)})
        measured = usage.Usage(crowd, 0)
        for each in crowd.kernels:
            async with measured.room("python3", "a") as claim:
                claim.kernel = each
        while measured._settling:
            await asyncio.gather(*measured._settling)
        assert measured._headroom.expected(Kind("a", fork=False)) != headroom.FRESH

    asyncio.run(scene())
    assert len(looked) <= 2
    assert max(map(len, looked)) <= headroom.LAST
