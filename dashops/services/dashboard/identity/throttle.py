"""Slows down whoever guesses, by account and by address; it locks nobody out for good."""

import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

REMEMBERED = 10_000  # accounts, addresses and pairs each; the longest untouched go first
FORGOTTEN = 3600  # seconds after the last failure

Key = TypeVar("Key")
Pair = tuple[str, str]


@dataclass(frozen=True)
class Pace:
    """After ``free`` failures the next attempt waits 1, 2, 4 … ``most`` seconds."""

    free: int
    most: int

    def wait(self, failures: int) -> int:
        """Seconds between that failure and the next attempt."""
        over = failures - self.free
        return 0 if over < 0 else min(self.most, 2 ** min(over, 20))


# An address may be that of a whole office, whose people mistype more than one does.
ACCOUNT, ADDRESS = Pace(free=5, most=60), Pace(free=20, most=300)


@dataclass
class Count:
    """Failures, when the last one was, and from when on the next attempt is heard (seconds)."""

    failures: int = 0
    last: float = 0.0
    until: float = 0.0


class Counts(Generic[Key]):
    """Counts by key, of bounded number."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self._found: OrderedDict[Key, Count] = OrderedDict()

    def wait(self, key: Key, now: float) -> float:
        """Seconds until an attempt is heard, 0 if now."""
        found = self._found.get(key)
        if found and now - found.last > FORGOTTEN:
            del self._found[key]
            found = None
        return max(0.0, found.until - now) if found else 0.0

    def add(self, key: Key, now: float) -> None:
        """One failure more."""
        found = self._found.setdefault(key, Count())
        found.failures += 1
        found.last, found.until = now, now + self.pace.wait(found.failures)
        self._found.move_to_end(key)
        while len(self._found) > REMEMBERED:
            self._found.popitem(last=False)

    def take_back(self, key: Key) -> None:
        """One failure less: it was none."""
        if found := self._found.get(key):
            found.failures -= 1
            found.until = found.last
            if found.failures <= 0:
                del self._found[key]

    def clear(self, key: Key) -> None:
        """No failures any more."""
        self._found.pop(key, None)


class Throttle:
    """Says who has to wait; every attempt counts as a failure until ``right`` or ``forgive``.

    So attempts that come at once cannot all pass before the first one has failed. What comes
    while it has to wait is not counted: waiting always helps. An account is told apart from
    others where it succeeded before: there only failures from there count.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._accounts: Counts[str] = Counts(ACCOUNT)
        self._addresses: Counts[str] = Counts(ADDRESS)
        self._pairs: Counts[Pair] = Counts(ACCOUNT)
        self._good: OrderedDict[Pair, None] = OrderedDict()

    def ask(self, account: str, address: str) -> int:
        """Seconds to wait, 0 if this attempt may be tried.

        Without an ``account``, as with tokens, only the address counts.
        """
        now, pair = self._clock(), (_short(account), address)
        if pair in self._good:
            wait = self._pairs.wait(pair, now)
        else:
            wait = max(self._accounts.wait(pair[0], now), self._addresses.wait(address, now))
        if wait > 0:
            return math.ceil(wait)
        if pair in self._good:
            self._pairs.add(pair, now)
        else:
            self._addresses.add(address, now)
            if account:
                self._accounts.add(pair[0], now)
        return 0

    def known(self, account: str, address: str) -> bool:
        """Whether this account succeeded from there before."""
        return (_short(account), address) in self._good

    def right(self, account: str, address: str) -> None:
        """The attempt was right."""
        if not account:  # there is nothing of his own that he could have been right about
            self._addresses.clear(address)
            return
        pair = (_short(account), address)
        self._pairs.clear(pair)
        if pair not in self._good:
            # Not all of its failures: else one account of his own lets somebody guess on.
            self._addresses.take_back(address)
            self._accounts.take_back(pair[0])
        self.trust([(account, address)])

    def forgive(self, account: str, address: str) -> None:
        """The attempt was not judged."""
        pair = (_short(account), address)
        if pair in self._good:
            self._pairs.take_back(pair)
        else:
            self._addresses.take_back(address)
            self._accounts.take_back(pair[0])

    def trust(self, pairs: Iterable[Pair]) -> None:
        """These accounts have succeeded from these addresses."""
        for account, address in pairs:
            pair = (_short(account), address)
            self._good[pair] = None
            self._good.move_to_end(pair)
        while len(self._good) > REMEMBERED:
            self._good.popitem(last=False)


def _short(account: str) -> str:
    # Whoever guesses may also send names of a megabyte.
    return hashlib.sha256(account.strip().lower().encode("utf-8", "replace")).hexdigest()[:32]
