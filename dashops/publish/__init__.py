"""The verbs of authors: deploy a notebook, list, look back, go back, remove; values, no printing.

It stands beside flow, which has the verbs of operators; both are read top to bottom.

bundling      a notebook as a file: an app, or what a deploy would send
deploying     a notebook on its way to a server
copying       backup and restore of all of them
comparing     what differs between two revisions
destinations  which server, with which token
administering who may do what: share, tokens, audit
preflighting  what viewers would miss; what the server can run
people        who may log in with a password
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dashops import bundle, client, errors
from dashops.publish import administering, people
from dashops.publish.bundling import Packed, pack
from dashops.publish.comparing import Difference, diff
from dashops.publish.copying import Restored, Saved, backup, restore
from dashops.publish.deploying import Notebook, Published, Upload, deploy_notebook, prepare, watch
from dashops.publish.destinations import Destination, administration, destination
from dashops.publish.preflighting import Checks, Kernels, Preflight, kernels, ready, server_if_any
from dashops.publish.preflighting import check as preflight

__all__ = [
    "Checks",
    "Deploys",
    "Destination",
    "Difference",
    "Kernels",
    "Listing",
    "Notebook",
    "Packed",
    "Preflight",
    "Published",
    "Removed",
    "Restored",
    "Revisions",
    "Saved",
    "Shown",
    "Top",
    "Upload",
    "activate",
    "administering",
    "administration",
    "backup",
    "dashboards",
    "deploy_notebook",
    "deploys",
    "destination",
    "diff",
    "kernels",
    "pack",
    "people",
    "preflight",
    "prepare",
    "ready",
    "remove",
    "restore",
    "revisions",
    "roll_back",
    "server_if_any",
    "show",
    "top",
    "watch",
]


@dataclass(frozen=True)
class Listing:
    """The dashboards of one server."""

    server: str
    dashboards: tuple[client.Dashboard, ...]


@dataclass(frozen=True)
class Revisions:
    """What a server keeps of one dashboard, newest first."""

    server: str
    name: str
    revisions: tuple[client.Revision, ...]


@dataclass(frozen=True)
class Shown:
    """One revision in full."""

    server: str
    name: str
    revision: client.Revision
    files: tuple[client.File, ...]


@dataclass(frozen=True)
class Deploys:
    """The deploys of lately of one server, newest first."""

    server: str
    deploys: tuple[client.Deploy, ...]


@dataclass(frozen=True)
class Top:
    """What the dashboards of one server take at this moment."""

    server: str
    usage: client.usage.Usage


@dataclass(frozen=True)
class Removed:
    """A name that is free again, unless the author declined."""

    server: str
    name: str
    declined: bool


def top(to: Destination) -> Top:
    """What dashboards and viewers take now."""
    return Top(to.server.url, to.server.usage())


def dashboards(to: Destination) -> Listing:
    """All dashboards of the server, by name."""
    return Listing(to.server.url, to.server.dashboards())


def revisions(name: str, to: Destination) -> Revisions:
    """What the server keeps of a dashboard."""
    return Revisions(to.server.url, name, to.server.revisions(bundle.check_name(name)))


def show(wanted: str, to: Destination) -> Shown:
    """The revision that `name@revision` names; without a number the one viewers see.

    Where viewers see none, that is the newest.
    """
    name, number = _named(wanted)
    found = _shown_now(to.server.revisions(name)) if number is None else number
    return Shown(to.server.url, name, *to.server.revision(name, found))


def deploys(name: str | None, to: Destination) -> Deploys:
    """What was deployed lately under a name, or under all of them."""
    if name is not None:
        bundle.check_name(name)
    found = (each for each in to.server.deploys() if name in (None, each.name))
    return Deploys(to.server.url, tuple(found))


def activate(wanted: str, to: Destination) -> client.RolledBack:
    """Let a dashboard show the revision that `name@revision` names, which may be a draft."""
    name, number = _named(wanted)
    if number is None:
        raise errors.SpecError(
            f"`{wanted}` names no revision",
            hint=f"write it like `{name}@3`; `dashops revisions {name}` lists them",
        )
    return to.server.activate(name, number)


def roll_back(name: str, number: int | None, to: Destination) -> client.RolledBack:
    """Let a dashboard show an earlier revision: that one, or the one it showed before."""
    return to.server.roll_back(bundle.check_name(name), number)


def remove(name: str, to: Destination, confirm: Callable[[str], bool]) -> Removed:
    """Take a dashboard off the server, if `confirm` agrees to that name."""
    agreed = confirm(bundle.check_name(name))
    if agreed:
        to.server.remove(name)
    return Removed(to.server.url, name, not agreed)


def _named(wanted: str) -> tuple[str, int | None]:
    """Name and number in `name@3`, or the name alone."""
    name, at, number = wanted.partition("@")
    bundle.check_name(name)
    if at and not (number.isascii() and number.isdecimal()):
        raise errors.SpecError(f"`{wanted}` names no revision", hint=f"write it like `{name}@3`")
    return name, int(number) if at else None


def _shown_now(found: Sequence[client.Revision]) -> int:
    active = (each.revision for each in found if each.state == "active")
    return next(active, max((each.revision for each in found), default=1))
