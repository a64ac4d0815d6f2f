"""Every verb as one function that returns a value; read this first. It prints nothing."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dashops import apply, client, lock, promise, secrets, targets
from dashops import converge as converging
from dashops import plan as planning
from dashops import stack as stacks
from dashops.errors import DashopsError, SpecError
from dashops.plan import Event, Plan
from dashops.run import Run
from dashops.secrets import Secret
from dashops.stack import Stack
from dashops.targets import Line, Slot

Tell = Callable[[Event], None]
"""Receives progress while a verb works; the view supplies it."""

Confirm = Callable[[Plan], bool]
"""Is asked once before anything is changed; False stops the verb."""


@dataclass(frozen=True)
class Asked:
    """What an operator says of his turn: why, for others to read, and seconds to wait for it."""

    reason: str = ""
    wait: float = 0


ALONE = Asked()

# What `down` leaves in the state folder, and why people want it back.
KEPT = {
    "store": "published dashboards",
    "secrets": "passwords and tokens",
    "environments": "Python packages, so that the next `up` is quick",
    "logs": "logs",
    "gateway": "the gateway's copies of dashboards, so that they open at once",
    "jupyter": "settings of JupyterLab",
    "history": "what was done to the stack, and renders to go back to",
}


@dataclass(frozen=True)
class Up:
    """What `up` did. `changed` is false when there was nothing to do; `seconds` to all healthy."""

    stack: str
    changed: bool
    declined: bool
    seconds: float
    urls: Mapping[str, str]
    user: str
    password_file: Path
    provider: str
    host: str = ""


@dataclass(frozen=True)
class Down:
    """What `down` did. `kept` maps what is left to what it is."""

    stack: str
    stopped: bool
    declined: bool
    kept: Mapping[Path, str]


@dataclass(frozen=True)
class Status:
    """The slots and, while the dashboard slot is healthy, what its server says.

    `problem` says why `server` is None although the slot is healthy.
    """

    stack: str
    slots: Sequence[Slot]
    server: client.Status | None = None
    problem: str = ""

    @property
    def healthy(self) -> bool:
        """Whether every slot answers."""
        return all(slot.state in ("healthy", "draining") for slot in self.slots)


@dataclass(frozen=True)
class Written:
    """A file that is the user's from now on."""

    path: Path


@dataclass(frozen=True)
class Rendered:
    """Rendered files by path; `folder` is where they were written, None when they were not."""

    files: Mapping[str, str]
    folder: Path | None


@dataclass(frozen=True)
class Login:
    """What one secret opens, for the operator's eyes."""

    url: str
    user: str
    password: Secret


def init(path: Path | None) -> Written:
    """Write the commented stack file; SpecError when there is one already."""
    file = path or Path(stacks.FILE)
    apply.create(file, stacks.example())
    return Written(file)


def plan(stack: Stack, run: Run, out: Path | None = None) -> Plan:
    """What `up` would do, written to the file `out` unless that is None. Changes nothing else."""
    basis = converging.plan(stack, run)
    if out is not None:
        promise.keep(out, basis)
    return basis.plan


def up(
    stack: Stack,
    run: Run,
    tell: Tell,
    confirm: Confirm,
    asked: Asked = ALONE,
    kept: Path | None = None,
) -> Up:
    """Make the stack run as its file says, and return when every slot is healthy.

    With the file `kept` of a plan do exactly that, or raise DashopsError that says what was
    changed since. Raises SpecError before any change, ToolError with the end of a log after it.
    """
    began = time.monotonic()
    target = targets.by_name(stack.target)
    told = promise.read(kept, stack) if kept else None
    with lock.hold(stack.state_dir, asked.reason, asked.wait, tell) as held:
        _refuse_second(stack, run)
        basis = converging.plan(stack, run)
        if kept and told:
            promise.demand(kept, told, basis)
        for note in basis.plan.notes:
            tell(Event("recipes", "note", note))
        declined = not basis.plan.empty and not confirm(basis.plan)
        if not declined:
            converging.converge(basis, run, tell, held, "up", asked.reason)
    return Up(
        stack=stack.name,
        changed=not basis.plan.empty and not declined,
        declined=declined,
        seconds=time.monotonic() - began,
        urls={slot: target.url(stack, slot) for slot in target.SLOTS},
        user=stack.dashboard.user,
        password_file=stack.secret_file("viewer-password"),
        provider=stack.identity.provider,
        host=stack.host or "",
    )


