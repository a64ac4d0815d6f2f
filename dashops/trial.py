"""Send visitors to another dashboard server when it has passed the checks of viewers.

`python -m dashops.trial STACK NUMBER` is a step of `up`, which holds the lock.
"""

import sys
from pathlib import Path

from dashops import client, errors, proving, secrets, smoke, targets
from dashops import stack as stacks
from dashops.client import turns
from dashops.errors import ChecksFailed, DashopsError
from dashops.run import Run, run
from dashops.stack import Stack

UNCHECKED = "not checked: the checks need `pip install 'dashops[smoke]'`"


def take(stack: Stack, run: Run, number: str) -> str:
    """Check that server and send visitors to it; what an operator should know of that.

    ChecksFailed with what it did not pass, ToolError when it does not answer; visitors then stay
    where they are.
    """
    targets.by_name(stack.target).reach(stack)
    token = secrets.read(stack.state_dir / "secrets", "admin-token")
    server = client.Server(stack.url("dashboard"), token, number=number)
    if turns.seen(server).server != number:
        raise errors.ToolError(
            f"the proxy does not lead to the dashboard server {number}",
            hint="`dashops recipes diff` shows whether its Caddyfile was edited",
        )
    said = _check(stack, run, number) if stack.dashboard.check_first else ""
    turns.take(server)
    return said


def _check(stack: Stack, run: Run, number: str) -> str:
    try:
        smoke.require_installed()
    except errors.ToolError:
        return UNCHECKED
    report = proving.story(stack, run, number)
    if not report.passed:
        bad = [each for each in report.checks if each.outcome == "failed"]
        raise ChecksFailed(
            f"dashboard server {number} did not pass: "
            + "; ".join(f"{each.title}: {each.message}" for each in bad)
        )
    return f"{report.count('passed')} of {len(report.checks)} checks passed"


def main() -> None:
    """Do it for the stack file and the number of the command line."""
    file, number = Path(sys.argv[1]), sys.argv[2]
    try:
        sys.stdout.write(take(stacks.there(file), run, number))
    except DashopsError as error:
        sys.exit(f"{error.message}\n{error.hint}".strip())


if __name__ == "__main__":
    main()
