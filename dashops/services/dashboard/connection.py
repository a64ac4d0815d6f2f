"""Carries messages between a viewer's websocket and his kernel, always through the wall."""

import asyncio
import contextlib
import time
from typing import Any

from jupyter_server.services.kernels.connection.base import BaseKernelWebsocketConnection
from tornado import web, websocket
from traitlets import Unicode

from dashops.services.dashboard import pending, wall

GONE = 1012  # websocket close code "service restart": the browser may try again


class Connection(BaseKernelWebsocketConnection):
    """One browser page on one kernel."""

    kernel_ws_protocol = Unicode(wall.PROTOCOL)
    _socket: websocket.WebSocketClientConnection | None = None
    _closed = False
    _pump_task: asyncio.Task[None] | None = None

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._pending = pending.Pending()

    async def prepare(self) -> None:
        """Connect to the gateway before the browser's handshake is accepted.

        A refused handshake makes the browser back off; one that is accepted and then closed
        makes it try again without a pause.
        """
        offered = self.websocket_handler.request.headers.get("Sec-WebSocket-Protocol", "")
        if wall.PROTOCOL not in [each.strip() for each in offered.split(",")]:
            raise web.HTTPError(400, "websocket subprotocol %s required", wall.PROTOCOL)
        if not self.websocket_handler.check_origin():
            raise web.HTTPError(403, "cross-origin websocket refused")
        try:
            self._socket = await self.kernel_manager.gateway.connect(
                self.kernel_id, self.session_id
            )
        except web.HTTPError as error:
            visit = self.kernel_manager.visit
            if error.status_code == 404:
                await self.multi_kernel_manager.end(self.kernel_id, "lost")
            elif visit.kind == "snapshot" and not visit.came:
                # A fork may die at its birth. The page then loads again, and gets another.
                await self.multi_kernel_manager.end(self.kernel_id, "crashed")
            raise

    async def connect(self) -> None:
        """Start carrying messages."""
        self.multi_kernel_manager.page_came(self.kernel_manager, self.close)
        self._pump_task = asyncio.ensure_future(self._pump())

    async def _pump(self) -> None:
        assert self._socket is not None
        while isinstance(frame := await self._socket.read_message(), bytes):
            state, about = wall.status(frame)
            if state == "idle":
                self._pending.done(about)
            if state in ("restarting", "autorestarting", "dead"):
                await self.multi_kernel_manager.end(self.kernel_id, "crashed")
                break
            shown = wall.to_viewer(frame)
            if shown is None:
                continue
            try:
                # Waiting here slows a kernel that talks faster than this viewer can read.
                await self.websocket_handler.write_message(shown, binary=True)
            except websocket.WebSocketClosedError:
                return
        self.close()

    def close(self) -> None:
        """Close the page's websocket, as the kernel or its gateway is gone."""
        if not self._closed:
            self._closed = True
            self._pending.give_up()
            self.websocket_handler.close(GONE, "kernel connection lost")

    async def receive(self, frame: str | bytes) -> None:
        """Judge one frame of the browser and pass it on or drop it.

        The next one is read when this has returned: a viewer who asks faster than his kernel
        answers has to wait.
        """
        passed = wall.from_viewer(frame)
        if passed is None or not self._pending.sent(*wall.address(passed), len(passed)):
            self.log.warning("dropped a message for kernel %s", self.kernel_id)
            return
        self.kernel_manager.visit.active = time.monotonic()
        if self._socket is None:
            return
        with contextlib.suppress(websocket.WebSocketClosedError):
            await self._socket.write_message(passed, binary=True)
        await self._pending.room()

    def disconnect(self) -> None:
        """The browser page went away."""
        self._closed = True
        self._pending.give_up()
        self.multi_kernel_manager.page_left(self.kernel_manager, self.close)
        if self._socket:
            self._socket.close()
