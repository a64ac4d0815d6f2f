"""A conversation with a kernel over one websocket; it knows nothing of pages and judges nothing."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from jupyter_client.session import Session
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from tornado import websocket

from dashops.services.dashboard import wall

WIDGETS, CONTROL = "jupyter.widget", "jupyter.widget.control"

CONTROL_VERSION = "1.0.0"
ENDS = ("restarting", "autorestarting", "dead")

Message = Mapping[str, Any]


class Gone(Exception):
    """The kernel, its gateway or the connection ended."""


class Talk:
    """Asks and hears; ``errors`` are what the kernel says went wrong, oldest first."""

    def __init__(self, socket: websocket.WebSocketClientConnection) -> None:
        self.errors: list[Message] = []
        self._socket = socket
        self._session = Session(key=b"")
        self._waiting: list[tuple[Callable[[Message], bool], asyncio.Future[Message]]] = []
        self._reader = asyncio.ensure_future(self._read())

    async def states(self) -> dict[str, Mapping[str, Any]]:
        """Every widget there is, as the widget manager of a page asks for them."""
        known = await self._ask("comm_info_request", {"target_name": WIDGETS}, "comm_info_reply")
        comms = list(known["content"].get("comms", ()))
        if not comms:
            return {}
        control = uuid.uuid4().hex
        opened: dict[str, Any] = {"comm_id": control, "target_name": CONTROL, "data": {}}
        self._send("comm_open", opened, {"version": CONTROL_VERSION})
        answer = await self._request(control, "request_states")
        self._send("comm_close", {"comm_id": control, "data": {}})
        if answer and answer.get("method") == "update_states":
            return dict(answer["states"])
        # An older ipywidgets, or one of them cannot tell its state: a page then asks each.
        found = {each: await self._request(each, "request_state") for each in comms}
        return {each: _described(told["state"]) for each, told in found.items() if told}

    async def _request(self, comm: str, method: str) -> Mapping[str, Any] | None:
        """What a comm answers, if it does before the kernel is done with the question."""

        def said(message: Message) -> bool:
            if message["parent_header"].get("msg_id") != sent:
                return False
            content = message["content"]
            answers = message["header"]["msg_type"] == "comm_msg" and content["comm_id"] == comm
            return bool(answers or content.get("execution_state") == "idle")

        sent = self._send("comm_msg", {"comm_id": comm, "data": {"method": method}})
        data: Mapping[str, Any] | None = (await self._hear(said))["content"].get("data")
        return data

    async def update(self, model: str, change: Mapping[str, Any]) -> None:
        """Change a widget's state and wait until the kernel has done what follows from it."""
        data = {"method": "update", "state": change, "buffer_paths": []}
        await self._ask("comm_msg", {"comm_id": model, "data": data}, "status")

    async def settle(self) -> None:
        """Wait until the kernel has done all it was asked so far."""
        await self._ask("kernel_info_request", {}, "kernel_info_reply")

    async def execute(self, code: str) -> bool:
        """Run a line of code that nobody sees, and wait until that is done; whether it ran."""
        asked = {"code": code, "silent": True, "store_history": False, "allow_stdin": False}
        answer = await self._ask("execute_request", asked, "execute_reply")
        return bool(answer["content"].get("status", "ok") == "ok")

    async def during(self, doing: Awaitable[None]) -> None:
        """Wait for something else that needs the kernel; raises Gone when that ends before."""
        other = asyncio.ensure_future(doing)
        try:
            await asyncio.wait({other, self._reader}, return_when=asyncio.FIRST_COMPLETED)
            if not other.done():
                raise Gone
            await other
        finally:
            other.cancel()

    def close(self) -> None:
        """Hang up."""
        self._reader.cancel()
        self._socket.close()

    async def _ask(self, kind: str, content: Mapping[str, Any], answer: str) -> Message:
        sent = self._send(kind, content)
        return await self._hear(
            lambda message: (
                message["parent_header"].get("msg_id") == sent
                and message["header"]["msg_type"] == answer
                and message["content"].get("execution_state", "idle") == "idle"
            )
        )

    def _send(
        self, kind: str, content: Mapping[str, Any], metadata: Mapping[str, Any] | None = None
    ) -> str:
        message = self._session.msg(kind, dict(content), metadata=dict(metadata or {}))
        frame = serialize_msg_to_ws_v1(message, "shell", self._session.pack)
        try:
            self._socket.write_message(frame, binary=True)
        except websocket.WebSocketClosedError as error:
            raise Gone from error
        return str(message["header"]["msg_id"])

    def _hear(self, wanted: Callable[[Message], bool]) -> "asyncio.Future[Message]":
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, future))
        if self._reader.done():
            future.set_exception(Gone())
        return future

    async def _read(self) -> None:
        try:
            while isinstance(frame := await self._socket.read_message(), bytes):
                _, parts = deserialize_msg_from_ws_v1(frame)
                message = dict(zip(wall.PARTS, map(self._session.unpack, parts[:4]), strict=True))
                if message["content"].get("execution_state") in ENDS:
                    break
                if message["header"]["msg_type"] == "error":
                    self.errors.append(message)
                for each in [each for each in self._waiting if each[0](message)]:
                    self._waiting.remove(each)
                    if not each[1].done():
                        each[1].set_result(message)
        finally:
            for _, future in self._waiting:
                if not future.done():
                    future.set_exception(Gone())


@asynccontextmanager
async def talk(socket: websocket.WebSocketClientConnection) -> AsyncIterator[Talk]:
    """A conversation as long as this lasts."""
    made = Talk(socket)
    try:
        yield made
    finally:
        made.close()


def _described(state: Mapping[str, Any]) -> dict[str, Any]:
    about = {key: state.get(f"_{key}") for key in ("model_module", "model_name")}
    return {**about, "state": state}
