"""One viewer without a browser: does on the wire what a page does, and notes when."""

import asyncio
import itertools
import json
import re
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from bench.opening import notebooks
from bench.opening.result import Opened
from bench.processes import Unmeasured

PROTOCOL = "v1.kernel.websocket.jupyter.org"
KERNEL = re.compile(r'"kernelId": ?"([0-9a-f-]{36})"')
KEY = re.compile(r"/c/[^/]+/")
CONTROL = "jupyter.widget.control"
WIDGET = "jupyter.widget"
ANSWER = 60.0
"""Seconds after which a moved slider is given up."""


class Client:
    """A viewer; `come` first, `leave` last."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self._url = url
        self._values = itertools.count(1)
        self._session = uuid.uuid4().hex
        self._socket: WebSocketClientConnection | None = None
        self._kernel = self._slider = self._label = ""
        self._base = url

    async def come(self) -> Opened:
        """Open the page and move the slider once."""
        began = time.perf_counter()
        async with self._http.stream("GET", self._url, follow_redirects=True) as response:
            first_byte = time.perf_counter() - began
            page = (await response.aread()).decode()
        found = KERNEL.search(page)
        if response.status_code != 200 or not found:
            raise Unmeasured(f"the page was answered {response.status_code}, without a kernel")
        self._kernel, self._base = found[1], _base(str(response.url))
        self._socket = await self._connect()
        await self._ask("kernel_info_request", {})
        await self._heard(lambda kind, _: kind == "kernel_info_reply")
        ready = time.perf_counter() - began
        await self._find()
        await self.move()
        return Opened(first_byte, ready, time.perf_counter() - began)

    async def move(self) -> float:
        """Move the slider; the seconds until the label has followed."""
        value = next(self._values)
        began = time.perf_counter()
        update = {"method": "update", "state": {"value": value}, "buffer_paths": []}
        await self._ask("comm_msg", {"comm_id": self._slider, "data": update})
        await self._heard(lambda kind, content: self._answers(kind, content, f"{value}:"))
        return time.perf_counter() - began

    async def leave(self) -> None:
        """Close the page as a browser does, which frees the kernel."""
        if self._kernel:
            address = urljoin(self._base, f"voila/api/shutdown/{self._kernel}")
            token = next(
                (each.value for each in self._http.cookies.jar if each.name == "_xsrf"), ""
            )
            await self._http.post(address, headers={"X-XSRFToken": token or ""})
        if self._socket:
            self._socket.close()

    async def _connect(self) -> WebSocketClientConnection:
        parts, path = urlsplit(self._base), f"api/kernels/{self._kernel}/channels"
        address = urljoin(f"ws://{parts.netloc}{parts.path}", path)
        headers = {
            # A page of dashops is sandboxed.
            "Origin": "null" if KEY.match(parts.path) else f"http://{parts.netloc}",
            "Cookie": "; ".join(f"{each.name}={each.value}" for each in self._http.cookies.jar),
        }
        request = HTTPRequest(
            f"{address}?session_id={self._session}", headers=headers, request_timeout=60
        )
        return await websocket_connect(request, subprotocols=[PROTOCOL])

    async def _find(self) -> None:
        """Ask what widgets there are, as the widget manager does, and find both ends."""
        await self._ask("comm_info_request", {"target_name": WIDGET})
        await self._heard(lambda kind, _: kind == "comm_info_reply")
        control = uuid.uuid4().hex
        about = {"version": "1.0.0"}
        opening = {"comm_id": control, "target_name": CONTROL, "data": {}}
        await self._ask("comm_open", opening, about)
        await self._ask("comm_msg", {"comm_id": control, "data": {"method": "request_states"}})
        content = await self._heard(
            lambda kind, content: kind == "comm_msg" and content["comm_id"] == control
        )
        by_class = {
            each: name
            for name, model in content["data"]["states"].items()
            for each in model["state"].get("_dom_classes", ())
        }
        try:
            self._slider, self._label = by_class[notebooks.MOVE], by_class[notebooks.ANSWER]
        except KeyError as error:
            raise Unmeasured("the kernel has no slider and label of ours") from error

    def _answers(self, kind: str, content: dict[str, Any], beginning: str) -> bool:
        if kind != "comm_msg" or content["comm_id"] != self._label:
            return False
        return str(content["data"].get("state", {}).get("value", "")).startswith(beginning)

    async def _ask(
        self, kind: str, content: dict[str, Any], metadata: dict[str, Any] | None = None
    ) -> None:
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": self._session,
            "username": "",
            "version": "5.3",
            "date": "2026-01-01T00:00:00Z",
        }
        parts = [json.dumps(each).encode() for each in (header, {}, metadata or {}, content)]
        assert self._socket
        await self._socket.write_message(serialize_msg_to_ws_v1(parts, "shell"), binary=True)

    async def _heard(self, wanted: Callable[[str, dict[str, Any]], bool]) -> dict[str, Any]:
        """The content of the first message that is wanted."""
        assert self._socket
        while (frame := await self._socket.read_message()) is not None:
            assert isinstance(frame, bytes)
            _, parts = deserialize_msg_from_ws_v1(frame)
            kind, content = json.loads(parts[0])["msg_type"], json.loads(parts[3])
            if wanted(kind, content):
                found: dict[str, Any] = content
                return found
        raise Unmeasured("the connection to the kernel was closed")


def _base(address: str) -> str:
    """Under which a page has its kernel: all of the server, or what its key opens."""
    parts = urlsplit(address)
    key = KEY.match(parts.path)
    return f"{parts.scheme}://{parts.netloc}{key[0] if key else '/'}"


async def listen(client: Client, until: float, pause: float, first: float) -> list[float]:
    """Move the slider again and again with a pause between; the seconds of each move."""
    await asyncio.sleep(first)
    moves: list[float] = []
    while time.monotonic() < until:
        try:
            async with asyncio.timeout(ANSWER):
                moves.append(await client.move())
        except TimeoutError as error:
            raise Unmeasured(f"a label did not follow its slider within {ANSWER:.0f} s") from error
        await asyncio.sleep(pause)
    return moves
