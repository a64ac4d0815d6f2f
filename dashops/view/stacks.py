"""How plans, slots, logs and passwords print for people."""

import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from dashops import developing, flow, restarting, run
from dashops.plan import Loss, Plan, Step
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
        line = f"{text.paint('>', 'bold')} {step.slot}: {step.action} ({step.reason})"
        yield "; ".join([line, *lost(plan, step)])


def lost(plan: Plan, step: Step) -> Iterator[str]:
    """What a step costs people, in words; nothing when it ends no slot."""
    words = (_loss(plan.losses[slot]) for slot in step.ends if slot in plan.losses)
    # Gateway and dashboard server have the same viewers.
    yield from dict.fromkeys(words)


def _loss(loss: Loss) -> str:
    if loss.unknown and loss.slot == "notebook":
        return f"kernels of authors that end are not known: {loss.unknown}"
    if loss.unknown:
        return f"viewers that lose their state are not known: {loss.unknown}"
    if loss.slot == "notebook":
        kernels = f"{loss.kernels} kernels" if loss.kernels != 1 else "1 kernel"
        return f"{kernels} of authors end{'s' if loss.kernels == 1 else ''}"
    viewers = f"{loss.people} viewers" if loss.people != 1 else "1 viewer"
    dashboards = f"{loss.dashboards} dashboards" if loss.dashboards != 1 else "1 dashboard"
    if loss.people == 0:
        return "no viewer loses anything"
    loses = "loses its" if loss.people == 1 else "lose their"
    return f"{viewers} of {dashboards} {loses} state"


@as_text.register
def _(plan: Plan) -> None:
    text.note(*(f"{text.paint('note:', 'yellow', sys.stderr)} {each}" for each in plan.notes))
    say(*(plan_lines(plan) if not plan.empty else ["nothing to do"]))


@as_json.register
def _(plan: Plan) -> None:
    steps = [
        {
            "slot": step.slot,
            "kind": step.kind,
            "action": step.action,
            "reason": step.reason,
            "command": run.shown(step.argv),
            "ends": step.ends,
        }
        for step in (*plan.steps, *plan.tidy)
    ]
    changes = [asdict(change) for change in plan.changes]
    losses = {slot: _numbers(loss) for slot, loss in plan.losses.items()}
    text.document(
        {
            "empty": plan.empty,
            "changes": changes,
            "steps": steps,
            "losses": losses,
            "notes": plan.notes,
        }
    )


def _numbers(loss: Loss) -> dict[str, int | str | None]:
    if loss.slot == "notebook":
        return {"kernels": loss.kernels, "unknown": loss.unknown}
    return {"viewers": loss.people, "dashboards": loss.dashboards, "unknown": loss.unknown}


@as_text.register
def _(value: WithDiff) -> None:
    as_text(value.plan)
    for step in (*value.plan.steps, *value.plan.tidy):
        say(text.paint(f"$ {run.shown(step.argv)}", "dim"))
    for change in value.plan.changes:
        say(*(text.changed(line) for line in change.diff.splitlines()))


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
    if value.host:
        text.note(f"on `{value.host}`: `dashops host tunnel` brings these ports to this machine")


def _login(value: flow.Up) -> tuple[str, ...]:
    if value.provider == "shared":
        return (f"  user      {value.user}", "  password  `dashops password` prints it")
    if value.provider == "local":
        return ("  people    `dashops users add NAME` lets somebody in",)
    return (f"  people    log in by `{value.provider}`",)


@as_text.register
def _(value: developing.Reloaded) -> None:
    if value.problem:
        text.note(f"{text.paint('error:', 'red', sys.stderr)} {value.problem}")
    else:
        text.note(f"the source changed: `{value.stack}` is up again after {value.seconds:.1f} s")


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
def _(value: restarting.Restarted) -> None:
    if value.declined:
        text.note("nothing was changed")
        return
    slots = ", ".join(value.slots)
    text.note(f"restarted {slots} of `{value.stack}`, all healthy after {value.seconds:.1f} s")


@as_text.register
def _(value: flow.Status) -> None:
    say(*text.table(("slot", "state", "url", "pid", "memory", "uptime"), map(_row, value.slots)))
    text.note(*(f"{each.slot}: {each.problem}" for each in value.slots if each.problem))
    if value.problem:
        text.note(f"the dashboard slot says nothing of its viewers: {value.problem}")
    if value.server is None:
        return
    for gateway in value.server.gateways:
        if not gateway.reachable:
            text.note(f"the dashboard server does not reach the gateway `{gateway.url}`")
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
