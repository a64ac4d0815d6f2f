"""The verbs of operators, each a few lines: parse, call one flow function, show its value."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from dashops.cli.app import app
from dashops.cli.options import (
    Diff,
    Every,
    Folder,
    Follow,
    Json,
    Junit,
    Lines,
    Once,
    Purge,
    Server,
    Slots,
    StackFile,
    Target,
    TokenFile,
    Yes,
    load,
    show,
)


@app.command()
def init(stack: StackFile = None, json: Json = False) -> None:
    """Write a stack file with every setting, its default and what it means."""
    from dashops import flow

    show(flow.init(stack), json)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the stack file, for editors."""
    from dashops import stack, view

    view.document(stack.schema())


@app.command()
def up(
    stack: StackFile = None, target: Target = None, yes: Yes = False, json: Json = False
) -> None:
    """Make the stack run, and wait until every slot is healthy.

    Shows what it would do and asks, when someone is there to answer.
    """
    from dashops import flow, run, view

    with view.progress() as tell:
        confirm = view.confirm_plan if view.asks(yes, json) else view.agree
        done = flow.up(load(stack, target), run.run, tell, confirm)
    show(done, json)


@app.command()
def down(
    stack: StackFile = None, purge: Purge = False, yes: Yes = False, json: Json = False
) -> None:
    """Stop everything. Published dashboards, passwords, environments and logs stay."""
    from dashops import flow, run, view

    with view.progress() as tell:
        confirm = view.confirm_purge if view.asks(yes, json) else view.agree
        verb = flow.purge if purge else flow.down
        done = verb(load(stack), run.run, tell, *([confirm] if purge else []))
    show(done, json)


@app.command()
def status(stack: StackFile = None, json: Json = False) -> None:
    """Show the slots, dashboards and viewers. Exit code 1 when a slot is not healthy."""
    from dashops import flow, run

    found = flow.status(load(stack), run.run)
    show(found, json)
    raise typer.Exit(0 if found.healthy else 1)


@app.command()
def top(
    every: Every = 2.0,
    once: Once = False,
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Show dashboards with their viewers, memory and times, until Ctrl-C."""
    from dashops import publish, view

    to = publish.destination(lambda: load(stack), server, token_file)
    if json or once or not view.watched():
        show(publish.top(to), json)
    else:
        view.watch(lambda: publish.top(to), every)


@app.command()
def logs(
    slots: Slots = None,
    stack: StackFile = None,
    follow: Follow = False,
    lines: Lines = 20,
    json: Json = False,
) -> None:
    """Show the logs of all slots, or of gateway, dashboard, notebook, supervisor, proxy."""
    from dashops import flow

    verb = flow.follow if follow else flow.logs
    for line in verb(load(stack), slots or [], lines):
        show(line, json)


@app.command()
def plan(
    stack: StackFile = None, target: Target = None, diff: Diff = False, json: Json = False
) -> None:
    """Show what `up` would do and why. Changes nothing."""
    from dashops import flow, run, view

    found = flow.plan(load(stack, target), run.run)
    show(view.WithDiff(found) if diff and not json else found, json)


@app.command()
def render(
    stack: StackFile = None, target: Target = None, output: Folder = None, json: Json = False
) -> None:
    """Print the files that the services would read, or write them into a folder."""
    from dashops import flow, run

    show(flow.render(load(stack, target), run.run, output), json)


@app.command()
def password(
    slot: Annotated[Literal["dashboard", "notebook"], typer.Argument()] = "dashboard",
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Print the password of the dashboards, or the token of the notebook slot."""
    from dashops import flow

    show(flow.password(load(stack), slot), json)


@app.command()
def smoke(stack: StackFile = None, junit: Junit = None, json: Json = False) -> None:
    """Check the running stack, from processes to a browser. Exit code 4 when a check fails."""
    from dashops import flow, run, view

    with view.progress() as tell:
        report = flow.smoke(load(stack), run.run, tell, junit)
    show(report, json)
    report.raise_for_failures()


@app.command()
def attack(
    url: Annotated[
        str | None,
        typer.Argument(metavar="[URL]", help="Main address (default: that of the stack)."),
    ] = None,
    user: Annotated[str | None, typer.Option("--user", help="Log in as this person.")] = None,
    password_file: Annotated[
        Path | None, typer.Option("--password-file", help="File with the password of --user.")
    ] = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Try on your own stack what nobody may do. Exit code 4 when something gets through."""
    from dashops import attack, flow, run, view

    with view.progress() as tell:
        login = attack.login(user, password_file)
        report = flow.attack(load(stack), run.run, url, login, tell)
    show(report, json)
    report.raise_for_failures()


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Write all dashboards, with the revisions that are kept, into a file."""
    from dashops import publish

    to = publish.administration(lambda: load(stack), server, token_file)
    show(publish.backup(file, to), json)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Bring in the dashboards of a backup: all of them, or none if one is there already."""
    from dashops import publish

    to = publish.administration(lambda: load(stack), server, token_file)
    show(publish.restore(file, to), json)
