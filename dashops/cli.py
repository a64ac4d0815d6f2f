"""The command line: parse, call one flow function, hand its value to the view; decides nothing."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from dashops import errors

if TYPE_CHECKING:
    from dashops.stack import Stack

app = typer.Typer(
    name="dashops",
    help="Turn notebooks into dashboards other people may use.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

StackFile = Annotated[
    Path | None, typer.Option("--stack", help="The stack file (default: ./dashops.yaml).")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON to stdout.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Folder = Annotated[Path | None, typer.Option("--output", "-o", help="Write into this folder.")]
Diff = Annotated[bool, typer.Option("--diff", "-v", help="Show what changes in each file.")]
Purge = Annotated[bool, typer.Option("--purge", help="Remove dashboards, passwords and all else.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is logged next.")]
Lines = Annotated[int, typer.Option("--lines", "-n", min=0, help="How many lines of each log.")]
Slots = Annotated[list[str] | None, typer.Argument(metavar="[SLOT]...", show_default=False)]
Server = Annotated[
    str | None,
    typer.Option("--server", envvar="DASHOPS_SERVER", help="URL of a server (default: the stack)."),
]
TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", help="Deploy token of --server, unless in DASHOPS_TOKEN."),
]
Name = Annotated[str, typer.Argument(metavar="NAME")]
Alias = Annotated[
    str | None, typer.Option("--name", help="Name in the URL (default: made from the file name).")
]
Browse = Annotated[bool, typer.Option("--open", help="Open the dashboard in a browser.")]
Junit = Annotated[Path | None, typer.Option("--junit", help="Keep the results as JUnit XML.")]
Files = Annotated[list[Path] | None, typer.Argument(metavar="FILES", show_default=False)]

# A verb is at most five lines: imports inside (they are paid for on use), one call of flow,
# `show(value, json)`. How a value prints is registered in dashops/view/.


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
def up(stack: StackFile = None, yes: Yes = False, json: Json = False) -> None:
    """Make the stack run, and wait until every slot is healthy.

    Shows what it would do and asks, when someone is there to answer.
    """
    from dashops import flow, run, view

    with view.progress() as tell:
        confirm = view.confirm_plan if view.asks(yes, json) else view.agree
        done = flow.up(load(stack), run.run, tell, confirm)
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
def logs(
    slots: Slots = None,
    stack: StackFile = None,
    follow: Follow = False,
    lines: Lines = 20,
    json: Json = False,
) -> None:
    """Show the logs of all slots, or of gateway, dashboard, notebook or supervisor."""
    from dashops import flow

    verb = flow.follow if follow else flow.logs
    for line in verb(load(stack), slots or [], lines):
        show(line, json)


@app.command()
def plan(stack: StackFile = None, diff: Diff = False, json: Json = False) -> None:
    """Show what `up` would do and why. Changes nothing."""
    from dashops import flow, run, view

    found = flow.plan(load(stack), run.run)
    show(view.WithDiff(found) if diff and not json else found, json)


@app.command()
def render(stack: StackFile = None, output: Folder = None, json: Json = False) -> None:
    """Print the files that the services would read, or write them into a folder."""
    from dashops import flow, run

    show(flow.render(load(stack), run.run, output), json)


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
def deploy_notebook(
    notebook: Annotated[Path, typer.Argument(metavar="NOTEBOOK")],
    files: Files = None,
    name: Alias = None,
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    browse: Browse = False,
    json: Json = False,
) -> None:
    """Publish a notebook as a dashboard, with the files it refers to and those named here.

    The server runs it first; when a cell fails, viewers go on seeing the revision before.
    """
    from dashops import publish, run, view

    to = publish.destination(lambda: load(stack), server, token_file)
    wanted = publish.Notebook(notebook, files or [], name)
    with view.failures(json), view.progress() as tell:
        done = publish.deploy_notebook(wanted, to, run.run, view.announce, tell)
    show(done, json)
    view.browse(done.link) if browse else None


@app.command()
def dashboards(
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """List the published dashboards."""
    from dashops import publish

    to = publish.destination(lambda: load(stack), server, token_file)
    show(publish.dashboards(to), json)


@app.command()
def revisions(
    name: Name,
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """List what was deployed under a name: what viewers see, what they saw, what failed and why."""
    from dashops import publish

    to = publish.destination(lambda: load(stack), server, token_file)
    show(publish.revisions(name, to), json)


@app.command("show")
def show_revision(
    name: Annotated[str, typer.Argument(metavar="NAME[@REV]")],
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Show a revision with its files and, when it failed, the cell and traceback."""
    from dashops import publish

    to = publish.destination(lambda: load(stack), server, token_file)
    show(publish.show(name, to), json)


@app.command()
def rollback(
    name: Name,
    revision: Annotated[int | None, typer.Argument(metavar="REV", min=1)] = None,
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Show an earlier revision again: REV, or the one viewers saw before."""
    from dashops import publish

    to = publish.destination(lambda: load(stack), server, token_file)
    show(publish.roll_back(name, revision, to), json)


@app.command()
def remove(
    name: Name,
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Take a dashboard off the server."""
    from dashops import publish, view

    to = publish.destination(lambda: load(stack), server, token_file)
    confirm = view.confirm_remove if view.asks(yes, json) else view.agree
    show(publish.remove(name, to, confirm), json)


def load(path: Path | None) -> "Stack":
    """The stack that `--stack`, DASHOPS_STACK or ./dashops.yaml names."""
    from dashops import stack

    return stack.load(path)


def show(value: Any, json: bool) -> None:
    """Print what a flow function returned."""
    from dashops import view

    (view.as_json if json else view.as_text)(value)


def main() -> None:
    """Entry point of the console script; the one place that turns errors into exit codes."""
    try:
        app()
    except errors.DashopsError as error:
        from dashops import view

        view.error(error)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
