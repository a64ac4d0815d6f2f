"""What the store gives out: plain values, which nobody changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

LISTS = ("assets", "warnings", "reasons")  # in a table they are JSON


@dataclass(frozen=True)
class Revision:
    """What was deployed under a name once.

    ``number`` counts from 1 per name, ``digest`` is that of the content and ``source`` that of
    what was uploaded, before the server added a lock. ``state`` is new until the gate has run it,
    then good or failed; ``failure`` says how it failed, ``warnings`` what the author should know.
    ``environment`` is the SHA-256 of the lock and ``dependencies`` where its packages were named;
    both are empty for the default environment. ``mode`` says how it opens, ``reasons`` why; it is
    empty as long as nobody knows. Times are ISO 8601 UTC, ``size`` is in bytes, ``activated`` is
    when the name last got this revision.
    """

    name: str
    number: int
    digest: str
    state: str
    title: str
    kernel: str
    language: str
    created: str
    size: int
    assets: tuple[str, ...]
    author: str
    commit: str
    failure: Mapping[str, Any] | None
    source: str = ""
    environment: str = ""
    dependencies: str = ""
    warnings: tuple[str, ...] = ()
    thumbnail: bool = False
    mode: str = ""
    reasons: tuple[str, ...] = ()
    activated: str | None = None

    def row(self) -> dict[str, Any]:
        """What its table keeps of it."""
        kept = {key: value for key, value in vars(self).items() if key != "activated"}
        return {**kept, **{key: list(kept[key]) for key in LISTS}}


def revision(row: Mapping[Any, Any]) -> Revision:
    """The revision in a row of its table."""
    lists = {key: tuple(row[key] or ()) for key in LISTS}
    return Revision(**{**row, **lists})


@dataclass(frozen=True)
class Deploy:
    """One try to deploy; ``state`` is running, done, failed, interrupted, draft or unchanged."""

    id: str
    name: str
    author: str
    state: str
    revision: int | None
    message: str
    started: str
    finished: str | None


@dataclass(frozen=True)
class Token:
    """What is kept of a token of programs: not the token, but its SHA-256.

    Whatever is deployed with it is deployed by ``creator``, if it has one. Times are ISO 8601
    UTC; a token without ``expires`` is good until it is ``revoked``.
    """

    id: str
    name: str
    hash: str
    scopes: tuple[str, ...]
    created: str
    expires: str | None
    used: str | None = None
    revoked: str | None = None
    creator: str = ""


def token(row: Mapping[Any, Any]) -> Token:
    """The token in a row of its table."""
    return Token(**{**row, "scopes": tuple(row["scopes"])})


def now() -> str:
    """This second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def moment() -> str:
    """This millisecond, where the order of things that follow each other counts."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
