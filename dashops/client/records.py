"""What the dashboard server answers, as values; it decodes and checks, and knows no connection."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from types import UnionType
from typing import Any, NewType, TypeVar, get_args, get_origin

from dashops import bundle

Text = NewType("Text", str)
"""Text of several lines; every other string of an answer is put on one."""


@dataclass(frozen=True)
class Preview:
    """Where a draft can be looked at until it `expires`."""

    url: str
    expires: datetime


@dataclass(frozen=True)
class Opens:
    """How a revision opens: `mode` is snapshot, warm or fresh, empty while nobody knows."""

    mode: str
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        """As people are told."""
        return bundle.opens(self.mode, self.reasons)


@dataclass(frozen=True)
class Deployed:
    """What became of an upload; `link` is the URL people open, `digest` that of the content.

    `preview` is that of a draft, which `link` does not show; `kernel` is how it opens, None from
    a server of before there were snapshots.
    """

    name: str
    link: str
    revision: int
    digest: str
    title: str
    replaced: bool
    unchanged: bool
    warnings: tuple[str, ...]
    preview: Preview | None
    kernel: Opens | None


@dataclass(frozen=True)
class Happening:
    """A step of a deploy; without a `phase` it is a line of the log of the phase before."""

    phase: str
    percent: float
    text: str


@dataclass(frozen=True)
class Restored:
    """The names that came with a backup."""

    dashboards: tuple[str, ...]


@dataclass(frozen=True)
class Started:
    """The id of a deploy that has begun."""

    deploy: str


@dataclass(frozen=True)
class Deploy:
    """A deploy of lately.

    `state` is running, done, draft, unchanged, failed or interrupted (the server stopped);
    `phase` is empty unless it runs, `message` says how it failed.
    """

    id: str
    name: str
    author: str
    state: str
    phase: str
    revision: int | None
    message: str
    started: datetime
    finished: datetime | None


@dataclass(frozen=True)
class Deploys:
    """The deploys of lately, newest first."""

    deploys: tuple[Deploy, ...]


@dataclass(frozen=True)
class Dashboard:
    """One published dashboard; `size` in bytes, `viewers` are pages open now."""

    name: str
    title: str
    link: str
    revision: int
    digest: str
    updated: datetime
    size: int
    kernel: str | None
    viewers: int


@dataclass(frozen=True)
class Failure:
    """Why the server would not show a revision.

    `cell` counts from 1 and is None when no cell is to blame, as when all took too long. `source`
    is that cell's, `traceback` is plain text.
    """

    phase: str
    revision: int
    message: str
    cell: int | None
    source: Text
    traceback: Text


@dataclass(frozen=True)
class Revision:
    """What was deployed under a name once; `size` in bytes, `viewers` are pages open now.

    `state` is active, good, draft or failed; `author` and `commit` are empty where git knew none.
    `activated` is when the name last showed it, `dependencies` where its packages come from.
    """

    revision: int
    digest: str
    state: str
    created: datetime
    activated: datetime | None
    title: str
    size: int
    kernel: str | None
    author: str
    commit: str
    viewers: int
    failure: Failure | None
    dependencies: str
    warnings: tuple[str, ...]
    opens: Opens | None


@dataclass(frozen=True)
class History:
    """The revisions of one dashboard that the server keeps, newest first."""

    name: str
    revisions: tuple[Revision, ...]


@dataclass(frozen=True)
class File:
    """One file of an upload or a revision; `size` in bytes."""

    path: str
    size: int


@dataclass(frozen=True)
class Contents:
    """The files of a revision."""

    files: tuple[File, ...]


@dataclass(frozen=True)
class RolledBack:
    """The revision that a name shows now and the `previous` one, if any; `link` as in Deployed."""

    name: str
    link: str
    revision: int
    previous: int | None
    title: str


@dataclass(frozen=True)
class Viewer:
    """One open page; `idle` in seconds, `current` if new visits get the same revision."""

    dashboard: str
    revision: int
    current: bool
    user: str
    since: datetime
    idle: float
    connected: bool


@dataclass(frozen=True)
class Gateway:
    """One gateway as the dashboard server sees it; `kernels` is None when it is not reachable."""

    url: str
    reachable: bool
    kernels: int | None


@dataclass(frozen=True)
class Status:
    """The dashboard server at this moment."""

    version: str
    dashboards: int
    viewers: tuple[Viewer, ...]
    gateways: tuple[Gateway, ...]


@dataclass(frozen=True)
class Listing:
    """All published dashboards."""

    dashboards: tuple[Dashboard, ...]


Record = TypeVar("Record", bound=object)


def decode(kind: type[Record], data: Any) -> Record:
    """A record from JSON; ValueError names what does not fit, unknown keys are ignored."""
    found = _decode(kind, data, kind.__name__)
    assert isinstance(found, kind)
    return found


def clean(text: Any) -> str:
    """A server's text on one line, at most 500 characters, without what a terminal would obey."""
    if not isinstance(text, str):
        return ""
    return _printable(text).strip()[:500]


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in _ANSI.sub("", text))


_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_LONGEST = 200_000


def _lines(text: str) -> Text:
    """Several lines that a terminal only shows; of very long text, the end."""
    lines = _ANSI.sub("", text[-_LONGEST:]).expandtabs(4).splitlines()
    return Text("\n".join(_printable(line).rstrip() for line in lines))


def _decode(kind: Any, data: Any, name: str) -> Any:
    if get_origin(kind) is UnionType:  # `X | None` is the only one there is
        return None if data is None else _decode(get_args(kind)[0], data, name)
    if is_dataclass(kind) and isinstance(data, Mapping):
        build: Any = kind
        return build(
            **{
                each.name: _decode(each.type, data.get(each.name), each.name)
                for each in fields(kind)
            }
        )
    if get_origin(kind) is tuple and isinstance(data, list):
        return tuple(_decode(get_args(kind)[0], item, name) for item in data)
    if kind is datetime and isinstance(data, str):
        moment = datetime.fromisoformat(data)
        if moment.tzinfo is None:
            raise ValueError(f"`{name}` has no time zone")
        return moment
    if kind is Text and isinstance(data, str):
        return _lines(data)
    plain = (int, float) if kind is float else (kind,)
    # `type` and not isinstance: true is no number.
    if type(data) in plain and type(data) in (str, int, float, bool):
        return clean(data) if isinstance(data, str) else data
    raise ValueError(f"no `{name}` as expected")
