"""Kernels that ran a notebook before anybody asked, for revisions that cannot be forked."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tornado import web

from dashops.services.dashboard import claims, kernels, store, talking
from dashops.services.dashboard.serving import background, modes

WINDOW = 300.0  # seconds of arrivals that tell how many will come
ANSWER = 2.0  # seconds in which a kernel that waits for a viewer must answer
SLACK = 2  # viewers do not come evenly

Make = Callable[[store.Revision], Awaitable[kernels.ViewerKernel]]
Age = Callable[[store.Revision], float | None]
"""How old a kernel of a revision may be."""


@dataclass
class Warm:
    """A kernel that waits for a viewer; its connection tells when it does not live on."""

    kernel: kernels.ViewerKernel
    talk: talking.Talk
    made: float = field(default_factory=time.monotonic)


@dataclass
class Pool:
    """The kernels of one revision, the viewers that came for one, and how long one takes."""

    revision: store.Revision
    ready: list[Warm] = field(default_factory=list)
    arrivals: deque[float] = field(default_factory=lambda: deque(maxlen=1000))
    seconds: float = 1.0
    wanted: float = field(default_factory=time.monotonic)


def target(arrivals: Sequence[float], now: float, seconds: float, most: int) -> int:
    """How many to have ready: those who come while one is made, and never none."""
    lately = sum(now - each <= WINDOW for each in arrivals)
    return max(1, min(most, math.ceil(lately / WINDOW * seconds * SLACK)))


class Pools:
    """A pool for each revision that names show and that opens from warm kernels."""

    def __init__(
        self, open_kernels: kernels.Kernels, make: Make, age: Age, work: background.Background
    ) -> None:
        self._kernels = open_kernels
        self._age = age
        self._settings = open_kernels.settings
        self._make = make
        self._work = work
        self._all: dict[tuple[str, int], Pool] = {}

    def count(self, revision: store.Revision) -> int:
        """How many are ready."""
        pool = self._all.get((revision.name, revision.number))
        return len(pool.ready) if pool else 0

    async def take(
        self, revision: store.Revision, env: Mapping[str, str]
    ) -> kernels.Started | None:
        """One that is ready and lives, if there is one; another is made in its place.

        It is told of its viewer, if it speaks Python.
        """
        pool = self._pool(revision)
        pool.wanted = time.monotonic()
        pool.arrivals.append(pool.wanted)
        try:
            while pool.ready:
                found = pool.ready.pop(0)
                kernel = found.kernel
                if self._young(pool, found) and await _told(found, env):
                    return kernels.Started(
                        kernel.gateway, kernel.kernel_id, modes.WARM, kernel.kept
                    )
                await self._end(found)
            return None
        finally:
            self.fill(revision)

    def fill(self, revision: store.Revision) -> None:
        """Begin to make some, one after the other, if there are too few."""
        pool = self._pool(revision)
        if len(pool.ready) < self._target(pool):
            self._work.start(("warm", revision.name, revision.number), lambda: self._fill(pool))

    async def put(self, revision: store.Revision, kernel: kernels.ViewerKernel) -> None:
        """Let a kernel wait that ran the notebook; raises HTTPError when it is gone."""
        try:
            socket = await kernel.gateway.connect(kernel.kernel_id, f"warm-{kernel.kernel_id}")
        except web.HTTPError:
            await self._kernels.end(kernel.kernel_id, "lost")
            raise
        self._pool(revision).ready.append(Warm(kernel, talking.Talk(socket)))

    async def sweep(self, shown: Sequence[store.Revision]) -> None:
        """End those of other revisions, the old ones and those nobody wanted for long."""
        now, keys = time.monotonic(), {(each.name, each.number) for each in shown}
        for key, pool in list(self._all.items()):
            if key not in keys:
                del self._all[key]
                await self._empty(pool)
            elif now - pool.wanted > self._settings.snapshot_idle:
                await self._empty(pool)
            else:
                for each in [each for each in pool.ready if not self._young(pool, each)]:
                    pool.ready.remove(each)
                    await self._end(each)
                self.fill(pool.revision)

    async def give_way(self) -> bool:
        """End one, as a viewer needs its place; whether there was one."""
        pools = [each for each in self._all.values() if each.ready]
        if not pools:
            return False
        least = min(pools, key=lambda each: each.wanted)
        await self._end(least.ready.pop(0))
        return True

    def _pool(self, revision: store.Revision) -> Pool:
        return self._all.setdefault((revision.name, revision.number), Pool(revision))

    def _target(self, pool: Pool) -> int:
        return target(pool.arrivals, time.monotonic(), pool.seconds, self._settings.warm_kernels)

    def _young(self, pool: Pool, warm: Warm) -> bool:
        limit = self._age(pool.revision)
        return limit is None or time.monotonic() - warm.made < limit

    async def _fill(self, pool: Pool) -> None:
        revision = pool.revision
        while len(pool.ready) < self._target(pool):
            began = time.monotonic()
            kernel = await self._make(revision)
            pool.seconds = time.monotonic() - began
            if self._all.get((revision.name, revision.number)) is not pool:
                await self._kernels.end(kernel.kernel_id, "warm")
                return  # the name shows another one meanwhile
            await self.put(revision, kernel)

    async def _empty(self, pool: Pool) -> None:
        while pool.ready:
            await self._end(pool.ready.pop())

    async def _end(self, warm: Warm) -> None:
        warm.talk.close()
        await self._kernels.end(warm.kernel.kernel_id, "warm")


async def _told(warm: Warm, env: Mapping[str, str]) -> bool:
    """Tell it of its viewer; whether it answers, and is the process that ran the notebook."""
    python = warm.kernel.visit.revision.language == "python"
    try:
        async with asyncio.timeout(ANSWER):
            if python:
                code = f"__import__('os').environ.update({dict(env)!r})"
                if told := claims.of(env):
                    code = f"{code}; {claims.code(told)}"
                if not await warm.talk.execute(code):
                    return False
            else:
                await warm.talk.settle()
    except (talking.Gone, TimeoutError):
        return False
    warm.talk.close()
    return True
