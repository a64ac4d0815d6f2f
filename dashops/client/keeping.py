"""What a server keeps of one dashboard, for those who look at it: who may view it, pictures."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashops.client.administration import Grant
from dashops.client.records import Preview, Revision

if TYPE_CHECKING:
    from dashops.client import Server


@dataclass(frozen=True)
class Viewers:
    """Who may open it; `default`: because nobody shared it, and a setting says so."""

    owner: str
    grants: tuple[Grant, ...]
    default: bool


@dataclass(frozen=True)
class Sketch(Revision):
    """A revision, and if it is a draft where it can be looked at, for who may publish it."""

    preview: Preview | None


@dataclass(frozen=True)
class Kept:
    """The revisions, newest first, and `access`, None from a server that does not tell it."""

    name: str
    link: str | None
    revisions: tuple[Sketch, ...]
    access: Viewers | None


def kept(server: "Server", name: str) -> Kept:
    """All of it; SpecError when there is no such dashboard."""
    return server._record(Kept, server._ask("GET", f"_api/notebooks/{name}/revisions"))


def thumbnail(server: "Server", name: str, number: int) -> bytes:
    """A PNG of what a revision looked like when it was checked; SpecError when there is none."""
    return server._ask("GET", f"_api/notebooks/{name}/revisions/{number}/thumbnail").content
