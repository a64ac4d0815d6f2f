"""When the gate's browser may be asked about a page: not before it has it."""

import asyncio

from dashops.services.dashboard.gate import browsing


def test_a_page_that_was_sent_is_not_looked_at_before_the_browser_has_it() -> None:
    async def case() -> bool:
        sent, has = asyncio.Event(), False

        async def goto() -> None:
            nonlocal has
            await sent.wait()
            for _ in range(10):
                await asyncio.sleep(0)
            has = True

        going = asyncio.ensure_future(goto())
        sent.set()
        await browsing.arrive(going, sent, 5)
        return has

    assert asyncio.run(case())


def test_a_page_that_is_never_sent_is_not_waited_for_longer_than_the_limit() -> None:
    async def case() -> bool:
        going = asyncio.ensure_future(asyncio.Event().wait())
        await browsing.arrive(going, asyncio.Event(), 0.01)
        return going.cancelled()

    assert asyncio.run(case())
