"""Every verb as one function that returns a value; read this first. It prints nothing."""

import contextlib
import secrets as random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dashops import apply, client, secrets, targets
from dashops import attack as attacking
from dashops import plan as planning
from dashops import smoke as checks
from dashops import stack as stacks
from dashops.client import guest
from dashops.errors import DashopsError, SpecError
from dashops.plan import Change, Event, Plan
from dashops.run import Run
from dashops.secrets import Secret
from dashops.stack import Stack
from dashops.targets import Line, Slot

Tell = Callable[[Event], None]
"""Receives progress while a verb works; the view supplies it."""

Confirm = Callable[[Plan], bool]
"""Is asked once before anything is changed; False stops the verb."""

# What `down` leaves in the state folder, and why people want it back.
KEPT = {
    "store": "published dashboards",
    "secrets": "passwords and tokens",
    "environments": "Python packages, so that the next `up` is quick",
    "logs": "logs",
    "gateway": "the gateway's copies of dashboards, so that they open at once",
    "jupyter": "settings of JupyterLab",
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
        return all(slot.state == "healthy" for slot in self.slots)


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


def plan(stack: Stack, run: Run) -> Plan:
    """What `up` would do. Changes nothing, not even a folder."""
    return _plan(stack, run)[0]


def up(stack: Stack, run: Run, tell: Tell, confirm: Confirm) -> Up:
    """Make the stack run as its file says, and return when every slot is healthy.

    Raises SpecError before any change, ToolError with the end of a log after it.
    """
    began = time.monotonic()
    target = targets.by_name(stack.target)
    with apply.lock(stack.state_dir):
        _refuse_second(stack, run)
        planned, changes, files = _plan(stack, run)
        declined = not planned.empty and not confirm(planned)
        if not declined:
            secrets.write(stack.state_dir / stacks.TARGET, stack.target)
            secrets.ensure(stack.state_dir / "secrets", target.SECRETS)
            apply.write(stack.state_dir / "rendered", changes, files)
            apply.steps(planned.steps, run, tell, target.SLOTS)
            target.wait(stack, tell)
            apply.steps(planned.tidy, run, tell, target.SLOTS)
    return Up(
        stack=stack.name,
        changed=not planned.empty and not declined,
        declined=declined,
        seconds=time.monotonic() - began,
        urls={slot: target.url(stack, slot) for slot in target.SLOTS},
        user=stack.dashboard.user,
        password_file=stack.secret_file("viewer-password"),
        provider=stack.identity.provider,
    )


def down(stack: Stack, run: Run, tell: Tell) -> Down:
    """Stop everything that runs; what people made or would wait for stays."""
    target = targets.by_name(stack.target)
    if not stack.state_dir.exists():
        return Down(stack.name, stopped=False, declined=False, kept={})
    with apply.lock(stack.state_dir):
        steps = tuple(target.down(stack, target.facts(stack, run)))
        apply.steps(steps, run, tell, target.SLOTS)
    kept = {stack.state_dir / name: what for name, what in KEPT.items()}
    return Down(
        stack=stack.name,
        stopped=bool(steps),
        declined=False,
        kept={path: what for path, what in kept.items() if path.exists()},
    )


def purge(stack: Stack, run: Run, tell: Tell, confirm: Callable[[Path], bool]) -> Down:
    """Stop everything and remove the state folder with all published dashboards in it."""
    if not stack.state_dir.exists() or not confirm(stack.state_dir):
        declined = stack.state_dir.exists()
        return Down(stack.name, stopped=False, declined=declined, kept={})
    done = down(stack, run, tell)
    target = targets.by_name(stack.target)
    apply.steps(tuple(target.purge(stack, target.facts(stack, run))), run, tell, ())
    apply.remove(stack.state_dir)
    return Down(stack.name, stopped=done.stopped, declined=False, kept={})


def status(stack: Stack, run: Run) -> Status:
    """What runs now, and what viewers do. Changes nothing."""
    target = targets.by_name(stack.target)
    slots = tuple(target.slots(stack, target.facts(stack, run)))
    if not any(slot.slot == "dashboard" and slot.state == "healthy" for slot in slots):
        return Status(stack.name, slots)
    try:
        token = secrets.read(stack.state_dir / "secrets", "deploy-token")
        return Status(stack.name, slots, client.Server(stack.url("dashboard"), token).status())
    except DashopsError as error:
        return Status(stack.name, slots, problem=error.message)


def render(stack: Stack, run: Run, folder: Path | None) -> Rendered:
    """The rendered recipe; written to `folder` (which may exist) unless that is None."""
    files = dict(_plan(stack, run)[2])
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


def smoke(stack: Stack, run: Run, tell: Tell, junit: Path | None) -> checks.Report:
    """Check the running stack; the report's JUnit XML is kept in `junit` unless that is None.

    Raises ChecksFailed when nothing runs, and ToolError when the checks cannot be run; a check
    that fails is in the report.
    """
    checks.require_installed()
    checks.require_running(stack, run)
    if junit is not None:
        # Whether it can be written is better known before, and old results must not outlive this.
        apply.save(junit, "")
    name = f"dashops-smoke-{random.token_hex(4)}"
    tell(Event("checks", "start", "from processes to a browser"))
    try:
        report = checks.check(stack, run, name)
    except DashopsError:
        tell(Event("checks", "failed", "did not run"))
        raise
    finally:
        _withdraw(stack, name)
    tell(Event("checks", "done" if report.passed else "failed", "from processes to a browser"))
    if junit is not None:
        apply.save(junit, report.junit)
    return report


def attack(
    stack: Stack, run: Run, url: str | None, who: attacking.Login | None, tell: Tell
) -> attacking.Report:
    """Try what nobody may do, against a running stack of one's own.

    Raises ChecksFailed when nothing runs; what gets through is in the report.
    """
    checks.require_running(stack, run)
    begun: list[str] = []

    def next_group(name: str) -> None:
        if begun:
            tell(Event(begun[-1], "done", ""))
        begun.append(name)
        tell(Event(name, "start", ""))

    try:
        report = attacking.attack(stack, url, who, next_group)
    except DashopsError:
        if begun:
            tell(Event(begun[-1], "failed", ""))
        raise
    tell(Event(begun[-1], "done", ""))
    return report


def _refuse_second(stack: Stack, run: Run) -> None:
    """SpecError when the stack runs on another target: two would serve one set of passwords."""
    last = stack.on(stacks.last_target(stack))
    if last.target == stack.target:
        return
    target = targets.by_name(last.target)
    if tuple(target.down(last, target.facts(last, run))):
        raise SpecError(
            f"the stack runs on the target `{last.target}`",
            hint=f"stop it first: `DASHOPS_TARGET={last.target} dashops down`",
            where=stack.where("target"),
        )


def _withdraw(stack: Stack, name: str) -> None:
    """Remove the dashboard of checks that were interrupted before they could do so."""
    # Where no server answers, the check that should have removed it has said so.
    with contextlib.suppress(DashopsError):
        token = secrets.read(stack.state_dir / "secrets", "deploy-token")
        server = client.Server(stack.url("dashboard"), token)
        if name in {each.name for each in server.dashboards()}:
            server.remove(name)
    if stack.identity.provider == "local":
        guest.forget(stack, name)


def _plan(stack: Stack, run: Run) -> tuple[Plan, Sequence[Change], Mapping[str, str]]:
    target = targets.by_name(stack.target)
    facts = target.facts(stack, run)
    target.check(stack, facts)
    files = target.files(stack, facts)
    changes = tuple(planning.changes(facts.rendered, files))
    made = secrets.missing(stack.state_dir / "secrets", target.SECRETS)
    planned = Plan(
        changes=(*(Change(f"secrets/{name}", "create") for name in made), *changes),
        steps=tuple(target.up(stack, facts, files)),
        tidy=tuple(target.tidy(stack, facts, files)),
    )
    return planned, changes, files
