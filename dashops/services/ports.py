"""Which TCP ports kernels get; it starts nothing."""

import secrets
import socket
from contextlib import suppress
from pathlib import Path

from jupyter_client.connect import LocalPortCache

LOWEST = 20_000
TRIES = 200
# The first port of those that Linux gives to connections to other places.
FIRST = Path("/proc/sys/net/ipv4/ip_local_port_range")


class Ports(LocalPortCache):
    """Finds ports below those that any connection may be given.

    Jupyter takes one of the latter, and the kernel listens on it a second later: on a busy machine
    another program's connection had it by then, and the kernel died. Who makes the first
    instance in a process makes that of Jupyter.
    """

    def find_available_port(self, ip: str) -> int:
        """A port nobody listens on now, and no other kernel of this server was told."""
        for _ in range(TRIES):
            port = LOWEST + secrets.randbelow(max(1, _first() - LOWEST))
            if port not in self.currently_used_ports and _free(ip, port):
                self.currently_used_ports.add(port)
                return port
        return int(super().find_available_port(ip))


def _first() -> int:
    with suppress(OSError, ValueError, IndexError):
        return int(FIRST.read_text().split()[0])
    return 32_768


def _free(ip: str, port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        probe.bind((ip, port))
        return True
    return False
