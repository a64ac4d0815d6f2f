"""Questions to the supervisor over its unix socket; it starts and stops nothing."""

import http.client
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The kernel's limit of a unix socket path, less the final zero byte.
LONGEST = 107


@dataclass(frozen=True)
class Process:
    """A slot as its supervisor sees it; `state` in supervisor's words, `pid` 0 when not running."""

    state: str
    pid: int = 0
    since: float = 0
    said: str = ""


def socket(state_dir: Path) -> Path:
    """The unix socket of a stack's supervisor."""
    return state_dir / "run" / "supervisor.sock"


def connect(state_dir: Path) -> Any:
    """A client of supervisor's XML-RPC interface; it connects on the first call."""
    from supervisor.xmlrpc import SupervisorTransport

    transport = SupervisorTransport(None, None, f"unix://{socket(state_dir)}")
    return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor


def processes(state_dir: Path) -> Mapping[str, Process] | None:
    """Every slot the supervisor knows; None when no supervisor answers."""
    if not socket(state_dir).exists():
        return None
    try:
        found = connect(state_dir).getAllProcessInfo()
    except (OSError, http.client.HTTPException, xmlrpc.client.Error):
        return None
    return {
        each["name"]: Process(
            each["statename"], each["pid"], each["start"] if each["pid"] else 0, each["spawnerr"]
        )
        for each in found
    }
