"""The verbs of authors: deploy a notebook, list, look back, go back, remove; values, no printing.

It stands beside flow, which has the verbs of operators; both are read top to bottom.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dashops import bundle, client, errors
from dashops.plan import Event
from dashops.publish import origin
from dashops.publish.destinations import Destination, destination
from dashops.publish.preflighting import Checks, Kernels, Preflight, kernels, ready, server_if_any
from dashops.publish.preflighting import check as preflight
from dashops.run import Run

__all__ = [
    "Checks",
    "Destination",
    "Kernels",
    "Listing",
    "Notebook",
    "Preflight",
    "Published",
    "Removed",
    "Revisions",
    "Shown",
    "Upload",
    "dashboards",
    "deploy_notebook",
    "destination",
    "kernels",
    "preflight",
    "prepare",
    "ready",
    "remove",
    "revisions",
    "roll_back",
    "server_if_any",
    "show",
]

Tell = Callable[[Event], None]
"""Receives progress while a verb works; the view supplies it."""


@dataclass(frozen=True)
class Notebook:
    """What an author wants on a server: a notebook, files beside those it names, and a name.

    `name` None is made from that of the file.
    """

    path: Path
    files: Sequence[Path] = ()
    name: str | None = None


@dataclass(frozen=True)
class Upload:
    """What is about to be published under `name`, the notebook first.

    `missing` are images the notebook shows, or files of a list in it, that are not there.
    """

    name: str
    files: tuple[client.File, ...]
    missing: tuple[str, ...]
    origin: origin.Origin
    data: bytes = field(repr=False)

    @property
    def total(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True)
class Published:
    """What became of an upload; `link` is the URL to hand to viewers."""

    name: str
    link: str
    revision: int
    digest: str
    title: str
    replaced: bool
    unchanged: bool
    files: tuple[client.File, ...]
    missing: tuple[str, ...]


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
class Removed:
    """A name that is free again, unless the author declined."""

    server: str
    name: str
    declined: bool


def prepare(notebook: Notebook, limit: int, run: Run) -> Upload:
    """Read what goes up, at most `limit` bytes, and ask git where it is from. Sends nothing."""
    path, name = notebook.path, notebook.name
    checked = bundle.name_for(path) if name is None else bundle.check_name(name)
    packed = bundle.collect(path, notebook.files, limit)
    contents = {bundle.NOTEBOOK: bundle.encode(packed.notebook), **packed.files}
    return Upload(
        checked,
        tuple(client.File(path, len(content)) for path, content in contents.items()),
        packed.missing,
        origin.of(path, run),
        bundle.pack(packed),
    )


def deploy_notebook(
    notebook: Notebook,
    to: Destination,
    run: Run,
    announce: Callable[[Upload], None],
    tell: Tell,
) -> Published:
    """Publish a notebook with its files, if it runs on the server: NotebookFailed if not.

    `announce` is told what goes up before it does. The name shows the new revision from the next
    visit on. An interruption says in its message what the server does then.
    """
    upload = prepare(notebook, to.limit, run)
    announce(upload)
    name, fields = upload.name, upload.origin.fields
    then = "nothing was published"

    def sent(done: int, total: int) -> None:
        nonlocal then
        tell(Event(name, "progress", "uploading", done, total))
        if done == total:
            tell(Event(name, "start", "running the notebook"))
            then = f"the server finishes anyway, `dashops revisions {name}` shows the outcome"

    tell(Event(name, "start", "uploading", 0, len(upload.data)))
    try:
        done = to.server.upload(name, upload.data, sent, fields, to.wait)
    except errors.DashopsError:
        tell(Event(name, "failed", "not published"))
        raise
    except KeyboardInterrupt as interruption:
        raise KeyboardInterrupt(then) from interruption
    tell(Event(name, "done", "unchanged" if done.unchanged else "published"))
    return Published(**vars(done), files=upload.files, missing=upload.missing)


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
    name, at, number = wanted.partition("@")
    bundle.check_name(name)
    if at and not (number.isascii() and number.isdecimal()):
        raise errors.SpecError(f"`{wanted}` names no revision", hint=f"write it like `{name}@3`")
    found = int(number) if at else _shown_now(to.server.revisions(name))
    return Shown(to.server.url, name, *to.server.revision(name, found))


def roll_back(name: str, number: int | None, to: Destination) -> client.RolledBack:
    """Let a dashboard show an earlier revision: that one, or the one it showed before."""
    return to.server.roll_back(bundle.check_name(name), number)


def remove(name: str, to: Destination, confirm: Callable[[str], bool]) -> Removed:
    """Take a dashboard off the server, if `confirm` agrees to that name."""
    agreed = confirm(bundle.check_name(name))
    if agreed:
        to.server.remove(name)
    return Removed(to.server.url, name, not agreed)


def _shown_now(found: Sequence[client.Revision]) -> int:
    active = (each.revision for each in found if each.state == "active")
    return next(active, max((each.revision for each in found), default=1))
