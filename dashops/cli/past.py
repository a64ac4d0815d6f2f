"""The verbs about what was done to a stack and who works on it; each as those of operators."""

from typing import Annotated

import typer

from dashops.cli.app import app
from dashops.cli.options import Json, Reason, StackFile, Wait, Yes, load, show


@app.command()
def history(
    last: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many, newest last.")] = 20,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Show who brought the stack up or down, when, what it did and how it ended."""
    from dashops import past

    show(past.history(load(stack), last), json)


@app.command()
def revert(
    number: Annotated[int | None, typer.Argument(metavar="[NUMBER]", min=1)] = None,
    stack: StackFile = None,
    wait: Wait = 0,
    reason: Reason = "",
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Run the stack as an earlier `up` had it: NUMBER of `history`, or the last good one before.

    The stack file stays as it is, and the next `up` follows it again.
    """
    from dashops import flow, past, run, view

    with view.progress() as tell:
        confirm = view.confirm_plan if view.asks(yes, json) else view.agree
        asked = flow.Asked(reason, wait)
        done = past.revert(load(stack), run.run, tell, confirm, number, asked)
    show(done, json)


@app.command()
def unlock(
    id: Annotated[str | None, typer.Argument(metavar="[ID]")] = None,
    stack: StackFile = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Say who holds the lock of the stack, or break the one with that ID."""
    from dashops import past, view

    confirm = view.confirm_unlock if view.asks(yes, json) else view.agree
    show(past.unlock(load(stack), id, confirm), json)
