"""Messages between a gateway and a snapshot over a socket pair; it does not know what they mean."""

import json
import os
import select
import socket
from typing import Any

LIMIT = 100_000  # bytes of a message, which travels as one packet
FILES = 4  # most file descriptors that come with one


def pair() -> tuple[socket.socket, socket.socket]:
    """Two ends of a connection that keeps messages whole."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(end: socket.socket, message: dict[str, Any], *files: int) -> None:
    """Send a message and copies of open files; raises OSError when the other end is gone."""
    packet = json.dumps(message).encode()
    if files:
        socket.send_fds(end, [packet], list(files))
    else:
        end.sendall(packet)


def receive(end: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """The next message and the files that came with it; None when the other end is gone."""
    try:
        packet, files, _, _ = socket.recv_fds(end, LIMIT, FILES)
    except ConnectionError:
        return None
    if not packet:
        for each in files:
            os.close(each)
        return None
    return read(packet), list(files)


def read(packet: bytes) -> dict[str, Any]:
    """The message that came as one packet."""
    message: dict[str, Any] = json.loads(packet)
    return message


def readable(*ends: Any, seconds: float | None = None) -> list[Any]:
    """Those that have something to read, at once or within some seconds."""
    poll = select.poll()
    found = {each if isinstance(each, int) else each.fileno(): each for each in ends}
    for number in found:
        poll.register(number, select.POLLIN)
    events = poll.poll(None if seconds is None else seconds * 1000)
    return [found[number] for number, _ in events]
