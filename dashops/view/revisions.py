"""How revisions of a dashboard print for people."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from dashops import client, publish
from dashops.view import failures, text
from dashops.view.text import as_json, as_text, say

COLOURS = {"active": "green", "good": "dim", "draft": "yellow", "failed": "red"}


@as_text.register
def _(value: publish.Revisions) -> None:
    head = ("revision", "state", "created", "author", "commit", "viewers", "title", "failure")
    say(*text.table(head, map(_row, value.revisions)))


@as_text.register
def _(value: publish.Shown) -> None:
    say(*(f"{key:<10} {words}" for key, words in _about(value) if words), "")
    say(*text.table(("file", "size"), [(each.path, text.size(each.size)) for each in value.files]))
    say(*(f"{text.paint('warning:', 'yellow')} {each}" for each in value.revision.warnings))
    if failure := value.revision.failure:
        say("", text.paint(failure.message, "red"))
        say(*(f"  {line}".rstrip() for line in failures.lines(failure)))


@as_json.register
def _(value: publish.Shown) -> None:
    files = [asdict(each) for each in value.files]
    whose = {"server": value.server, "name": value.name}
    text.document({**whose, **asdict(value.revision), "files": files})


@as_text.register
def _(value: client.RolledBack) -> None:
    whence = f"went from revision {value.previous} to" if value.previous else "shows revision"
    text.note(f"`{value.name}` {whence} {value.revision}: {value.title}")
    say(value.link)


@as_text.register
def _(value: publish.Difference) -> None:
    if value.empty:
        text.note(f"revisions {value.old} and {value.new} of `{value.name}` are the same")
    for title, changes, shown in (
        ("packages", value.packages, str),
        ("files", value.files, text.size),
    ):
        rows = [
            (each.name, *(_side(side, shown) for side in (each.old, each.new))) for each in changes
        ]
        if rows:
            head = (title, f"revision {value.old}", f"revision {value.new}")
            say(*text.table(head, rows), "")
    if value.cells:
        say(value.cells.rstrip())


def _side(value: str | int | None, shown: Callable[[Any], str]) -> str:
    return "-" if value is None else shown(value)


def _row(revision: client.Revision) -> tuple[str, ...]:
    return (
        str(revision.revision),
        revision.state,
        text.when(revision.created),
        text.short(revision.author, 24) or "-",
        text.commit(revision.commit) or "-",
        str(revision.viewers),
        text.short(revision.title, 40),
        text.short(revision.failure.message, 80) if revision.failure else "",
    )


def _about(value: publish.Shown) -> Iterator[tuple[str, str]]:
    revision = value.revision
    state = text.paint(revision.state, COLOURS.get(revision.state, "dim"))
    yield "dashboard", f"{value.name} at {value.server}"
    yield (
        "revision",
        f"{revision.revision}, {state}",
    )
    yield "title", revision.title
    yield "created", text.when(revision.created)
    yield "activated", text.when(revision.activated) if revision.activated else ""
    yield "author", revision.author
    yield "commit", revision.commit
    yield "kernel", ", ".join(filter(None, (revision.kernel, str(revision.opens or ""))))
    yield "packages", revision.dependencies or "the default environment"
    yield "size", text.size(revision.size)
    yield "viewers", str(revision.viewers)
    yield "digest", revision.digest


@as_text.register
def _(value: publish.Saved) -> None:
    text.note(f"{value.server} is in `{value.file}`, {text.size(value.size)}")


@as_text.register
def _(value: publish.Restored) -> None:
    say(*value.dashboards)
    text.note(f"{len(value.dashboards)} dashboards came to {value.server}")
