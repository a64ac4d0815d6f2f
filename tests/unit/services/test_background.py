"""Work that nobody waits for: once at a time, and later after it failed."""

import asyncio
import logging

from pretending import Clock

from dashops.services.dashboard.serving import background


def test_one_at_a_time_for_each_key():
    async def talk():
        work, began, go = background.Background(logging), [], asyncio.Event()

        async def do():
            began.append(1)
            await go.wait()

        assert work.start("a", do) and not work.start("a", do)
        await asyncio.sleep(0)
        assert work.running("a") and work.start("b", do)
        go.set()
        await asyncio.sleep(0.01)
        assert not work.running("a") and work.start("a", do)
        await work.close()
        return began

    assert len(asyncio.run(talk())) in (2, 3)


def test_after_a_failure_it_rests_each_time_longer_until_it_works():
    async def talk():
        clock = Clock()
        work, bad = background.Background(logging, longest=15, clock=clock), True
        rests = []

        async def do():
            if bad:
                raise RuntimeError("no")

        for _ in range(4):
            assert work.start("a", do)
            await asyncio.sleep(0.01)
            rests.append(0)
            while work.resting("a"):
                assert not work.start("a", do)
                clock.now += 1
                rests[-1] += 1
        bad = False
        assert work.start("a", do)
        await asyncio.sleep(0.01)
        assert not work.resting("a") and work.start("a", do)
        await work.close()
        return rests

    assert asyncio.run(talk()) == [5, 10, 15, 15]
