"""What came of an attempt, in words that a report has; it sends nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from dashops import errors
from dashops.attack import wire

MARK = "no-viewer-may-read-this-line"
"""A word of the probe's code: in no answer and no frame may it be."""

Kind = Literal["refused", "got through", "not made"]


class GotThrough(Exception):
    """An attempt had an effect it must not have; the message says which."""


class NotMade(Exception):
    """An attempt could not be made; the message says why."""


@dataclass(frozen=True)
class Outcome:
    """One line of the report; ``how`` it was refused, got through or could not be made."""

    group: str
    name: str
    kind: Kind
    how: str


@dataclass(frozen=True)
class Report:
    """What came of all attempts against one server."""

    server: str
    outcomes: tuple[Outcome, ...]

    def count(self, kind: Kind) -> int:
        """How many attempts ended so."""
        return sum(each.kind == kind for each in self.outcomes)

    @property
    def passed(self) -> bool:
        """Whether all attempts were made, and all of them were refused."""
        return bool(self.outcomes) and self.count("refused") == len(self.outcomes)

    def raise_for_failures(self) -> None:
        """ChecksFailed when something got through; DashopsError when some were not made."""
        if through := self.count("got through"):
            raise errors.ChecksFailed(
                f"{through} of {len(self.outcomes)} attempts got through",
                hint="take the server off the network until they are refused",
            )
        if not self.passed:
            raise errors.DashopsError(
                f"{self.count('not made')} of {len(self.outcomes)} attempts were not made, "
                "so nobody knows whether they would be refused",
                hint="the report says for each what it lacked",
            )


def refused(answer: wire.Answer, codes: Iterable[int] = (400, 401, 403, 404, 405)) -> str:
    """How a request was refused; GotThrough when it was not."""
    sourceless(answer.text)
    if answer.status == 0:
        return "closed"
    if answer.status in (302, 303) and wire.path_of(answer.location).startswith("/login"):
        return f"{answer.status} to the login"
    if answer.status in codes:
        return str(answer.status)
    to = f" to `{answer.location}`" if answer.location else ""
    raise GotThrough(f"it was answered with {answer.status}{to}")


def sourceless(text: str) -> None:
    """GotThrough when the probe's code is in a text."""
    if MARK in text:
        raise GotThrough("the answer has code of the notebook in it")
