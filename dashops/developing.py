"""The verb of those who work on dashops: up again at each change of the source tree."""

from collections.abc import Iterator
from dataclasses import dataclass

from dashops import flow
from dashops.errors import DashopsError, ToolError
from dashops.flow import Asked, Tell
from dashops.run import Run
from dashops.stack import Stack
from dashops.targets import origin


@dataclass(frozen=True)
class Reloaded:
    """What one change led to; `problem` is empty when all slots were healthy after `seconds`."""

    stack: str
    seconds: float
    problem: str = ""


def follow(stack: Stack, run: Run, tell: Tell, asked: Asked) -> Iterator[Reloaded]:
    """Bring the stack up again whenever a file of dashops changes, without an end.

    What fails is told and the next change awaited; ToolError without the package that watches.
    """
    try:
        import watchfiles
    except ImportError as error:
        raise ToolError(
            "watching the source tree needs what is not installed: `watchfiles`",
            hint="`pip install 'dashops[compose]'`; the stack is up",
        ) from error
    for _ in watchfiles.watch(origin.PACKAGE):
        try:
            done = flow.up(stack, run, tell, lambda _: True, asked)
        except DashopsError as problem:
            yield Reloaded(stack.name, 0, "\n".join(filter(None, (problem.message, problem.where))))
            continue
        if done.changed:
            yield Reloaded(stack.name, done.seconds)
