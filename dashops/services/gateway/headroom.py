"""Whether there is memory for another kernel; pure, what is free and the time are passed in."""

import statistics
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from dashops.services.gateway import memory

YOUNG = 10.0  # seconds in which a kernel takes most of what it will
LAST = 9  # kernels of a kind that tell what the next one takes
REMEMBERED = 500  # kinds
FRESH, FORK = 100 * 2**20, 30 * 2**20  # bytes of a kernel whose kind was never measured
MB = 1e6


class Kind(NamedTuple):
    """Kernels that take alike: those of a revision, forks apart from those that start anew."""

    revision: str
    fork: bool


class Full(Exception):
    """There is no memory for another kernel; the text says how much there is."""


@dataclass(eq=False)
class Claim:
    """A kernel that has not taken all its memory yet: bytes it will, and those it has already.

    ``kernel`` is its id as soon as it has one.
    """

    expected: int
    since: float
    kernel: str = ""
    taken: int = 0

    @property
    def outstanding(self) -> int:
        """Bytes it will still take."""
        return max(0, self.expected - self.taken)


class Headroom:
    """The memory of one gateway, of which `reserve` bytes stay free."""

    def __init__(
        self,
        reserve: int,
        free: Callable[[], int] = memory.available,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reserve = reserve
        self._free = free
        self._clock = clock
        self._claims: list[Claim] = []
        self._measured: OrderedDict[Kind, OrderedDict[str, int]] = OrderedDict()

    def expected(self, kind: Kind) -> int:
        """Bytes that another kernel of this kind takes for itself."""
        found = self._measured.get(kind)
        if found:
            return int(statistics.median(found.values()))
        return FORK if kind.fork else FRESH

    def known(self, kind: Kind) -> bool:
        """Whether enough kernels of this kind were measured."""
        return len(self._measured.get(kind, ())) >= LAST // 2

    def claim(self, kind: Kind, *, alone: bool = False) -> Claim:
        """Memory for a kernel that is about to start.

        ``alone``: no other kernel runs. Then waiting would bring no memory, so only the least is
        asked for, or a dashboard that was large once could never be opened again.

        Raises:
            Full: when there is too little.
        """
        now, expected = self._clock(), self.expected(kind)
        self._claims = [each for each in self._claims if now - each.since < YOUNG]
        waiting_helps = not alone or bool(self._claims)
        needed = expected if waiting_helps else min(expected, FORK if kind.fork else FRESH)
        free, promised = self._free(), sum(each.outstanding for each in self._claims)
        if free - self._reserve - promised < needed:
            raise Full(
                f"no memory for another kernel: it takes about {needed / MB:.0f} MB, and of "
                f"{free / MB:.0f} MB that are free {self._reserve / MB:.0f} MB stay so and "
                f"{promised / MB:.0f} MB are for kernels that have just started"
            )
        claim = Claim(expected, now)
        self._claims.append(claim)
        return claim

    def release(self, claim: Claim) -> None:
        """It did not start."""
        if claim in self._claims:
            self._claims.remove(claim)

    def ended(self, kernel: str) -> None:
        """A kernel ended, and takes nothing any more."""
        self._claims = [each for each in self._claims if each.kernel != kernel]

    def took(self, kernel: str, unique: int) -> None:
        """Bytes that a kernel has taken for itself by now, if it is young."""
        for each in self._claims:
            if each.kernel == kernel:
                each.taken = unique

    def learn(self, kind: Kind, kernel: str, unique: int) -> None:
        """Bytes that a kernel takes which is not young any more, or ends."""
        found = self._measured.setdefault(kind, OrderedDict())
        self._measured.move_to_end(kind)
        found[kernel] = unique
        if len(found) > LAST:
            found.popitem(last=False)
        if len(self._measured) > REMEMBERED:
            self._measured.popitem(last=False)
