"""Passwords that are guessed, and what answers to wrong ones tell of who has an account."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from dashops.attack.attempts.attempt import Attempt
from dashops.attack.outcome import GotThrough, NotMade, refused
from dashops.attack.probe import Ground

GROUP = "guessing"
GUESSES = 7  # at a name nobody has, after those that were timed: after five one has to wait
ROUNDS, DOUBTED = 3, 5
"""Pairs of answers that are compared, and how many when the first ones differ in time."""
LEAST = 0.025  # seconds: what a server does for one name only must take more to be told


@dataclass(frozen=True)
class Heard:
    """An answer to a wrong password: its words, its seconds, and those of the form before it."""

    text: str
    seconds: float
    form: float


def guessed(ground: Ground) -> str:
    """Guess the password of a name nobody has, until the server makes one wait."""
    _ = ground.account  # where there is no form, nothing can be guessed
    for _ in range(GUESSES):
        answer = ground.stranger.log_in(_nobody(ground), "guess")
        if answer.status == 429:
            return "429 after some guesses"
        refused(answer, (401,))
    raise GotThrough(f"{GUESSES} guesses in a row were heard")


def told(ground: Ground) -> str:
    """Whether a wrong password of a known name is answered otherwise than an unknown name."""
    if any(known.text != unknown.text for known, unknown in _pairs(ground, ROUNDS)):
        raise GotThrough("the two answers differ")
    return "401 in the same words"


def timed(ground: Ground) -> str:
    """Whether one of the two answers takes less than half of the time of the other."""
    for rounds in (ROUNDS, DOUBTED):
        pairs = _pairs(ground, rounds)
        way = min(each.form for pair in pairs for each in pair)
        known, unknown = (
            [each.seconds - way for each in side] for side in zip(*pairs, strict=True)
        )
        if not (quicker(known, unknown) or quicker(unknown, known)):
            return "401 after the same time"
    quick, slow = (f"{statistics.median(each) * 1000:.0f} ms" for each in (known, unknown))
    raise GotThrough(f"a known name is answered after {quick}, an unknown one after {slow}")


def quicker(some: Sequence[float], others: Sequence[float]) -> bool:
    """Whether most of some take less than half of what any of the others takes.

    What only a busy machine does differs from one answer to the next, not from name to name.
    """
    usual, least = statistics.median(some), min(others)
    return usual < least / 2 and least - usual > LEAST


def _pairs(ground: Ground, rounds: int) -> Sequence[tuple[Heard, Heard]]:
    """Answers to a known and to an unknown name in turns, those there are and more."""
    known = (ground.quiet or ground.account).user
    _ = ground.account
    found = ground.noted.setdefault("answers", [])
    assert isinstance(found, list)
    while len(found) < rounds:
        found.append(tuple(_heard(ground, each) for each in (known, _nobody(ground))))
    return found


def _nobody(ground: Ground) -> str:
    # Another one in the next run: an account that was guessed at stays slow for an hour.
    return f"{ground.name}-nobody"


def _heard(ground: Ground, name: str) -> Heard:
    visitor = ground.stranger
    begun = time.perf_counter()
    form = {"username": name, "password": "wrong", "_xsrf": visitor.form()}
    asked = time.perf_counter()
    answer = visitor.post("/login", form)
    ended = time.perf_counter()
    refused(answer, (401, 429))
    if answer.status == 429:
        raise NotMade("the server makes this address wait: try again in an hour")
    lines = answer.text.replace(name, "").splitlines()
    text = "\n".join(line for line in lines if "_xsrf" not in line)
    return Heard(text, ended - asked, asked - begun)


ALL = (
    Attempt(GROUP, "tell from the words of the login who has an account", told),
    Attempt(GROUP, "tell from its time who has an account", timed),
    Attempt(GROUP, "guess passwords", guessed),
)
