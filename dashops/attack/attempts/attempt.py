"""What an attempt is: a name and a function that says how it was refused."""

from collections.abc import Callable
from dataclasses import dataclass

from dashops.attack.probe import Ground

Make = Callable[[Ground], str]
"""Raises GotThrough when it was not refused, NotMade when it could not be tried."""


@dataclass(frozen=True)
class Attempt:
    """One attempt of the catalogue."""

    group: str
    name: str
    make: Make
