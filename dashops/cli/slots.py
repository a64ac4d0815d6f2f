"""The verbs about single slots, each a few lines: call one flow function, show its value."""

from typing import Annotated

import typer

from dashops.cli.app import app
from dashops.cli.options import Json, Reason, Slots, StackFile, Wait, Yes, load, show


@app.command()
def restart(
    slots: Slots = None,
    stack: StackFile = None,
    wait: Wait = 0,
    reason: Reason = "",
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Start slots afresh as the last `up` left them: those named, or all.

    Shows who loses what and asks, when someone is there to answer.
    """
    from dashops import flow, restarting, run, view

    with view.progress() as tell:
        confirm = view.confirm_plan if view.asks(yes, json) else view.agree
        asked = flow.Asked(reason, wait)
        done = restarting.restart(load(stack), slots or [], run.run, tell, confirm, asked)
    show(done, json)


@app.command()
def scale(
    wanted: Annotated[str, typer.Argument(metavar="gateway=NUMBER")],
    stack: StackFile = None,
    wait: Wait = 0,
    reason: Reason = "",
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Run so many gateways, now and at the next up. One that goes keeps its pages until they end.

    Shows what it would do and asks, when someone is there to answer.
    """
    from dashops import flow, run, scaling, view

    with view.progress() as tell:
        confirm = view.confirm_plan if view.asks(yes, json) else view.agree
        asked = flow.Asked(reason, wait)
        done = scaling.scale(load(stack), wanted, run.run, tell, confirm, asked)
    show(done, json)
