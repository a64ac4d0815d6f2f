"""How uploads and published dashboards print for people."""

import sys
import webbrowser

from dashops import client, publish
from dashops.view import text
from dashops.view.text import as_text, say


def announce(upload: publish.Upload) -> None:
    """Say what goes up, before it does, and what does not."""
    rows = [(file.path, text.size(file.size)) for file in upload.files]
    author, commit = upload.origin.author, text.commit(upload.origin.commit)
    whence = (f", commit {commit}" if commit else "") + (f", by {author}" if author else "")
    files = "1 file" if len(rows) == 1 else f"{len(rows)} files"
    text.note(f"`{upload.name}`: {files}, {text.size(upload.total)}{whence}")
    text.note(*(f"  {line}" for line in text.table(("file", "size"), rows)))
    warning = text.paint("warning:", "yellow", sys.stderr)
    for path in upload.missing:
        text.note(f"{warning} the notebook refers to `{path}`, which is not in its folder")


def browse(link: str) -> None:
    """Open the dashboard in the reader's browser."""
    if not webbrowser.open(link):
        text.note("no browser could be opened here")


def step(words: str, _done: float | None) -> None:
    """Say what is done now, while a file is made."""
    text.note(words)


@as_text.register
def _(value: publish.Packed) -> None:
    warning = text.paint("warning:", "yellow", sys.stderr)
    for path in value.missing:
        text.note(f"{warning} the notebook refers to `{path}`, which is not in its folder")
    what = f"{value.files} files, {text.size(value.size)}"
    how = "; unpacked anywhere, `make run` runs it" if value.kind == "app" else ""
    text.note(f"`{value.path}`: {what}{how}")
    say(str(value.path))


@as_text.register
def _(value: publish.Published) -> None:
    what = "unchanged" if value.unchanged else "replaced" if value.replaced else "published"
    what = "a draft" if value.preview else what
    text.note(
        *(f"{text.paint('warning:', 'yellow', sys.stderr)} {each}" for each in value.warnings)
    )
    text.note(f"`{value.name}` is {what}: {value.title}, revision {value.revision}")
    if value.kernel and (words := str(value.kernel)):
        text.note(f"it {words}")
    if value.preview:
        text.note(
            f"only this link shows it, until {text.when(value.preview.expires)}; "
            f"`dashops activate {value.name}@{value.revision}` shows it to viewers"
        )
    say(value.address)


@as_text.register
def _(value: publish.Deploys) -> None:
    if not value.deploys:
        text.note(f"nothing was deployed to {value.server} lately")
        return
    head = ("name", "state", "revision", "started", "took", "author", "message")
    say(*text.table(head, map(_deploy, value.deploys)))


@as_text.register
def _(value: publish.Listing) -> None:
    if not value.dashboards:
        text.note(f"no dashboards at {value.server}; `dashops deploy-notebook` publishes one")
        return
    head = ("name", "title", "updated", "size", "kernel", "viewers", "url")
    say(*text.table(head, map(_row, value.dashboards)))


@as_text.register
def _(value: publish.Removed) -> None:
    text.note("nothing was changed" if value.declined else f"`{value.name}` is removed")


def _row(dashboard: client.Dashboard) -> tuple[str, ...]:
    return (
        dashboard.name,
        text.short(dashboard.title, 40),
        text.when(dashboard.updated),
        text.size(dashboard.size),
        dashboard.kernel or "-",
        str(dashboard.viewers),
        dashboard.link,
    )


def _deploy(deploy: client.Deploy) -> tuple[str, ...]:
    took = deploy.finished - deploy.started if deploy.finished else None
    return (
        deploy.name,
        f"{deploy.state}: {deploy.phase}" if deploy.phase else deploy.state,
        str(deploy.revision or "-"),
        text.when(deploy.started),
        text.duration(took.total_seconds()) if took else "-",
        text.short(deploy.author, 24) or "-",
        text.short(deploy.message, 80),
    )
