"""The kernels viewers have open, one each: opened for a viewer, ended when he is gone or idle."""

import contextlib
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from jupyter_server.auth import User
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado import web

from dashops.services.dashboard import (
    admission,
    claims,
    config,
    gateways,
    store,
    visiting,
)
from dashops.services.dashboard.held import ViewerKernel

__all__ = ["GATE", "Kernels", "Start", "Started", "ViewerKernel", "variables"]

FIRST_CONNECT = 60  # seconds a rendered page may take to load its scripts and connect
ASKS = 20  # seconds within which a page that lost its connection asks again, see connection.js
TIMED = 200  # visits of each dashboard whose opening times are kept
# Who runs a new revision before anybody sees it; no person has a name with a slash.
GATE = User(username="/gate", name="gate")
REMEMBERED = 2000  # ended kernels whose reason is kept, so that a page can say why


def variables(user: User, query: str = "") -> dict[str, str]:
    """What a kernel is told of the visit it was opened for."""
    return {"QUERY_STRING": query, "REMOTE_USER": user.name}


@dataclass(frozen=True)
class Started:
    """A kernel that runs; ``kept`` is what its notebook put out before, if it did run it."""

    gateway: gateways.Gateway
    kernel_id: str
    kind: str = "fresh"
    kept: Any = None


Place = gateways.Gateway  # within Kernels `gateways` is its attribute
Start = Callable[[Mapping[str, str]], Awaitable[Started]]
"""Gets a kernel for a viewer with these variables, in one way or another."""


