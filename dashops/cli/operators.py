"""The verbs of operators, each a few lines: parse, call one flow function, show its value."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from dashops.cli.app import app
from dashops.cli.options import (
    Dev,
    Diff,
    Every,
    Folder,
    Follow,
    Host,
    Json,
    Junit,
    Lines,
    Once,
    Purge,
    Reason,
    Server,
    Slots,
    StackFile,
    Target,
    TokenFile,
    Wait,
    Yes,
    failing_with_1,
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
    stack: StackFile = None,
    target: Target = None,
    host: Host = None,
    plan: Annotated[
        Path | None, typer.Option("--plan", help="Do what this plan says, or refuse.")
    ] = None,
    dev: Dev = None,
    wait: Wait = 0,
    reason: Reason = "",
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Make the stack run, and wait until every slot is healthy.

    Shows what it would do and asks, when someone is there to answer and there is no --plan. With
    --dev it goes on: each change of the source tree brings those slots up again, until Ctrl-C.
    """
    from dashops import developing, flow, run, view

    wanted = load(stack, target, host).developing(dev or [])
    with view.progress() as tell:
        confirm = view.confirm_plan if view.asks(yes or plan is not None, json) else view.agree
        asked = flow.Asked(reason, wait)
        done = flow.up(wanted, run.run, tell, confirm, asked, plan)
    show(done, json)
    if dev and not done.declined:
        with view.progress() as tell:
            for each in developing.follow(wanted, run.run, tell, asked):
                show(each, json)


@app.command()
def down(
    stack: StackFile = None,
    purge: Purge = False,
    wait: Wait = 0,
    reason: Reason = "",
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Stop everything. Published dashboards, passwords, environments and logs stay."""
    from dashops import flow, run, view

    with view.progress() as tell:
        confirm = view.confirm_purge if view.asks(yes, json) else view.agree
        asked = flow.Asked(reason, wait)
        if purge:
            done = flow.purge(load(stack), run.run, tell, confirm, asked)
        else:
            done = flow.down(load(stack), run.run, tell, asked)
    show(done, json)


@app.command()
def status(
    stack: StackFile = None,
    drift: Annotated[
        bool, typer.Option("--drift", help="Show what was changed by hand since the last up.")
    ] = False,
    json: Json = False,
) -> None:
    """Show slots, dashboards and viewers. Exit code 1 when a slot is not healthy, or at a drift."""
    from dashops import flow, past, run

    if drift:
        changed = past.drift(load(stack), run.run)
        show(changed, json)
        raise typer.Exit(1 if changed.found else 0)
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
    stack: StackFile = None,
    target: Target = None,
    host: Host = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write it into a file for `up --plan`.")
    ] = None,
    dev: Dev = None,
    diff: Diff = False,
    json: Json = False,
) -> None:
    """Show what `up` would do, why, and who loses what. Exit code 2 when there is something to do.

    Changes nothing. A failure is exit code 1, a mistake in the stack file too.
    """
    from dashops import flow, run, view

    with failing_with_1():
        wanted = load(stack, target, host).developing(dev or [])
        found = flow.plan(wanted, run.run, out)
    show(view.WithDiff(found) if diff and not json else found, json)
    raise typer.Exit(0 if found.empty else 2)


@app.command()
def render(
    stack: StackFile = None,
    target: Target = None,
    host: Host = None,
    output: Folder = None,
    json: Json = False,
) -> None:
    """Print the files that the services would read, or write them into a folder."""
    from dashops import flow, run

    show(flow.render(load(stack, target, host), run.run, output), json)


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
    from dashops import proving, run, view

    with view.progress() as tell:
        report = proving.smoke(load(stack), run.run, tell, junit)
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
    from dashops import attack, proving, run, view

    with view.progress() as tell:
        login = attack.login(user, password_file)
        report = proving.attack(load(stack), run.run, url, login, tell)
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
