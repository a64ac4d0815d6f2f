"""Which TCP ports kernels get; it starts nothing."""

import errno
import secrets
import socket
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_client.connect import LocalPortCache

LOWEST = 20_000
TRIES = 200
PROMISED = 100  # ports, five of a kernel, that are no other server's: more than start at one time
# The first port of those that Linux gives to connections to other places.
FIRST = Path("/proc/sys/net/ipv4/ip_local_port_range")


class Ports(LocalPortCache):
    """Finds ports below those that any connection may be given.

    Jupyter takes one of the latter, and the kernel listens on it a second later: on a busy machine
    another program's connection had it by then, and the kernel died. Other servers of ours look
    among the same ports: what one has found the others leave to it until its kernel listens. Who
    makes the first instance in a process makes that of Jupyter.
    """

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._promises: deque[socket.socket] = deque()

    def __del__(self) -> None:
        for each in self._promises:
            each.close()

    def find_available_port(self, ip: str) -> int:
        """A port nobody listens on now, and no kernel was told of ours or of another server."""
        for _ in range(TRIES):
            port = LOWEST + secrets.randbelow(max(1, _first() - LOWEST))
            if port not in self.currently_used_ports and self._promised(port) and _free(ip, port):
                self.currently_used_ports.add(port)
                return port
        return int(super().find_available_port(ip))

    def _promised(self, port: int) -> bool:
        """Whether it is ours alone; the oldest promises end, as their kernels listen by now."""
        # Linux lets go of such a name when this process ends, and it is no file.
        promise = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            promise.bind(f"\0dashops-port-{port}")
        except OSError as error:
            promise.close()
            return error.errno != errno.EADDRINUSE  # other systems have no such names
        self._promises.append(promise)
        if len(self._promises) > PROMISED:
            self._promises.popleft().close()
        return True


def _first() -> int:
    with suppress(OSError, ValueError, IndexError):
        return int(FIRST.read_text().split()[0])
    return 32_768


def _free(ip: str, port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        probe.bind((ip, port))
        return True
    return False
