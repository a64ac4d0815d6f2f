"""Forks once to see whether a fork lives; what it finds is told as hazards are."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

from . import forking, wire

DEADLINE = 10  # seconds that a fork may take for next to nothing
SIDE = 256  # of a matrix large enough that a library uses its threads


def fork() -> Iterator[dict[str, str]]:
    """The hazards that one fork shows."""
    failed: list[str] = []
    hook = sys.unraisablehook
    sys.unraisablehook = lambda found: failed.append(repr(found.exc_value))
    try:
        process = forking.fork()
    except OSError as error:
        yield {"kind": "fork", "text": f"it cannot be forked: {error}"}
        return
    finally:
        sys.unraisablehook = hook
    if process == 0:
        os._exit(_use(failed))
    file = os.pidfd_open(process)
    hung = not wire.readable(file, seconds=DEADLINE)
    if hung:
        os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    os.close(file)
    for each in failed:
        yield {"kind": "fork", "text": f"a function that it registered for forks failed: {each}"}
    if hung:
        yield {"kind": "fork", "text": f"a fork of it did nothing for {DEADLINE} seconds"}
    elif status and not failed:
        how = os.waitstatus_to_exitcode(status)
        yield {"kind": "fork", "text": f"a fork of it ended at once ({how})"}


def _use(failed: list[str]) -> int:
    """Use what forks break: threads, and libraries that have some."""
    if failed:
        return 1
    try:
        signal.alarm(2 * DEADLINE)  # it must end by itself if nobody waits for it any more
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
        numpy: Any = sys.modules.get("numpy")
        if numpy:
            ones = numpy.ones((SIDE, SIDE))
            ones @ ones
    except BaseException:  # noqa: BLE001 whatever it is, it must not go on as a second kernel
        return 1
    return 0
