"""One dashops at a time works on a stack, and others learn which; it changes nothing else.

The kernel's lock on the file `lock` is the truth: it ends with its process, however that dies.
What people are told of its holder is in a file beside it.
"""

import contextlib
import fcntl
import getpass
import json
import os
import secrets as random
import shlex
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from dashops import secrets
from dashops.errors import DashopsError
from dashops.plan import Event

LOCK, HOLDER = "lock", "lock.holder"

# Seconds: between two tries, and for how long there is more than one in any case.
POLL, GRACE = 0.05, 0.1


@dataclass(frozen=True)
class Holder:
    """Who works on a stack: `id` names this one time, `since` is in UTC, `reason` his own words."""

    id: str
    user: str
    host: str
    pid: int
    command: str
    since: datetime
    reason: str

    def __str__(self) -> str:
        """As people are told."""
        reason = f", because: {self.reason}" if self.reason else ""
        return (
            f"{self.user}@{self.host} runs `{self.command}` (process {self.pid}) "
            f"since {self.since.astimezone():%Y-%m-%d %H:%M:%S}{reason}"
        )


@dataclass(frozen=True)
class Held:
    """The lock while one has it."""

    folder: Path
    holder: Holder
    file: IO[str]

    def keep(self) -> None:
        """Raise DashopsError when somebody broke the lock, so that two never work at once."""
        if not _same(self.file, self.folder / LOCK):
            raise DashopsError(
                "somebody broke the lock of this stack while this command worked",
                hint="`dashops history` says who came next; `dashops plan` what is left to do",
                where=str(self.folder / LOCK),
            )


@contextlib.contextmanager
def hold(
    folder: Path, reason: str = "", wait: float = 0, tell: Callable[[Event], None] | None = None
) -> Iterator[Held]:
    """Hold the lock of the stack with this state folder, after `wait` seconds at the most.

    Raises DashopsError with the holder when another dashops works on it for longer.
    """
    secrets.make_folder(folder)
    folder.chmod(0o700)
    # The folder often lies in a repository, and nothing in it belongs there.
    if not (folder / ".gitignore").exists():
        secrets.write(folder / ".gitignore", "*\n")
    with _acquired(folder, wait, tell or (lambda _: None)) as file:
        held = Held(folder, _me(reason), file)
        text = json.dumps(asdict(held.holder), default=datetime.isoformat)
        secrets.write(folder / HOLDER, text + "\n")
        try:
            yield held
        finally:
            # After the lock was broken, this is about another.
            if _same(file, folder / LOCK):
                (folder / HOLDER).unlink(missing_ok=True)


def holder(folder: Path) -> Holder | None:
    """Who holds the lock now; None when nobody does, whatever a dead holder left behind."""
    if not (folder / LOCK).exists() or _free(folder):
        return None
    try:
        told = json.loads((folder / HOLDER).read_text(encoding="utf-8"))
        return Holder(**told | {"since": datetime.fromisoformat(told["since"])})
    except (OSError, ValueError, TypeError, KeyError):
        # It took the lock a moment ago, or another version of dashops did.
        return Holder("unknown", "somebody", "this host", 0, "dashops", datetime.now(UTC), "")


def forget(folder: Path) -> bool:
    """Remove what a dead holder left; whether there was something."""
    left = (folder / HOLDER).exists()
    (folder / HOLDER).unlink(missing_ok=True)
    return left


def take_away(folder: Path) -> None:
    """Break the lock of a living holder, who notices before the next step and stops."""
    (folder / HOLDER).unlink(missing_ok=True)
    (folder / LOCK).unlink(missing_ok=True)


@contextlib.contextmanager
def _acquired(folder: Path, wait: float, tell: Callable[[Event], None]) -> Iterator[IO[str]]:
    # Who asks whether it is held takes it for a moment, too.
    deadline = time.monotonic() + max(wait, GRACE)
    told = not wait
    while True:
        with (folder / LOCK).open("a") as file:
            os.fchmod(file.fileno(), 0o600)
            if _locked(file) and _same(file, folder / LOCK):
                yield file
                return
        if time.monotonic() >= deadline:
            raise _busy(folder)
        if not told:
            tell(Event("lock", "note", f"waits up to {wait:.0f} s: {holder(folder)}"))
            told = True
        time.sleep(POLL)


def _busy(folder: Path) -> DashopsError:
    who = holder(folder)
    return DashopsError(
        f"another `dashops` is working on this stack: {who or 'it ended this moment'}",
        hint="wait until it is done, with `--wait SECONDS`; `dashops unlock` says how to break it",
        where=str(folder / LOCK),
    )


def _free(folder: Path) -> bool:
    try:
        with (folder / LOCK).open("r") as file:
            return _locked(file)
    except OSError:
        return True


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _same(file: IO[str], path: Path) -> bool:
    # A broken lock is another file by the same name.
    try:
        return os.fstat(file.fileno()).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


def _me(reason: str) -> Holder:
    return Holder(
        id=random.token_hex(4),
        user=who(),
        host=socket.gethostname(),
        pid=os.getpid(),
        command=shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        since=datetime.now(UTC),
        reason=reason,
    )


def who() -> str:
    """The name of this process's user, or his number where he has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
