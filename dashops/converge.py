"""What `up` and the ways back share: a plan of a stack, and its steps under the lock."""

from collections.abc import Callable, Iterable, Mapping

from dashops import apply, editing, history, losses, secrets, targets
from dashops import plan as planning
from dashops import stack as stacks
from dashops.lock import Held
from dashops.plan import Change, Event, Plan
from dashops.promise import Basis
from dashops.run import Run
from dashops.stack import Stack


def plan(stack: Stack, run: Run, files: Mapping[str, str] | None = None) -> Basis:
    """What must change until the stack runs; with `files` until it runs with those.

    SpecError when it cannot run here. Changes nothing.
    """
    target = targets.by_name(stack.target)
    facts = target.facts(stack, run)
    target.check(stack, facts)
    wanted = target.files(stack, facts) if files is None else files
    made = secrets.missing(stack.state_dir / "secrets", target.SECRETS)
    steps = tuple(target.up(stack, facts, wanted))
    planned = Plan(
        changes=(
            *(Change(f"secrets/{name}", "create") for name in made),
            *planning.changes(facts.rendered, wanted),
        ),
        steps=steps,
        tidy=tuple(target.tidy(stack, facts, wanted)),
        losses=losses.find(stack, {slot for step in steps for slot in step.ends}),
        # A way back applies files of then, whatever templates are now.
        notes=tuple(editing.notes(stack)) if files is None else (),
    )
    return Basis(stack, planned, wanted, facts.rendered)


def converge(
    basis: Basis,
    run: Run,
    tell: Callable[[Event], None],
    held: Held,
    verb: history.Verb = "up",
    reason: str = "",
) -> None:
    """Do what the plan says, and return when every slot is healthy; all of it is recorded."""
    stack, planned = basis.stack, basis.plan
    target = targets.by_name(stack.target)
    if stacks.last_target(stack) != stack.target:
        secrets.write(stack.state_dir / stacks.TARGET, stack.target)
    if stacks.last_host(stack) != (stack.host or ""):
        secrets.write(stack.state_dir / stacks.HOST, stack.host or "")
    asked = stack.where("gateway.count") == "default"
    if asked and stacks.last_gateways(stack) != stack.gateway.count:
        secrets.write(stack.state_dir / stacks.GATEWAYS, str(stack.gateway.count))
    if planned.empty:
        target.wait(stack, tell)
        return
    digest = planning.digest(basis.wanted)
    with history.recorded(stack, verb, planned, reason, digest):
        history.keep(stack, digest, basis.wanted)
        secrets.ensure(stack.state_dir / "secrets", target.SECRETS)
        changes = planning.changes(basis.found, basis.wanted)
        apply.write(stack.state_dir / "rendered", changes, basis.wanted)
        _do(stack, planned.steps, basis.wanted, run, tell, held)
        target.wait(stack, tell)
        _do(stack, planned.tidy, basis.wanted, run, tell, held)


def end(
    stack: Stack, planned: Plan, run: Run, tell: Callable[[Event], None], held: Held, reason: str
) -> None:
    """Do what a plan of `down` says; that is recorded, too."""
    if planned.empty:
        return
    with history.recorded(stack, "down", planned, reason):
        _do(stack, planned.steps, {}, run, tell, held)


def again(basis: Basis, run: Run, tell: Callable[[Event], None], held: Held, reason: str) -> None:
    """Do what a plan of `restart` says, and return when every slot is healthy; it is recorded."""
    stack = basis.stack
    with history.recorded(stack, "restart", basis.plan, reason):
        _do(stack, basis.plan.steps, basis.found, run, tell, held)
        targets.by_name(stack.target).wait(stack, tell)


def _do(
    stack: Stack,
    steps: Iterable[planning.Step],
    files: Mapping[str, str],
    run: Run,
    tell: Callable[[Event], None],
    held: Held,
) -> None:
    """Run steps that lead to these files; each looks first at the lock and at what is there."""
    target = targets.by_name(stack.target)

    def meanwhile(step: planning.Step) -> str:
        held.keep()
        return target.meanwhile(stack, files, step)

    apply.steps(steps, run, tell, target.SLOTS, meanwhile)
