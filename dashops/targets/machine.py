"""What targets ask of this machine alike: texts, secrets, and whether a port is free."""

import socket
from pathlib import Path

BINARY = {".whl"}


def read(folder: Path) -> dict[str, str]:
    """All files of text below a folder, by path; none when it is not there."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in BINARY
    }


def secrets(state_dir: Path) -> tuple[str, ...]:
    """The names of the secrets that were made."""
    return tuple(sorted(path.name for path in (state_dir / "secrets").glob("[!.]*")))


def free(port: int) -> bool:
    """Whether nobody listens on a TCP port of 127.0.0.1."""
    with socket.socket() as probe:
        # As the servers do, or a connection that closed a moment ago would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
