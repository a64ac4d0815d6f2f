"""The verbs that prove a running stack: it does what it must, and not what nobody may do."""

import contextlib
import secrets as random
from pathlib import Path

from dashops import apply, client, secrets, targets
from dashops import attack as attacking
from dashops import smoke as checks
from dashops.client import guest
from dashops.errors import DashopsError
from dashops.plan import Event
from dashops.run import Run
from dashops.stack import Stack

TURN = "dashops-smoke-turn-"


def smoke(stack: Stack, run: Run, tell: apply.Tell, junit: Path | None) -> checks.Report:
    """Check the running stack; the report's JUnit XML is kept in `junit` unless that is None.

    Raises ChecksFailed when nothing runs, and ToolError when the checks cannot be run; a check
    that fails is in the report.
    """
    checks.require_installed()
    checks.require_running(stack, run)
    targets.by_name(stack.target).reach(stack)
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


def story(stack: Stack, run: Run, number: str) -> checks.Report:
    """Check what viewers need on one of several dashboard servers, whether or not it serves.

    Raises ToolError when the checks cannot be run; a check that fails is in the report.
    """
    for left in _published(stack, TURN):
        # By an `up` that was killed while it checked.
        _withdraw(stack, left)
    name = f"{TURN}{random.token_hex(4)}"
    try:
        return checks.check(stack, run, name, number)
    finally:
        _withdraw(stack, name)


def attack(
    stack: Stack, run: Run, url: str | None, who: attacking.Login | None, tell: apply.Tell
) -> attacking.Report:
    """Try what nobody may do, against a running stack of one's own.

    Raises ChecksFailed when nothing runs; what gets through is in the report.
    """
    checks.require_running(stack, run)
    targets.by_name(stack.target).reach(stack)
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


def _published(stack: Stack, start: str) -> list[str]:
    """The dashboards whose names begin so, as far as a server answers."""
    with contextlib.suppress(DashopsError):
        return [each.name for each in _server(stack).dashboards() if each.name.startswith(start)]
    return []


def _withdraw(stack: Stack, name: str) -> None:
    """Remove the dashboard of checks that were interrupted before they could do so."""
    # Where no server answers, the check that should have removed it has said so.
    with contextlib.suppress(DashopsError):
        server = _server(stack)
        if name in {each.name for each in server.dashboards()}:
            server.remove(name)
    if stack.identity.provider == "local":
        guest.forget(stack, name)


def _server(stack: Stack) -> client.Server:
    token = secrets.read(stack.state_dir / "secrets", "deploy-token")
    return client.Server(stack.url("dashboard"), token)
