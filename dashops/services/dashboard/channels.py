"""A Jupyter client over a gateway's websocket, for the server's own first run of a notebook."""

import asyncio
import queue
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.session import Session
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from tornado import websocket

from dashops.services.dashboard import wall

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
OUTPUT_LIMIT = 100 * 2**20  # bytes of one run; more is no page, and a loop that prints has no end


class TooMuchOutput(Exception):
    """The notebook's outputs are more than one page can hold."""


class Channel:
    """One channel of the connection, as jupyter_client's callers expect it."""

    def __init__(self, name: str, client: "Client") -> None:
        self.name = name
        self.messages: asyncio.Queue[dict[str, Any] | Exception] = asyncio.Queue()
        self._client = client

    async def get_msg(self, timeout: float | None = None, **_: Any) -> dict[str, Any]:
        """Next message; raises queue.Empty after ``timeout`` seconds, or why there will be none."""
        try:
            message = await asyncio.wait_for(self.messages.get(), timeout)
        except TimeoutError:
            raise queue.Empty from None
        if isinstance(message, Exception):
            self.messages.put_nowait(message)
            raise message
        return message

    def send(self, message: dict[str, Any]) -> None:
        """Send a message on this channel."""
        self._client.send(self.name, message)

    def start(self) -> None:
        """Nothing to do: all channels share one socket."""

    def stop(self) -> None:
        """Nothing to do: all channels share one socket."""

    def is_alive(self) -> bool:
        """Whether the socket is open and the kernel has not been restarted."""
        return self._client.connected

    is_beating = is_alive


class Client(AsyncKernelClient):
    """Executes in a remote kernel; a kernel that restarts counts as gone, its state is."""

    connected = False

    def __init__(self, kernel: Any, **settings: Any) -> None:
        super().__init__(session=Session(key=b""), **settings)
        self._kernel = kernel
        self._channels = {name: Channel(name, self) for name in CHANNELS}
        self._socket: websocket.WebSocketClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    shell_channel = property(lambda self: self._channels["shell"])
    iopub_channel = property(lambda self: self._channels["iopub"])
    stdin_channel = property(lambda self: self._channels["stdin"])
    control_channel = property(lambda self: self._channels["control"])
    hb_channel = property(lambda self: self._channels["hb"])

    async def start_channels(self, **_: Any) -> None:
        """Connect; raises HTTPError when the gateway or kernel is gone."""
        # The gateway asks the kernel things too, in the name of this session, and numbers its
        # questions by process as we do ours. In containers both processes may have one number:
        # its answers were then taken for those to our cells.
        self._socket = await self._kernel.gateway.connect(
            self._kernel.kernel_id, f"run-{self.session.session}"
        )
        self.connected = True
        self._reader = asyncio.ensure_future(self._read(self._socket))
        self.kernel_info()

    def stop_channels(self) -> None:
        """Disconnect; the kernel lives on."""
        self.connected = False
        if self._socket:
            self._socket.close()

    async def is_alive(self) -> bool:
        """Whether the kernel that ran the cells so far is still that kernel."""
        return self.connected

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait for the kernel's first answer; raises queue.Empty after ``timeout`` seconds."""
        reply = await self.shell_channel.get_msg(timeout=timeout)
        self._handle_kernel_info_reply(reply)

    def send(self, channel: str, message: dict[str, Any]) -> None:
        """Write one message to the socket."""
        if not self._socket:
            raise RuntimeError("not connected")
        frame = serialize_msg_to_ws_v1(message, channel, self.session.pack)
        self._socket.write_message(frame, binary=True)

    async def _read(self, socket: websocket.WebSocketClientConnection) -> None:
        end: Exception = RuntimeError("the kernel is gone")
        received = 0
        while isinstance(frame := await socket.read_message(), bytes):
            received += len(frame)
            if received > OUTPUT_LIMIT:
                end = TooMuchOutput(f"more than {OUTPUT_LIMIT // 2**20} MB of output")
                break
            channel, parts = deserialize_msg_from_ws_v1(frame)
            message = dict(zip(wall.PARTS, map(self.session.unpack, parts[:4]), strict=True))
            message["buffers"] = parts[4:]
            message["msg_type"] = message["header"]["msg_type"]
            message["msg_id"] = message["header"]["msg_id"]
            if message["msg_type"] == "status" and message["content"].get("execution_state") in (
                "restarting",
                "autorestarting",
                "dead",
            ):
                break
            if message["msg_type"] in ("error", "stream") and channel == "iopub":
                # What the author printed to stderr or raised must not enter the page, nor the
                # state of an Output widget that the page asks for later.
                content = wall.without_source(message["msg_type"], message["content"])
                if content is None:
                    continue
                message["content"] = content
            if channel in self._channels:
                self._channels[channel].messages.put_nowait(message)
        self.connected = False
        for each in self._channels.values():
            each.messages.put_nowait(end)