class Kernels(AsyncMappingKernelManager):
    """All open kernels by id. Jupyter's own manager would start them here; this one never does."""

    settings: config.Config
    gateways: gateways.Gateways

    def __init__(self, **traits: Any) -> None:
        """``times`` are seconds from the request of a visit to its whole page, by dashboard."""
        super().__init__(**traits)
        self._kernels: dict[str, ViewerKernel] = {}
        self._ending: dict[str, ViewerKernel] = {}
        self._ended: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self.times: dict[str, deque[float]] = {}
        self.claims = claims.Claims()
        self.groups: Callable[[User], Collection[str]] = lambda _: ()
        self.stillborn: Callable[[ViewerKernel], None] = lambda _: None
        self.replaced = False  # by another server: nobody comes to this one any more
        self.freed: Callable[[], None] = lambda: None  # each time a kernel has ended

    @property
    def visits(self) -> list[visiting.Visit]:
        """Who has a page open now; the gate's own runs are no visits."""
        found = (kernel.visit for kernel in self._kernels.values())
        return [visit for visit in found if visit.owner != GATE.username]

    @property
    def places(self) -> list[tuple[str, str]]:
        """Owner and dashboard of each visit whose kernel takes a place, until that has ended."""
        ending = [kernel.visit for kernel in self._ending.values()]
        found = [*self.visits, *(visit for visit in ending if visit.owner != GATE.username)]
        return [(admission.payer(visit.owner), visit.revision.name) for visit in found]

    @property
    def open_kernels(self) -> list[ViewerKernel]:
        """Every kernel there is, the gate's too."""
        return list(self._kernels.values())

    async def open(
        self, revision: store.Revision, user: User, start: Start, query: str = ""
    ) -> ViewerKernel:
        """A kernel for one visit, started as told.

        Raises:
            web.HTTPError: 503 when no gateway can start one.
            EnvironmentFailed: only for the gate, as its author is to read why.
        """
        began = time.monotonic()
        told: Mapping[str, str] = variables(user, query)
        if user != GATE:
            told = self.claims.told(user, self.groups(user), revision.name, told)
        try:
            started = await start(told)
        except gateways.EnvironmentFailed as failed:
            if user == GATE:
                raise
            raise web.HTTPError(503, "%s: %s", revision.name, failed.message) from failed
        took = time.monotonic() - began
        visit = visiting.Visit(user.username, user.name, revision, kind=started.kind, opened=took)
        visit.login = getattr(user, "login", "")
        kernel = self.add(started, visit)
        if started.kind == "fresh":
            kernel.untold = told
        return kernel

    async def start(
        self,
        revision: store.Revision,
        env: Mapping[str, str],
        archive: Callable[[], bytes],
        at: Place | None = None,
    ) -> Started:
        """Start a fresh kernel on the least loaded gateway that can, or on that one.

        Raises:
            Full: when one has only no place now.
            EnvironmentFailed, web.HTTPError: what the last one said.
        """
        env = {"KERNEL_USERNAME": "dashops", **env}
        failure: Exception | None = None
        for gateway in [at] if at else self.gateways.usable():
            try:
                kernel_id = await gateway.start_kernel(
                    revision.kernel, env, revision.digest, archive
                )
                return Started(gateway, kernel_id)
            except gateways.EnvironmentFailed as failed:
                failure = failed
                self.log.warning("no environment for %s: %s", revision.name, failed.message)
            except web.HTTPError as error:
                # That one will have a place again says more than that another is gone.
                failure = failure if isinstance(failure, gateways.Full) else error
                self.log.warning("cannot start a kernel: %s", error)
        if isinstance(failure, gateways.EnvironmentFailed | gateways.Full):
            raise failure
        raise web.HTTPError(503, "no gateway could start a kernel") from failure

    def add(self, started: Started, visit: visiting.Visit) -> ViewerKernel:
        """From now on this kernel is that visit's."""
        kernel = ViewerKernel(parent=self, visit=visit, gateway=started.gateway)
        kernel.kernel_id, kernel.kept = started.kernel_id, started.kept
        self._kernels[kernel.kernel_id] = kernel
        return kernel

    def forget(self, kernel_id: str) -> None:
        """It is no kernel any more, but a snapshot."""
        self._kernels.pop(kernel_id, None)

    def drain(self, shown: Mapping[str, int]) -> None:
        """Note which visits are of a revision that their name shows no longer, or have to move.

        ``shown`` is the number of the revision that each name shows.
        """
        now = time.monotonic()
        for kernel in self.open_kernels:
            visit = kernel.visit
            current = visit.pinned or shown.get(visit.revision.name) == visit.revision.number
            stays = current and not self._moves(kernel)
            visit.outdated = None if stays else visit.outdated or now

    async def end(self, kernel_id: str, reason: str) -> None:
        """End a kernel and remember why; one that is gone already is fine."""
        kernel = self._kernels.pop(kernel_id, None)
        if kernel is None:
            return
        self._ending[kernel_id] = kernel
        self._ended[kernel_id] = (kernel.visit.owner, reason)
        while len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)
        self.log.info("kernel %s of %s ended: %s", kernel_id, kernel.visit.revision.name, reason)
        if reason in ("crashed", "lost") and not kernel.visit.came:
            self.stillborn(kernel)
        for close in list(kernel.visit.pages):
            close()
        try:
            await kernel.gateway.stop_kernel(kernel_id)
        except web.HTTPError as error:
            self.log.warning("cannot stop kernel %s: %s", kernel_id, error)
        finally:
            del self._ending[kernel_id]
            self.freed()

    def owned(self, kernel_id: str, owner: str) -> ViewerKernel | None:
        """The kernel, if it is open and belongs to that viewer."""
        kernel = self._kernels.get(kernel_id)
        return kernel if kernel and kernel.visit.owner == owner else None

    def ended(self, kernel_id: str, owner: str) -> str | None:
        """Why a kernel of that viewer ended, if it did."""
        whose, reason = self._ended.get(kernel_id, ("", ""))
        return reason if reason and whose == owner else None

    def page_came(self, kernel: ViewerKernel, close: Callable[[], None]) -> None:
        """A page of the viewer connected; ``close`` ends its connection."""
        kernel.visit.pages.add(close)
        kernel.visit.came = True
        kernel.visit.left = None

    def page_left(self, kernel: ViewerKernel, close: Callable[[], None]) -> None:
        """That page went away; it may come back within the grace."""
        kernel.visit.pages.discard(close)
        if not kernel.visit.pages:
            kernel.visit.left = time.monotonic() + self.settings.reconnect_grace

    async def asked(self, kernel: ViewerKernel) -> None:
        """A page that lost its connection asks after its kernel, so it is not closed."""
        if kernel.visit.pages or not kernel.visit.came:
            return
        try:
            lost = kernel.kernel_id not in await kernel.gateway.list_kernels()
        except web.HTTPError:  # the gateway is away, maybe not for long
            lost = self.gateways.lost(kernel.gateway)
        if lost:
            await self.end(kernel.kernel_id, "lost")
        if not kernel.visit.pages:
            grace = max(self.settings.reconnect_grace, ASKS)
            kernel.visit.left = time.monotonic() + grace

    def handed(self, kernel: ViewerKernel, seconds: float) -> None:
        """The viewer was told where its page is, and has so long to fetch it."""
        kernel.visit.rendering = False
        kernel.visit.left = time.monotonic() + seconds

    def fetched(self, kernel: ViewerKernel) -> None:
        """He fetches it now."""
        kernel.visit.rendering = True
        kernel.visit.left = None

    def rendered(self, kernel: ViewerKernel) -> None:
        """The page is complete; its scripts now have some time to connect."""
        kernel.visit.rendering = False
        visit, made = kernel.visit, datetime.now(UTC) - kernel.visit.since
        if visit.owner != GATE.username:
            times = self.times.setdefault(visit.revision.name, deque(maxlen=TIMED))
            times.append(visit.opened + made.total_seconds())
        if not kernel.visit.pages:
            kernel.visit.left = time.monotonic() + FIRST_CONNECT

    async def sweep(self) -> None:
        """End the kernels whose viewer left or has done nothing for the idle timeout."""
        now = time.monotonic()
        for kernel in self.open_kernels:
            visit = kernel.visit
            if visit.rendering or visit.owner == GATE.username:
                continue  # the gate ends its own, and looks without moving anything for a while
            if visit.left is not None and visit.left < now:
                await self.end(kernel.kernel_id, "left")
            elif now - visit.active > self.settings.idle_timeout:
                await self.end(kernel.kernel_id, "idle")
            elif visit.outdated and now - visit.outdated > self.settings.drain_timeout:
                await self.end(kernel.kernel_id, "moved" if self._moves(kernel) else "updated")

    def _moves(self, kernel: ViewerKernel) -> bool:
        """Whether the kernel's gateway, or this server, is to go when nobody uses it any more."""
        return self.replaced or kernel.gateway.leaving

    async def reap(self) -> None:
        """End kernels of an earlier life of this server."""
        for gateway in self.gateways.all:
            with contextlib.suppress(web.HTTPError):
                for kernel_id in await gateway.list_kernels():
                    if kernel_id not in self._kernels:
                        await gateway.stop_kernel(kernel_id)

    async def shutdown_all(self, now: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 Jupyter's
        """End every kernel, when the server stops."""
        for kernel in self.open_kernels:
            await self.end(kernel.kernel_id, "stopped")
