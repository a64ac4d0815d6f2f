"""What kernels and snapshots take, measured now and then; says no to a kernel when it is much."""

import asyncio
import contextlib
import statistics
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any

from kernel_gateway.mixins import CORSMixin, JSONErrorsMixin, TokenAuthorizationMixin
from tornado import web

from dashops.services.gateway import headroom, memory, snapshots

EVERY = 1.0  # seconds; reading what many processes have takes some milliseconds each


class Usage:
    """The memory of the kernels of one manager, and room for more."""

    def __init__(self, kernels: Any, reserve: int) -> None:
        self._kernels = kernels
        self._headroom = headroom.Headroom(reserve)
        self._turn = asyncio.Lock()
        self._read: dict[str, Any] = {}
        self._at = float("-inf")
        self._settling: set[asyncio.Task[None]] = set()
        self._grown: list[str] = []

    async def read(self) -> dict[str, Any]:
        """The answer of ``GET /api/dashops/usage``, at most a second old."""
        async with self._turn:
            if time.monotonic() - self._at >= EVERY:
                self._read = await self._now()
                self._at = time.monotonic()
            return self._read

    @contextlib.asynccontextmanager
    async def room(self, name: str, revision: str) -> AsyncIterator[headroom.Claim]:
        """Memory for a kernel of that kernelspec and revision, which the block starts.

        Its id goes into the claim.

        Raises:
            headroom.Full: when there is too little.
        """
        kind = headroom.Kind(revision, snapshots.of(name) is not None)
        try:
            claim = self._headroom.claim(kind, alone=not self._kernels.number)
        except headroom.Full:
            # What young kernels have taken already is looked up only when it matters.
            await self.read()
            claim = self._headroom.claim(kind, alone=not self._kernels.number)
        try:
            yield claim
        except BaseException:
            self._headroom.release(claim)
            raise
        task = asyncio.create_task(self._settled(claim.kernel))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def ends(self, kernel_id: str) -> None:
        """A kernel is about to end, or to become a snapshot: what it took tells of the next."""
        kernel = self._kernel(kernel_id)
        if kernel is not None and not self._headroom.known(_kind(kernel)):
            await self._learn([kernel_id])
        self._headroom.ended(kernel_id)

    async def _settled(self, kernel_id: str) -> None:
        """Learn what a kernel has taken that is not young any more.

        Those that came together are read together, and no more of them than matter: each reading
        looks at all processes, which a crowd would feel in every answer.
        """
        await asyncio.sleep(headroom.YOUNG)
        self._grown.append(kernel_id)
        if len(self._grown) == 1:
            await asyncio.sleep(EVERY)
            grown, self._grown = self._grown, []
            await self._learn(grown[-headroom.LAST :])

    async def _learn(self, kernel_ids: Iterable[str]) -> None:
        kernels = {each: kernel for each in kernel_ids if (kernel := self._kernel(each))}
        pids = {each: pid for each, kernel in kernels.items() if (pid := _pid(kernel))}
        taken = await asyncio.to_thread(memory.of, pids) if pids else {}
        for each, took in taken.items():
            if took.unique:
                self._headroom.learn(_kind(kernels[each]), each, took.unique)

    async def _now(self) -> dict[str, Any]:
        kernels = {each: self._kernel(each) for each in self._kernels.list_kernel_ids()}
        frozen = self._kernels.snapshots.all()
        pids = {each: pid for each, kernel in kernels.items() if (pid := _pid(kernel))}
        pids |= {each: snapshot.pid for each, snapshot in frozen.items()}
        taken, there = await asyncio.gather(
            asyncio.to_thread(memory.of, pids), asyncio.to_thread(_machine)
        )
        for each, kernel in kernels.items():
            if each in taken:
                self._headroom.took(each, taken[each].unique)
                if time.time() - kernel.started > headroom.YOUNG:
                    self._headroom.learn(_kind(kernel), each, taken[each].unique)
        return {
            "memory": there,
            "kernels": {
                each: {**vars(taken[each]), "snapshot": kernel.fork_of, "started": kernel.started}
                for each, kernel in kernels.items()
                if each in taken
            },
            "snapshots": {
                each: {
                    **vars(taken[each]),
                    "revision": snapshot.revision,
                    "fork": statistics.median(snapshot.took) if snapshot.took else None,
                }
                for each, snapshot in frozen.items()
            },
        }

    def _kernel(self, kernel_id: str) -> Any:
        return self._kernels.get_kernel(kernel_id) if kernel_id in self._kernels else None


class Answer(TokenAuthorizationMixin, CORSMixin, JSONErrorsMixin, web.RequestHandler):
    """Memory of the machine, kernels and snapshots, and how long forks take."""

    async def get(self) -> None:
        """Measure, unless that was done just now."""
        self.finish(await self.settings["kernel_manager"].usage.read())


def _machine() -> dict[str, int]:
    return {"available": memory.available(), "limit": memory.limit()}


def _pid(kernel: Any) -> int | None:
    """Its process; None while it starts, or when it has ended."""
    process = kernel.provisioner
    return process.pid if process and process.has_process else None


def _kind(kernel: Any) -> headroom.Kind:
    return headroom.Kind(kernel.revision, kernel.fork_of is not None)
