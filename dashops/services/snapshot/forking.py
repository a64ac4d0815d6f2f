"""Forks a snapshot on request; apart from the connection to the gateway it keeps nothing open."""

import contextlib
import os
import signal
import socket
import threading
import warnings
from pathlib import Path
from typing import Any

from . import wire

KILLED_FIRST = "800"  # of 1000: without memory the system ends a viewer's kernel, not the gateway


def serve(end: socket.socket) -> tuple[dict[str, Any], socket.socket]:
    """Fork at every request; returns in the forks only.

    Returns:
        what the gateway says of it: where its connection file is, the variables and the claims of
        its viewer; and a connection to the gateway that ends when the gateway does.
    """
    forks: dict[int, int] = {}  # process by its file
    while True:
        for ready in wire.readable(end, *forks):
            if ready is not end:
                os.waitpid(forks.pop(ready), 0)
                os.close(ready)
                continue
            received = wire.receive(end)
            if received is None:
                os._exit(0)  # forks see by themselves that the gateway is gone
            message, (lifeline,) = received
            try:
                process = fork()
            except OSError as error:
                os.close(lifeline)
                wire.send(end, {"failed": str(error)})
                continue
            if process == 0:
                end.close()
                for file in forks:
                    os.close(file)
                return message, socket.socket(fileno=lifeline)
            os.close(lifeline)
            file = os.pidfd_open(process)
            forks[file] = process
            wire.send(end, {"process": process}, file)


def fork() -> int:
    """Fork; raises OSError when there is no memory or process left."""
    with warnings.catch_warnings():
        # Python warns of threads, which were looked for.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def settle(lifeline: socket.socket) -> None:
    """Make a fork a process group of its own that ends with the gateway."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(KILLED_FIRST)
    threading.Thread(target=_follow, args=(lifeline,), name="lifeline", daemon=True).start()


def _follow(lifeline: socket.socket) -> Any:
    # It is reset if the gateway ended before it read which ports the fork has.
    with contextlib.suppress(OSError):
        lifeline.recv(1)
    os.killpg(0, signal.SIGKILL)
