"""Work that nobody waits for: each piece once at a time, and later after each time it failed."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

AT_ONCE = 2  # pieces of work: they run notebooks, and viewers need the machine too
FIRST, LONGEST = 5.0, 1800.0  # seconds to rest after a first failure, and at most


class Background:
    """Runs work by key; what runs already, or rests after a failure, is not begun again."""

    def __init__(
        self,
        log: Any,
        longest: float = LONGEST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._longest = longest
        self._clock = clock
        self._places = asyncio.Semaphore(AT_ONCE)
        self._running: dict[Hashable, asyncio.Task[None]] = {}
        self._failed: dict[Hashable, tuple[int, float]] = {}

    def start(self, key: Hashable, work: Callable[[], Awaitable[None]]) -> bool:
        """Begin, unless it runs or rests; whether it was begun."""
        if key in self._running or self.resting(key):
            return False
        task = asyncio.ensure_future(self._run(key, work))
        self._running[key] = task
        task.add_done_callback(lambda _: self._running.pop(key, None))
        return True

    def running(self, key: Hashable) -> bool:
        """Whether it was begun and is not done."""
        return key in self._running

    def resting(self, key: Hashable) -> bool:
        """Whether it failed so lately that it has to wait."""
        return self._clock() < self._failed.get(key, (0, 0.0))[1]

    async def close(self) -> None:
        """Stop all of it."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, key: Hashable, work: Callable[[], Awaitable[None]]) -> None:
        try:
            async with self._places:
                await work()
        except Exception as error:  # noqa: BLE001 no viewer waits for it, whatever it was
            times = self._failed.get(key, (0, 0.0))[0] + 1
            rest = min(FIRST * 2 ** (times - 1), self._longest)
            self._failed[key] = times, self._clock() + rest
            self._log.warning("%s failed, next try in %d s: %s", key, rest, error)
        else:
            self._failed.pop(key, None)
