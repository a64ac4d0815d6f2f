"""A websocket that sends what it is told to, and Jupyter's messages in it; it judges nothing."""

import base64
import itertools
import json
import os
import random
import re
import struct
import time
from collections.abc import Iterator
from typing import Any

from dashops.attack import wire

PROTOCOL = "v1.kernel.websocket.jupyter.org"
PATIENCE = 15  # seconds for a kernel's answer
COPIES = 4  # of each frame, broken in some place
ITS_PAGE = "of its page"
# Where each dashboard has a host of its own; elsewhere pages have no origin.
OWN_HOST = re.compile(r"ws(s?://[a-z0-9-]+-[0-9a-f]{16}\.[^/]+)")
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Denied(Exception):
    """The server refused the handshake."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class Closed(Exception):
    """The server closed the websocket."""


def page_origin(url: str) -> str:
    """What browsers say where a page comes from that connects to its own websocket."""
    own = OWN_HOST.match(url)
    return f"http{own[1]}" if own else "null"


class Socket:
    """An open websocket; Denied when the server wants none. ``origin``: by default its page's."""

    def __init__(
        self,
        url: str,
        protocol: str | None = PROTOCOL,
        origin: str | None = ITS_PAGE,
        headers: wire.Headers = (),
    ) -> None:
        said = {"Host": wire.host_of(url), **dict(headers)}
        said |= {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        said |= {"Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode()}
        said |= {"Sec-WebSocket-Protocol": protocol} if protocol else {}
        origin = page_origin(url) if origin == ITS_PAGE else origin
        said |= {"Origin": origin} if origin else {}
        path = wire.path_of(url)
        lines = [f"GET {path}?session_id=attack HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in said.items()]
        self._line = wire.connect(url, PATIENCE)
        self._had = b""
        try:
            self._line.sendall("\r\n".join([*lines, "", ""]).encode())
            head = self._until(b"\r\n\r\n").decode(errors="replace").split()
        except OSError:
            self._line.close()
            raise
        status = int(head[1]) if len(head) > 1 and head[1].isdecimal() else 0
        if status != 101:
            self._line.close()
            raise Denied(status)

    def close(self) -> None:
        """Go away without a word, as a tab that is gone."""
        self._line.close()

    def send(self, data: bytes, kind: int = BINARY) -> None:
        """Send one frame; Closed when nobody is there any more."""
        try:
            self._line.sendall(header(len(data), kind) + data)
        except OSError as error:
            raise Closed from error

    def raw(self, data: bytes) -> None:
        """Send bytes that need not be a frame."""
        try:
            self._line.sendall(data)
        except OSError as error:
            raise Closed from error

    def receive(self) -> bytes:
        """The next message; Closed at the end, TimeoutError when there is none for long."""
        whole = b""
        while True:
            first, second = self._take(2)
            size = second & 127
            if size > 125:
                size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
            data, kind = self._take(size), first & 15
            if kind == CLOSE:
                raise Closed
            if kind == PING:
                self.send(data, PONG)
            elif kind != PONG:
                whole += data
                if first & 128:
                    return whole

    def _take(self, size: int) -> bytes:
        while len(self._had) < size:
            try:
                more = self._line.recv(2**16)
            except TimeoutError:
                raise
            except OSError as error:
                raise Closed from error
            if not more:
                raise Closed
            self._had += more
        data, self._had = self._had[:size], self._had[size:]
        return data

    def _until(self, end: bytes) -> bytes:
        while end not in self._had:
            more = self._line.recv(2**16)
            if not more:
                break
            self._had += more
        data, _, self._had = self._had.partition(end)
        return data


def header(size: int, kind: int = BINARY) -> bytes:
    """The beginning of a frame of that size, masked with zeros: it says what it has."""
    if size < 126:
        return bytes([128 | kind, 128 | size]) + bytes(4)
    if size < 2**16:
        return bytes([128 | kind, 128 | 126]) + struct.pack(">H", size) + bytes(4)
    return bytes([128 | kind, 128 | 127]) + struct.pack(">Q", size) + bytes(4)


def message(kind: str, content: Any, channel: str = "shell") -> tuple[str, bytes]:
    """Id and frame of one of Jupyter's messages."""
    name = f"{kind}-{time.monotonic_ns()}"
    head = {"msg_id": name, "msg_type": kind, "session": "attack", "username": ""}
    head |= {"version": "5.4", "date": "2026-01-01T00:00:00Z"}
    return name, framed(channel, *(json.dumps(part).encode() for part in (head, {}, {}, content)))


def framed(channel: str, *parts: bytes) -> bytes:
    """A frame of Jupyter's v1 protocol: places, channel, parts."""
    pieces = [channel.encode(), *parts]
    places = [8 * (len(pieces) + 2)]
    for each in pieces:
        places.append(places[-1] + len(each))
    return struct.pack(f"<{len(places) + 1}Q", len(places), *places) + b"".join(pieces)


def read(frame: bytes) -> tuple[str, str, str, dict[str, Any]]:
    """Channel, kind, id of what it answers, and content of a message."""
    count = int.from_bytes(frame[:8], "little")
    places = struct.unpack_from(f"<{count}Q", frame, 8)
    parts = [frame[a:b] for a, b in itertools.pairwise(places)]
    head, parent, content = (json.loads(parts[at]) for at in (1, 2, 4))
    return parts[0].decode(), head["msg_type"], str(parent.get("msg_id", "")), content


def broken(frame: str | bytes) -> Iterator[str | bytes]:
    """The frame and copies of it with bytes written over, left out or added; the same each time."""
    yield frame
    if not isinstance(frame, bytes):
        return
    chance = random.Random(frame)
    for _ in range(COPIES):
        at, size = chance.randrange(len(frame) + 1), chance.randrange(9)
        yield chance.choice(
            [
                frame[:at] + chance.randbytes(size) + frame[at + size :],
                frame[:at] + frame[at + size :],
                frame[:at] + chance.randbytes(size) + frame[at:],
                frame[:at],
            ]
        )
