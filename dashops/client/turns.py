"""Dashboard servers that take turns: which one answers, and which one visitors are sent to."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dashops.client import Server

NUMBER = "X-Dashops-Server"
"""The header by which the proxy leads to one of several servers."""


@dataclass(frozen=True)
class Turn:
    """The number of the `server` that answers, and of the one whose `turn` it is."""

    server: str
    turn: str


def seen(server: "Server") -> Turn:
    """Whose turn it is."""
    return server._record(Turn, server._ask("GET", "_api/turn"))


def take(server: "Server") -> Turn:
    """Send visitors to the server that answers; SpecError where there is only one."""
    return server._record(Turn, server._ask("PUT", "_api/turn"))
