"""What the dashboard server answers, as values; it decodes and checks, and knows no connection."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin


@dataclass(frozen=True)
class Deployed:
    """What became of an upload; `link` is the URL people open."""

    name: str
    link: str
    revision: str
    title: str
    replaced: bool
    unchanged: bool


@dataclass(frozen=True)
class Dashboard:
    """One published dashboard; `size` in bytes, `viewers` are pages open now."""

    name: str
    title: str
    link: str
    revision: str
    updated: datetime
    size: int
    kernel: str | None
    viewers: int


@dataclass(frozen=True)
class Viewer:
    """One open page; `idle` in seconds."""

    dashboard: str
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


Record = TypeVar("Record", Deployed, Listing, Status)


def decode(kind: type[Record], data: Any) -> Record:
    """A record from JSON; ValueError names what does not fit, unknown keys are ignored."""
    found = _decode(kind, data, kind.__name__)
    assert isinstance(found, kind)
    return found


def clean(text: Any) -> str:
    """A server's text on one line, at most 500 characters, without what a terminal would obey."""
    if not isinstance(text, str):
        return ""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()[:500]


def _decode(kind: Any, data: Any, name: str) -> Any:
    if is_dataclass(kind) and isinstance(data, Mapping):
        build: Any = kind
        types = {field.name: field.type for field in fields(kind)}
        return build(**{key: _decode(inner, data.get(key), key) for key, inner in types.items()})
    if get_origin(kind) is tuple and isinstance(data, list):
        return tuple(_decode(get_args(kind)[0], item, name) for item in data)
    if kind is datetime and isinstance(data, str):
        moment = datetime.fromisoformat(data)
        if moment.tzinfo is None:
            raise ValueError(f"`{name}` has no time zone")
        return moment
    plain = get_args(kind) or (kind,)
    if kind is float:
        plain = (int, float)
    # `type` and not isinstance: true is no number.
    if type(data) in plain and type(data) in (str, int, float, bool, NoneType):
        return clean(data) if isinstance(data, str) else data
    raise ValueError(f"no `{name}` as expected")
