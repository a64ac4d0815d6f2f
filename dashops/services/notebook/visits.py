"""The kernels of open local dashboards; each is a session that JupyterLab shows as running."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tornado import ioloop

SWEEP = 1000  # milliseconds between two looks
GRACE = 60  # seconds that a kernel stays when no page is connected to it


@dataclass
class Visit:
    """One open page. ``left`` is since when nobody is connected, in ``time.monotonic()``.

    ``connections`` holds how to close each: Jupyter leaves them open when it ends a kernel.
    """

    session: str
    rendering: bool = True
    connections: set[Callable[[], None]] = field(default_factory=set)
    left: float | None = None


@dataclass
class Visits:
    """All pages that this server showed since it runs; ``gone`` says why a kernel ended."""

    sessions: Any
    kernels: Any
    log: Any
    open: dict[str, Visit] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ioloop.PeriodicCallback(self.sweep, SWEEP).start()

    async def begin(self, path: str, title: str, kernel_name: str) -> str:
        """Start a kernel in the folder ``path``; its id."""
        # Of a session without a type JupyterLab has a line, and opens nothing at a click on it.
        model = await self.sessions.create_session(
            path=path, name=f"Dashboard: {title}", type="", kernel_name=kernel_name
        )
        kernel_id = str(model["kernel"]["id"])
        self.open[kernel_id] = Visit(str(model["id"]))

        def crashed() -> None:
            # Jupyter starts it again, without anything that the page knows of.
            ending = asyncio.ensure_future(self.end(kernel_id, "The program behind it stopped"))
            ending.add_done_callback(lambda _: None)

        self.kernels.add_restart_callback(kernel_id, crashed, "restart")
        return kernel_id

    def rendered(self, kernel_id: str) -> None:
        """Its page is complete and will connect."""
        if visit := self.open.get(kernel_id):
            visit.rendering = False

    def running(self, kernel_id: str) -> bool:
        """Whether it is a dashboard's and still there."""
        if kernel_id in self.open and kernel_id not in self.kernels:
            self._forget(kernel_id, "It was shut down")
        return kernel_id in self.open

    async def end(self, kernel_id: str, why: str) -> None:
        """End a kernel, if it is a dashboard's."""
        if not self.running(kernel_id):
            return
        visit = self._forget(kernel_id, why)
        with contextlib.suppress(Exception):  # it ended by itself meanwhile
            await self.sessions.delete_session(visit.session)

    async def sweep(self) -> None:
        """End what no page is connected to any more."""
        now = time.monotonic()
        for kernel_id, visit in [*self.open.items()]:
            if not self.running(kernel_id) or visit.rendering:
                continue
            if visit.connections:
                visit.left = None
            elif visit.left is None:
                visit.left = now
            elif now - visit.left > GRACE:
                self.log.info("nobody is connected to the dashboard of kernel %s", kernel_id)
                await self.end(kernel_id, "This page was closed for a while")

    def _forget(self, kernel_id: str, why: str) -> Visit:
        self.gone[kernel_id] = why
        visit = self.open.pop(kernel_id)
        for close in visit.connections:
            close()
        return visit
