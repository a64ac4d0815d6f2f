"""A page that the gate opens as viewers do, once, of a revision that nobody may see yet."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from dashops.services.dashboard import capabilities, kernels, rendering, store, talking


@dataclass
class Opening:
    """One look at a revision, and what became of its page on this side.

    ``start`` gives the kernel to look at. ``cells`` are those on the page so far, with their
    outputs; ``finished`` is set when the page is complete or ``failure`` says why it is not.
    """

    settings: Mapping[str, Any]
    log: Any
    revision: store.Revision
    start: Callable[[], Awaitable[kernels.ViewerKernel]]
    cells: list[Any] = field(default_factory=list)
    kernel: kernels.ViewerKernel | None = None
    key: capabilities.Capability | None = None
    overheard: talking.Talk | None = None
    failure: Exception | None = None
    finished: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> str:
        """Get the kernel; the address of its page, in the sandbox that every browser knows."""
        text = self.settings["store"].notebook_text(self.revision.digest)
        self.kernel = await self.start()
        held: capabilities.Capabilities = self.settings["capabilities"]
        config = self.settings["kernel_manager"].settings
        self.key = held.grant(
            capabilities.Capability(
                user=kernels.GATE,
                kernel=self.kernel,
                text=text,
                path=f"/dashboards/{self.revision.name}/",
                main=f"http://127.0.0.1:{config.port}",
                content=f"http://127.0.0.1:{config.content_port}",
                chrome=False,
                pieces=self._pieces,
                done=self._done,
            )
        )
        return f"{self.key.content}{self.key.base.rstrip('/')}{self.key.path}"

    def _done(self, failure: Exception | None) -> None:
        self.failure = failure
        self.finished.set()

    async def _pieces(
        self, kernel: kernels.ViewerKernel, notebook_text: str
    ) -> AsyncGenerator[str, None]:
        """The page, piece by piece."""
        assert self.key
        socket = await kernel.gateway.connect(kernel.kernel_id, f"gate-{self.key.token}")
        # What the page's own connections leave out for viewers, an author should read.
        self.overheard = talking.Talk(socket)
        # The page hears first that a kernel died, and ends it; gateways close nothing then.
        kernel.visit.pages.add(self.overheard.close)
        pieces = rendering.pieces(
            self.settings,
            self.log,
            kernel,
            notebook_text,
            chrome=self.key.chrome,
            watch=lambda _number, _count, cell: self.cells.append(cell),
        )
        async for piece in pieces:
            yield piece


@contextmanager
def opening(
    settings: Mapping[str, Any],
    log: Any,
    revision: store.Revision,
    start: Callable[[], Awaitable[kernels.ViewerKernel]],
) -> Iterator[Opening]:
    """Let the gate open a revision's page, as long as this lasts."""
    made = Opening(settings, log, revision, start)
    try:
        yield made
    finally:
        if made.overheard:
            made.overheard.close()
