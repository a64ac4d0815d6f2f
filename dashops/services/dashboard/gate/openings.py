"""A page that only the gate may open, once: how it looks at a revision nobody may see yet."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tornado import web

from dashops.services.dashboard import identity, kernels, rendering, store, talking, visit


@dataclass
class Opening:
    """One look at a revision, and what became of its page on this side.

    ``start`` gives the kernel to look at. ``cells`` are those on the page so far, with their
    outputs; ``finished`` is set when the page is complete or ``failure`` says why it is not.
    """

    revision: store.Revision
    start: Callable[[], Awaitable[kernels.ViewerKernel]]
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    used: bool = False
    cells: list[Any] = field(default_factory=list)
    kernel: kernels.ViewerKernel | None = None
    overheard: talking.Talk | None = None
    failure: Exception | None = None
    finished: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def path(self) -> str:
        """Where the page is."""
        return f"/gate/{self.token}/"


@contextmanager
def opening(
    settings: Mapping[str, Any],
    revision: store.Revision,
    start: Callable[[], Awaitable[kernels.ViewerKernel]],
) -> Iterator[Opening]:
    """Let the gate open a revision's page, as long as this lasts."""
    made = Opening(revision, start)
    settings["openings"][made.token] = made
    try:
        yield made
    finally:
        del settings["openings"][made.token]
        if made.overheard:
            made.overheard.close()


def cookie(settings: Mapping[str, Any], seconds: float) -> tuple[str, str]:
    """Name and value of a login of the gate that is good for so many seconds."""
    account: identity.Account = settings["identity_provider"]
    return account.lend(settings, seconds)


class Opened(visit.Visit):
    """The page of a revision as viewers will get it, for the gate."""

    opening: Opening

    async def get(self, token: str) -> None:
        """Stream the page."""
        self.opening = _permitted(self, token)
        if self.opening.used:
            # A page that loads itself again would get a kernel more each time.
            raise web.HTTPError(409)
        self.opening.used = True
        try:
            await self.show_revision(self.opening.revision)
        except Exception as error:
            self.opening.failure = error
            raise
        finally:
            self.opening.finished.set()

    async def open_kernel(
        self,
        revision: store.Revision,  # noqa: ARG002 it is the opening's
        *,
        pinned: bool,  # noqa: ARG002
    ) -> kernels.ViewerKernel:
        """The kernel that the gate wants to look at."""
        return await self.opening.start()

    async def pieces(
        self, kernel: kernels.ViewerKernel, notebook_text: str
    ) -> AsyncGenerator[str, None]:
        """The page, piece by piece."""
        self.opening.kernel = kernel
        socket = await kernel.gateway.connect(kernel.kernel_id, f"gate-{self.opening.token}")
        # What the page's own connections leave out for viewers, an author should read.
        self.opening.overheard = talking.Talk(socket)
        pieces = rendering.pieces(
            self.settings,
            self.log,
            kernel,
            notebook_text,
            chrome=self.chrome,
            watch=lambda _number, _count, cell: self.opening.cells.append(cell),
        )
        try:
            async for piece in pieces:
                yield piece
        except Exception as error:
            self.opening.failure = error
            raise


class OpenedAsset(visit.Asset):
    """A file of that revision."""

    async def get(self, token: str, path: str) -> None:
        """Serve it, if the revision lists it."""
        await self.send_asset([_permitted(self, token).revision], path)


def _permitted(handler: web.RequestHandler, token: str) -> Opening:
    opening: Opening | None = handler.settings["openings"].get(token)
    if opening is None or handler.current_user.username != kernels.GATE.username:
        raise web.HTTPError(404)
    return opening
