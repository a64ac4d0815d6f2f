"""How history, drift, reverts and locks print for people."""

from collections.abc import Collection, Iterator
from dataclasses import asdict

from dashops import past
from dashops.history import Entry
from dashops.view import text
from dashops.view.text import as_json, as_text, say


@as_text.register
def _(value: past.History) -> None:
    if not value.entries:
        text.note(f"nothing is recorded of `{value.stack}`")
        return
    head = ("number", "when", "who", "did", "result", "took", "digest", "reason")
    say(*text.table(head, (_row(each, value.kept) for each in value.entries)))
    for each in value.entries:
        if each.message:
            text.note(f"{each.number}: {each.message}")
    if value.kept:
        text.note("`dashops revert NUMBER` goes back to one with `*`")


@as_json.register
def _(value: past.History) -> None:
    entries = [asdict(each) | {"kept": each.number in value.kept} for each in value.entries]
    text.document({"stack": value.stack, "entries": entries})


@as_text.register
def _(value: past.Drifted) -> None:
    if value.down:
        say("the stack is down")
    elif not value.found:
        since = text.when(value.since) if value.since else "ever"
        say(f"nothing was changed by hand since {since}")
    else:
        say(*(f"{text.paint('!', 'yellow')} {each.subject} {each.what}" for each in value.found))
        text.note("`dashops plan` says what of it `dashops up` puts right")


@as_json.register
def _(value: past.Drifted) -> None:
    found = [asdict(each) for each in value.found]
    text.document({"stack": value.stack, "since": value.since, "down": value.down, "drift": found})


@as_text.register
def _(value: past.Reverted) -> None:
    if value.declined:
        text.note("nothing was changed")
        return
    then = f"number {value.number} of {text.when(value.when)}"
    if value.changed:
        text.note(f"`{value.stack}` runs as {then}, all slots healthy after {value.seconds:.1f} s")
    else:
        text.note(f"nothing to do: `{value.stack}` runs as {then} already")
    text.note(*_ahead(value))


def _ahead(value: past.Reverted) -> Iterator[str]:
    for key, place in value.settings.items():
        yield f"the stack file wants another `{key}` ({place})"
    yield "the stack file is as it was: the next `dashops up` follows it, `dashops plan` says how"


@as_text.register
def _(value: past.Unlocked) -> None:
    if value.declined:
        text.note("nothing was changed")
    elif value.holder is None:
        text.note(f"nobody holds the lock of `{value.stack}`")
    else:
        text.note(
            f"broke the lock of `{value.stack}`; {value.holder}, and stops before its next step"
        )


def _row(entry: Entry, kept: Collection[int]) -> tuple[str, ...]:
    return (
        f"{entry.number}{'*' if entry.number in kept else ''}",
        text.when(entry.when),
        f"{entry.user}@{entry.host}",
        entry.verb,
        entry.result,
        text.duration(entry.seconds) if entry.seconds is not None else "-",
        entry.digest[:8] or "-",
        entry.reason or "; ".join((*entry.changes, *entry.steps))[:60],
    )
