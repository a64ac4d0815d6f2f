"""Passwords as argon2id hashes, made and compared in threads of its own; it keeps none."""

import asyncio
import contextlib
import functools
import os
import sys
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import argon2

SHORTEST, LONGEST = 8, 1000  # characters; NIST SP 800-63B asks for at least 8
WAITING = 8  # strangers in line: at about 0.1 s each nobody waits much longer than a second

# 46 MiB and one pass, of what OWASP recommends the quickest: guessing costs memory, not our time.
_HASHER = argon2.PasswordHasher(time_cost=1, memory_cost=47104, parallelism=1)
KNOWN = True
Result = TypeVar("Result")


class Busy(Exception):
    """Too many passwords wait to be compared."""


class Hashing:
    """Two lines of one thread each: whoever was here before never waits behind strangers."""

    def __init__(self) -> None:
        self._lines = {
            KNOWN: ThreadPoolExecutor(1, "passwords"),
            not KNOWN: ThreadPoolExecutor(1, "guesses", initializer=_yield_to_others),
        }
        self._waiting = dict.fromkeys(self._lines, 0)

    async def right(self, stored: str | None, password: str, *, known: bool) -> bool:
        """Whether the password is that of the hash; without one it is not, and takes as long.

        Raises:
            Busy: when too many wait already.
        """

        def same() -> bool:
            nobody = _nobody()  # also when it is not needed: the first answer must not tell
            return _same(stored or nobody, password)

        return await self._run(known, same) and stored is not None

    async def made(self, password: str) -> str:
        """The hash of a new password."""
        return await self._run(KNOWN, lambda: _HASHER.hash(_plain(password)))

    async def renewed(self, stored: str, password: str) -> str | None:
        """A better hash of the same password, if dashops makes better ones than it did."""
        return await self.made(password) if _HASHER.check_needs_rehash(stored) else None

    def close(self) -> None:
        """Stop; what waits is dropped."""
        for line in self._lines.values():
            line.shutdown(wait=False, cancel_futures=True)

    async def _run(self, known: bool, work: Callable[[], Result]) -> Result:  # noqa: FBT001
        if self._waiting[known] >= WAITING:
            raise Busy
        self._waiting[known] += 1
        loop = asyncio.get_running_loop()
        task = loop.run_in_executor(self._lines[known], work)

        def done(_: object) -> None:
            self._waiting[known] -= 1

        # Also when nobody waits for the answer any longer: the thread is busy until then.
        task.add_done_callback(done)
        return await asyncio.shield(task)


def problem(password: str) -> str:
    """Why this cannot be a password, empty if it can."""
    if not SHORTEST <= len(password) <= LONGEST:
        return f"a password has {SHORTEST} to {LONGEST} characters"
    return ""


def _yield_to_others() -> None:
    # On Linux each thread has a priority of its own; elsewhere this is all of the server.
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 15)


@functools.cache
def _nobody() -> str:
    """Compared with when there is no such person, so that the answer takes as long."""
    return _HASHER.hash("nobody has this password")


def _same(stored: str, password: str) -> bool:
    try:
        return len(password) <= LONGEST and _HASHER.verify(stored, _plain(password))
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def _plain(password: str) -> str:
    # The same letters typed on another keyboard may be other code points.
    return unicodedata.normalize("NFKC", password)
