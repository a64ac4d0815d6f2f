"""How plans, slots, logs and passwords print for people."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from dashops import flow, run
from dashops.plan import Plan
from dashops.targets import Line, Slot
from dashops.view import text
from dashops.view.text import as_json, as_text, say

SIGNS = {"create": ("+", "green"), "update": ("~", "yellow"), "delete": ("-", "red")}
COLOURS = {"healthy": "green", "starting": "yellow", "failing": "red", "stopped": "dim"}


@dataclass(frozen=True)
class WithDiff:
    """A plan that prints with the lines that change in each file."""

    plan: Plan


def plan_lines(plan: Plan) -> Iterator[str]:
    """Files that change, then steps with their reasons, one a line."""
    for change in plan.changes:
        sign, colour = SIGNS[change.kind]
        yield f"{text.paint(sign, colour)} {change.path}"
    for step in (*plan.steps, *plan.tidy):
        yield f"{text.paint('>', 'bold')} {step.slot}: {step.action} ({step.reason})"


@as_text.register
def _(plan: Plan) -> None:
    say(*(plan_lines(plan) if not plan.empty else ["nothing to do"]))


@as_json.register
def _(plan: Plan) -> None:
    steps = [
        {
            "slot": step.slot,
            "action": step.action,
            "reason": step.reason,
            "command": run.shown(step.argv),
        }
        for step in (*plan.steps, *plan.tidy)
    ]
    changes = [asdict(change) for change in plan.changes]
    text.document({"empty": plan.empty, "changes": changes, "steps": steps})


@as_text.register
def _(value: WithDiff) -> None:
    as_text(value.plan)
    for step in (*value.plan.steps, *value.plan.tidy):
        say(text.paint(f"$ {run.shown(step.argv)}", "dim"))
    for change in value.plan.changes:
        say(*(_coloured(line) for line in change.diff.splitlines()))


@as_text.register
def _(value: flow.Up) -> None:
    if value.declined:
        text.note("nothing was changed")
        return
    if not value.changed:
        text.note(f"nothing to do: `{value.stack}` runs")
    else:
        text.note(f"`{value.stack}` is up, all slots healthy after {value.seconds:.1f} s")
    say(
        f"dashboards  {value.urls['dashboard']}",
        *_login(value),
        f"notebook    {value.urls['notebook']}",
        "  token     `dashops password notebook` prints it",
    )


def _login(value: flow.Up) -> tuple[str, ...]:
    if value.provider == "shared":
        return (f"  user      {value.user}", "  password  `dashops password` prints it")
    if value.provider == "local":
        return ("  people    `dashops users add NAME` lets somebody in",)
    return (f"  people    log in by `{value.provider}`",)


@as_text.register
def _(value: flow.Down) -> None:
    if value.declined:
        text.note("nothing was changed")
        return
    text.note(f"`{value.stack}` is down" if value.stopped else f"`{value.stack}` was not up")
    for path, what in value.kept.items():
        text.note(f"kept {path}: {what}")
    if value.kept:
        text.note("`dashops down --purge` removes it all")


@as_text.register
def _(value: flow.Status) -> None:
    say(*text.table(("slot", "state", "url", "pid", "memory", "uptime"), map(_row, value.slots)))
    if value.problem:
        text.note(f"the dashboard slot says nothing of its viewers: {value.problem}")
    if value.server is None:
        return
    viewers = value.server.viewers
    say("", f"dashboards: {value.server.dashboards}, open viewers: {len(viewers)}")
    rows = [
        (
            each.dashboard,
            f"{each.revision}" + ("" if each.current else " (old)"),
            each.user,
            f"{each.since.astimezone():%H:%M}",
            text.duration(each.idle),
        )
        for each in viewers
    ]
    if rows:
        say(*text.table(("dashboard", "revision", "user", "since", "idle"), rows))


@as_text.register
def _(value: flow.Written) -> None:
    text.note(f"wrote `{value.path}`: edit it, then run `dashops up`")


@as_text.register
def _(value: flow.Rendered) -> None:
    if value.folder is not None:
        text.note(f"{len(value.files)} files are in `{value.folder}`")
        return
    for path, content in value.files.items():
        say(text.paint(f"--- {path}", "bold"), content.rstrip("\n"), "")


@as_text.register
def _(value: flow.Login) -> None:
    who = f"user `{value.user}`, password:" if value.user else "token:"
    text.note(f"{value.url}, {who}")
    say(value.password.reveal())


@as_json.register
def _(value: flow.Login) -> None:
    text.document({"url": value.url, "user": value.user, "password": value.password.reveal()})


@as_text.register
def _(value: Line) -> None:
    say(f"{value.slot:<10} | {value.text}")


@as_json.register
def _(value: Line) -> None:
    # One document a line, so that a program can follow.
    text.document({"slot": value.slot, "text": value.text}, indent=None)


def _row(slot: Slot) -> tuple[str, ...]:
    return (
        slot.slot,
        slot.state,
        slot.url,
        str(slot.pid or "-"),
        text.size(slot.memory) if slot.memory else "-",
        text.duration(slot.uptime) if slot.uptime is not None else "-",
    )


def _coloured(line: str) -> str:
    colour = {"+": "green", "-": "red"}.get(line[:1], "")
    return text.paint(line, colour) if colour else line
