"""The verbs of authors: deploy a notebook, list and remove dashboards. Returns values, prints none.

It stands beside flow, which has the verbs of operators; both are read top to bottom.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dashops import bundle, client, errors, secrets
from dashops.plan import Event
from dashops.secrets import Secret
from dashops.stack import Stack

Tell = Callable[[Event], None]
"""Receives progress while a verb works; the view supplies it."""

LIMIT = 2**30
"""Bytes of an upload to a server whose limit is not known here; it is held in memory."""


@dataclass(frozen=True)
class Destination:
    """Where uploads go; `limit` in bytes, unpacked."""

    server: client.Server
    limit: int = LIMIT


@dataclass(frozen=True)
class File:
    """One file of an upload; `size` in bytes."""

    path: str
    size: int


@dataclass(frozen=True)
class Upload:
    """What is about to be published under `name`, the notebook first.

    `missing` are images the notebook shows, or files of a list in it, that are not there.
    """

    name: str
    files: tuple[File, ...]
    missing: tuple[str, ...]
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
    revision: str
    title: str
    replaced: bool
    unchanged: bool
    files: tuple[File, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Listing:
    """The dashboards of one server."""

    server: str
    dashboards: tuple[client.Dashboard, ...]


@dataclass(frozen=True)
class Removed:
    """A name that is free again, unless the author declined."""

    server: str
    name: str
    declined: bool


def destination(
    load: Callable[[], Stack],
    url: str | None,
    token_file: Path | None,
    env: Mapping[str, str] = os.environ,
) -> Destination:
    """The server at `url`, or that of the stack, which is loaded only if no URL is given."""
    if url is not None:
        return Destination(client.Server(url, _token(token_file, env)))
    stack = load()
    if token_file is not None:
        raise errors.SpecError(
            "`--token-file` is for a server named with `--server`",
            hint=f"leave it out to use the stack in `{stack.folder}`",
        )
    file = stack.secret_file("deploy-token")
    if not file.is_file():
        raise errors.SpecError(
            f"there is no stack in `{stack.folder}` yet",
            hint="start one with `dashops up`, or name a server with `--server`",
        )
    token = secrets.read(file.parent, file.name)
    return Destination(client.Server(stack.url("dashboard"), token), stack.dashboard.upload_limit)


def prepare(notebook: Path, files: Sequence[Path], name: str | None, limit: int) -> Upload:
    """Read what goes up; the name is made from the notebook's unless given. Sends nothing."""
    checked = bundle.name_for(notebook) if name is None else bundle.check_name(name)
    packed = bundle.collect(notebook, files, limit)
    contents = {bundle.NOTEBOOK: bundle.encode(packed.notebook), **packed.files}
    return Upload(
        checked,
        tuple(File(path, len(content)) for path, content in contents.items()),
        packed.missing,
        bundle.pack(packed),
    )


def deploy_notebook(
    notebook: Path,
    files: Sequence[Path],
    name: str | None,
    to: Destination,
    announce: Callable[[Upload], None],
    tell: Tell,
) -> Published:
    """Publish a notebook with its files; `announce` is told what goes up before it does.

    The name shows the new notebook from the next visit on.
    """
    upload = prepare(notebook, files, name, to.limit)
    announce(upload)

    def sent(done: int, total: int) -> None:
        tell(Event(upload.name, "progress", "uploading", done, total))

    tell(Event(upload.name, "start", "uploading", 0, len(upload.data)))
    try:
        done = to.server.upload(upload.name, upload.data, sent)
    except errors.DashopsError:
        tell(Event(upload.name, "failed", "not published"))
        raise
    tell(Event(upload.name, "done", "unchanged" if done.unchanged else "published"))
    return Published(
        done.name,
        done.link,
        done.revision,
        done.title,
        done.replaced,
        done.unchanged,
        upload.files,
        upload.missing,
    )


def dashboards(to: Destination) -> Listing:
    """All dashboards of the server, by name."""
    return Listing(to.server.url, to.server.dashboards())


def remove(name: str, to: Destination, confirm: Callable[[str], bool]) -> Removed:
    """Take a dashboard off the server, if `confirm` agrees to that name."""
    agreed = confirm(bundle.check_name(name))
    if agreed:
        to.server.remove(name)
    return Removed(to.server.url, name, not agreed)


def _token(file: Path | None, env: Mapping[str, str]) -> Secret:
    """The token for another server; never from argv, which everyone on this machine can read."""
    if file is None and (text := env.get("DASHOPS_TOKEN", "").strip()):
        return Secret(text)
    if file is None:
        raise errors.SpecError(
            "`--server` needs the deploy token of that server",
            hint="put it into the variable `DASHOPS_TOKEN`, or into a file named by `--token-file`",
        )
    try:
        text = file.read_text("utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise errors.SpecError(f"the token file `{file}` cannot be read: {error}") from error
    return Secret(text)
