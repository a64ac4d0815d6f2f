"""How uploads and published dashboards print for people."""

import sys
import webbrowser
from datetime import datetime

from dashops import client, publish
from dashops.view import text
from dashops.view.text import as_text, say


def announce(upload: publish.Upload) -> None:
    """Say what goes up, before it does, and what does not."""
    rows = [(file.path, text.size(file.size)) for file in upload.files]
    text.note(f"`{upload.name}`: {len(rows)} files, {text.size(upload.total)}")
    text.note(*(f"  {line}" for line in text.table(("file", "size"), rows)))
    warning = text.paint("warning:", "yellow", sys.stderr)
    for path in upload.missing:
        text.note(f"{warning} the notebook refers to `{path}`, which is not in its folder")


def browse(link: str) -> None:
    """Open the dashboard in the reader's browser."""
    if not webbrowser.open(link):
        text.note("no browser could be opened here")


@as_text.register
def _(value: publish.Published) -> None:
    what = "unchanged" if value.unchanged else "replaced" if value.replaced else "published"
    text.note(f"`{value.name}` is {what}: {value.title}, revision {value.revision[:12]}")
    say(value.link)


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
        dashboard.title if len(dashboard.title) <= 40 else f"{dashboard.title[:37]}...",
        _when(dashboard.updated),
        text.size(dashboard.size),
        dashboard.kernel or "-",
        str(dashboard.viewers),
        dashboard.link,
    )


def _when(moment: datetime) -> str:
    """The reader's own time."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