def down(stack: Stack, run: Run, tell: Tell, asked: Asked = ALONE) -> Down:
    """Stop everything that runs; what people made or would wait for stays."""
    target = targets.by_name(stack.target)
    if not stack.state_dir.exists():
        return Down(stack.name, stopped=False, declined=False, kept={})
    with lock.hold(stack.state_dir, asked.reason, asked.wait, tell) as held:
        planned = Plan(steps=tuple(target.down(stack, target.facts(stack, run))))
        converging.end(stack, planned, run, tell, held, asked.reason)
    kept = {stack.state_dir / name: what for name, what in KEPT.items()}
    return Down(
        stack=stack.name,
        stopped=not planned.empty,
        declined=False,
        kept={path: what for path, what in kept.items() if path.exists()},
    )


def purge(
    stack: Stack, run: Run, tell: Tell, confirm: Callable[[Path], bool], asked: Asked = ALONE
) -> Down:
    """Stop everything and remove the state folder with all published dashboards in it."""
    if not stack.state_dir.exists() or not confirm(stack.state_dir):
        declined = stack.state_dir.exists()
        return Down(stack.name, stopped=False, declined=declined, kept={})
    done = down(stack, run, tell, asked)
    target = targets.by_name(stack.target)
    apply.steps(tuple(target.purge(stack, target.facts(stack, run))), run, tell, ())
    apply.remove(stack.state_dir)
    return Down(stack.name, stopped=done.stopped, declined=False, kept={})


def status(stack: Stack, run: Run) -> Status:
    """What runs now, and what viewers do. Changes nothing."""
    target = targets.by_name(stack.target)
    slots = tuple(target.slots(stack, target.facts(stack, run)))
    if not any(_dashboard(slot) and slot.state == "healthy" for slot in slots):
        return Status(stack.name, slots)
    try:
        target.reach(stack)
        token = secrets.read(stack.state_dir / "secrets", "deploy-token")
        return Status(stack.name, slots, client.Server(stack.url("dashboard"), token).status())
    except DashopsError as error:
        return Status(stack.name, slots, problem=error.message)


def render(stack: Stack, run: Run, folder: Path | None) -> Rendered:
    """The rendered recipe; written to `folder` (which may exist) unless that is None."""
    files = dict(converging.plan(stack, run).wanted)
    if folder is not None:
        apply.write(folder, planning.changes({}, files), files)
    return Rendered(files, folder)


def logs(stack: Stack, slots: Sequence[str], last: int) -> Iterator[Line]:
    """The last lines of some slots, or of all; SpecError when a name is no slot."""
    return targets.by_name(stack.target).logs(stack, slots, last)


def follow(stack: Stack, slots: Sequence[str], last: int) -> Iterator[Line]:
    """The same, and then every new line, without an end."""
    return targets.by_name(stack.target).follow(stack, slots, last)


def password(stack: Stack, slot: str) -> Login:
    """How to get into the dashboards or the notebook slot; DashopsError before the first `up`."""
    if slot == "dashboard" and stack.identity.provider != "shared":
        raise DashopsError(
            f"people log in by `{stack.identity.provider}`, so there is no password for all",
            hint="`dashops users` has those of `local`",
            where=stack.where("identity.provider"),
        )
    name = {"dashboard": "viewer-password", "notebook": "notebook-token"}[slot]
    secret = secrets.read(stack.state_dir / "secrets", name)
    return Login(stack.url(slot), stack.dashboard.user if slot == "dashboard" else "", secret)


def _dashboard(slot: Slot) -> bool:
    """Whether it is the dashboard server, or one of two."""
    return slot.slot.partition("-")[0] == "dashboard"


def _refuse_second(stack: Stack, run: Run) -> None:
    """SpecError when the stack runs elsewhere: two would serve one set of passwords."""
    last = stack.on(stacks.last_target(stack)).at(stacks.last_host(stack))
    if last.target == stack.target and (last.host == stack.host or not stacks.last_target(stack)):
        return
    target = targets.by_name(last.target)
    if tuple(target.down(last, target.facts(last, run))):
        here = f"the target `{last.target}`" + (f" at `{last.host}`" if last.host else "")
        named = f"DASHOPS_TARGET={last.target}" + (f" DASHOPS_HOST={last.host}" * bool(last.host))
        raise SpecError(
            f"the stack runs on {here}",
            hint=f"stop it first: `{named} dashops down`",
            where=stack.where("target" if last.target != stack.target else "host"),
        )
