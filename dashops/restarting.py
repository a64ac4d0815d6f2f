"""The verb that starts slots afresh as the last `up` left them; it writes no rendered file."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from dashops import converge as converging
from dashops import lock, losses, targets
from dashops.errors import DashopsError, SpecError
from dashops.flow import ALONE, Asked, Confirm, Tell
from dashops.plan import Plan
from dashops.promise import Basis
from dashops.run import Run
from dashops.stack import Stack


@dataclass(frozen=True)
class Restarted:
    """What `restart` did; `seconds` until all slots were healthy."""

    stack: str
    slots: Sequence[str]
    declined: bool
    seconds: float


def restart(
    stack: Stack,
    slots: Sequence[str],
    run: Run,
    tell: Tell,
    confirm: Confirm,
    asked: Asked = ALONE,
) -> Restarted:
    """Start slots afresh, all when none is named, and return when every slot is healthy.

    What the stack file says by now stays for `up`. SpecError for a name that is no slot,
    DashopsError when the stack is not up.
    """
    began = time.monotonic()
    target = targets.by_name(stack.target)
    wanted = tuple(slot for slot in target.SLOTS if slot in slots or not slots)
    if unknown := [slot for slot in slots if slot not in target.SLOTS]:
        raise SpecError(
            f"unknown slot `{unknown[0]}`", hint=f"choose from: {', '.join(target.SLOTS)}"
        )
    if not stack.state_dir.exists():
        raise _not_up(stack)
    with lock.hold(stack.state_dir, asked.reason, asked.wait, tell) as held:
        facts = target.facts(stack, run)
        steps = tuple(target.restart(stack, facts, wanted))
        if not steps:
            raise _not_up(stack)
        planned = Plan(
            steps=steps, losses=losses.find(stack, {slot for step in steps for slot in step.ends})
        )
        declined = not confirm(planned)
        if not declined:
            basis = Basis(stack, planned, facts.rendered, facts.rendered)
            converging.again(basis, run, tell, held, asked.reason)
    return Restarted(stack.name, wanted, declined, time.monotonic() - began)


def _not_up(stack: Stack) -> DashopsError:
    return DashopsError(
        f"`{stack.name}` is not up, so there is nothing to restart",
        hint="`dashops up` starts it",
        where=str(stack.state_dir),
    )
