"""What one kernel may take, set by the shell that starts it; it starts and ends nothing itself."""

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import psutil

# Set where no Python code runs between fork and exec; forks of a snapshot inherit all of it.
# A limit that the system refuses, as the one of this account is lower, leaves that lower one.
# What stands for processes is `-u` in most shells and `-p` in dash. A dump of a kernel's memory
# would be a copy of its data that nobody looks after.
SCRIPT = """
[ "$1" = 0 ] || ulimit -d "$1" 2>/dev/null
[ "$2" = 0 ] || ulimit -u "$2" 2>/dev/null || ulimit -p "$2" 2>/dev/null
[ "$3" = 0 ] || ulimit -t "$3" 2>/dev/null
[ "$4" = 0 ] || ulimit -n "$4" 2>/dev/null
ulimit -c 0 2>/dev/null
shift 4
exec "$@"
"""


@dataclass(frozen=True)
class Limits:
    """Of one kernel; 0 is none.

    `memory` is in bytes of data and `cpu_time` in seconds, each for one process. `processes` is
    of the whole account, as the system counts them by account, and `files` are open at once.
    """

    memory: int = 0
    processes: int = 0
    cpu_time: int = 0
    files: int = 0

    def command(self, words: Sequence[str]) -> list[str]:
        """The words that start what these words start, within the limits."""
        values = (self.memory // 1024, self.processes, self.cpu_time, self.files)
        return ["/bin/sh", "-c", SCRIPT, "kernel", *map(str, values), *words]

    def beside(self, others: int) -> "Limits":
        """The same for an account that has so many other processes, which count as well."""
        return replace(self, processes=self.processes + others) if self.processes else self


def account() -> int:
    """How many processes and threads the account of this process has."""
    total = 0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.uids().real == os.getuid():
                total += process.num_threads()
    return total
