"""The verbs that know what was done before: history, drift, revert, and the lock of another."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashops import converge as converging
from dashops import history as records
from dashops import lock, promise, targets
from dashops import plan as planning
from dashops import stack as stacks
from dashops.errors import DashopsError
from dashops.flow import ALONE, Asked, Confirm, Tell
from dashops.history import Entry
from dashops.lock import Holder
from dashops.run import Run
from dashops.stack import Stack
from dashops.targets import Drift


@dataclass(frozen=True)
class History:
    """What was done to a stack, oldest first; `kept` are the numbers that `revert` can go to."""

    stack: str
    entries: Sequence[Entry]
    kept: Sequence[int]


@dataclass(frozen=True)
class Drifted:
    """What is not as the `up` of `since` left it; None when the stack is down or never was up."""

    stack: str
    since: datetime | None
    found: Sequence[Drift]
    down: bool = False


@dataclass(frozen=True)
class Reverted:
    """What `revert` did: the stack runs as `number` had it, and not as `settings` are now.

    `settings` maps those that differ to where the stack file says otherwise.
    """

    stack: str
    number: int
    when: datetime
    changed: bool
    declined: bool
    seconds: float
    settings: Mapping[str, str]


@dataclass(frozen=True)
class Unlocked:
    """Whose lock was broken, None when nobody held it."""

    stack: str
    holder: Holder | None
    declined: bool = False


def history(stack: Stack, last: int) -> History:
    """The last entries. Changes nothing."""
    found = records.entries(stack.state_dir)
    kept = [each.number for each in found if _good(stack, each)]
    return History(stack.name, found[-last:] if last else [], kept)


def drift(stack: Stack, run: Run) -> Drifted:
    """What was changed by hand since the last `up`. Changes nothing.

    DashopsError when there is nothing to compare with.
    """
    # A restart applies nothing.
    past = [each for each in records.entries(stack.state_dir) if each.verb != "restart"]
    if not past:
        raise DashopsError(
            "no `up` of this stack is recorded, so there is nothing to compare with",
            hint="`dashops plan` says what is not as the stack file wants it",
            where=str(stack.state_dir),
        )
    if past[-1].verb == "down":
        return Drifted(stack.name, None, (), down=True)
    kept = records.render(stack.state_dir, past[-1].digest)
    if kept is None:
        raise DashopsError(
            f"what `{past[-1].verb}` number {past[-1].number} applied is not kept any more",
            hint="`dashops plan` says what is not as the stack file wants it",
            where=str(stack.state_dir),
        )
    target = targets.by_name(stack.target)
    facts = target.facts(stack, run)
    words = {"create": "is gone", "update": "was edited", "delete": "was added"}
    files = [
        Drift(each.path, words[each.kind]) for each in planning.changes(facts.rendered, kept.files)
    ]
    found = (*files, *target.drift(stack, facts, kept.files))
    return Drifted(stack.name, past[-1].when, found)


def revert(
    stack: Stack, run: Run, tell: Tell, confirm: Confirm, number: int | None, asked: Asked = ALONE
) -> Reverted:
    """Run the stack as an earlier `up` had it: that `number`, or the last good one before this.

    The stack file stays as it is, so the next `plan` wants to go forward again. Raises
    DashopsError when there is no such `up`, or what it applied is not kept.
    """
    began = time.monotonic()
    with lock.hold(stack.state_dir, asked.reason, asked.wait, tell) as held:
        entry = _before(stack, number)
        old, files = _as_then(stack, entry)
        basis = converging.plan(old, run, files)
        declined = not basis.plan.empty and not confirm(basis.plan)
        if not declined:
            reason = asked.reason or f"back to number {entry.number}"
            converging.converge(basis, run, tell, held, "revert", reason)
    then, now = promise.settings(old), promise.settings(stack)
    return Reverted(
        stack=stack.name,
        number=entry.number,
        when=entry.when,
        changed=not basis.plan.empty and not declined,
        declined=declined,
        seconds=time.monotonic() - began,
        settings={key: stack.where(key) for key in now if now[key] != then[key]},
    )


def unlock(stack: Stack, id: str | None, confirm: Callable[[Holder], bool]) -> Unlocked:
    """Remove what a dead holder left, or break the lock that `id` names though its holder lives.

    DashopsError with the holder when somebody holds it and `id` is not his.
    """
    holder = lock.holder(stack.state_dir)
    if holder is None:
        lock.forget(stack.state_dir)
        return Unlocked(stack.name, None)
    if id != holder.id:
        raise DashopsError(
            f"{'another' if id else 'somebody'} holds the lock: {holder}",
            hint=f"if that must not go on: `dashops unlock {holder.id}`",
            where=str(stack.state_dir),
        )
    if not confirm(holder):
        return Unlocked(stack.name, holder, declined=True)
    lock.take_away(stack.state_dir)
    return Unlocked(stack.name, holder)


def _before(stack: Stack, number: int | None) -> Entry:
    past = records.entries(stack.state_dir)
    good = [each for each in past if _good(stack, each)]
    if number is None:
        newest = next((each.digest for each in reversed(past) if each.digest), "")
        good = [each for each in good if each.digest != newest]
    else:
        good = [each for each in good if each.number == number]
    if not good:
        what = "earlier `up` that went well" if number is None else f"good `up` number {number}"
        raise DashopsError(
            f"there is no {what} to go back to",
            hint="`dashops history` shows those that are kept",
            where=str(stack.state_dir),
        )
    return good[-1]


def _good(stack: Stack, entry: Entry) -> bool:
    done = entry.result == "done" and bool(entry.digest)
    return done and records.render(stack.state_dir, entry.digest) is not None


def _as_then(stack: Stack, entry: Entry) -> tuple[Stack, Mapping[str, str]]:
    """The stack with its settings of then, which say ports and packages as the files do."""
    render = records.render(stack.state_dir, entry.digest)
    try:
        if render is None:
            raise ValueError
        old = stacks.Stack.model_validate_json(json.dumps(render.settings))
    except ValueError:
        raise DashopsError(
            f"what `up` number {entry.number} applied cannot be read by this dashops",
            hint=f"it was done by dashops {entry.dashops}",
            where=str(stack.state_dir),
        ) from None
    if (old.target, old.host) != (stack.target, stack.host):
        on = f"--target {old.target}" + (f" --host {old.host}" if old.host else "")
        raise DashopsError(
            f"`up` number {entry.number} was with `{on}`",
            hint=f"`dashops down`, then `dashops up {on}`",
            where=stack.where("target" if old.target != stack.target else "host"),
        )
    places = {key: f"history {entry.number}" for key in promise.settings(old)}
    return old.placed(stack.folder, stack.path, places), render.files
