"""The verbs of authors, each a few lines: parse, call one publish function, show its value."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from dashops.cli.app import app
from dashops.cli.options import (
    Alias,
    Browse,
    Draft,
    Files,
    Fix,
    Json,
    Name,
    Server,
    StackFile,
    Strict,
    TokenFile,
    Yes,
    load,
    show,
)


@app.command()
def deploy_notebook(
    notebook: Annotated[Path, typer.Argument(metavar="NOTEBOOK")],
    files: Files = None,
    name: Alias = None,
    draft: Draft = False,
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    fix: Fix = False,
    strict: Strict = False,
    browse: Browse = False,
    json: Json = False,
) -> None:
    """Publish a notebook as a dashboard, with the files it refers to and those named here.

    The server runs it first; when a cell fails, viewers go on seeing the revision before.
    """
    from dashops import publish, run, view

    to = publish.destination(lambda: load(stack), server, token_file)
    wanted = publish.Notebook(notebook, files or [], name, draft)
    publish.ready(notebook, files or [], to, publish.Checks(strict, fix), view.findings)
    with view.failures(json), view.progress() as tell:
        done = publish.deploy_notebook(wanted, to, run.run, view.announce, tell)
    show(done, json)
    view.browse(done.address) if browse else None


@app.command()
def preflight(
    notebook: Annotated[Path, typer.Argument(metavar="NOTEBOOK")],
    files: Files = None,
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    fix: Fix = False,
    strict: Strict = False,
    json: Json = False,
) -> None:
    """Say what a notebook would miss on the server, before anything is sent. Exit code 2 if so."""
    from dashops import publish

    to = publish.server_if_any(lambda: load(stack), server, token_file)
    found = publish.preflight(notebook, files or [], to, publish.Checks(strict, fix))
    show(found, json)
    raise typer.Exit(2 if found.refused else 0)


@app.command()
def bundle(
    notebook: Annotated[Path, typer.Argument(metavar="NOTEBOOK")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Write this zip.")],
    files: Files = None,
    kind: Annotated[
        Literal["app", "bundle"],
        typer.Option("--as", help="A dashboard app, or only the notebook with its files."),
    ] = "app",
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Make a notebook a zip: an app that runs by itself, with `make run` or in Docker."""
    from dashops import publish, view

    made = publish.pack(notebook, files or [], output, kind, lambda: load(stack), view.step)
    show(made, json)


@app.command()
def kernels(
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """List the kernels that notebooks may name."""
    from dashops import publish

    to = publish.destination(lambda: load(stack), server, token_file)
    show(publish.kernels(to), json)


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
def activate(
    revision: Annotated[str, typer.Argument(metavar="NAME@REV")],
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Show a revision that passed its run, such as a draft, to viewers."""
    from dashops import publish

    to = publish.destination(lambda: load(stack), server, token_file)
    show(publish.activate(revision, to), json)


@app.command()
def diff(
    name: Name,
    old: Annotated[int, typer.Argument(metavar="REV", min=1)],
    new: Annotated[int, typer.Argument(metavar="REV", min=1)],
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Show what differs between two revisions: cells, packages, files."""
    from dashops import publish

    to = publish.destination(lambda: load(stack), server, token_file)
    show(publish.diff(name, old, new, to), json)


@app.command()
def deploys(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", show_default=False)] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Follow the deploy of NAME that runs.")
    ] = False,
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """List what was deployed lately and how it ended, and what is being deployed now."""
    from dashops import publish, view

    to = publish.destination(lambda: load(stack), server, token_file)
    with view.failures(json), view.progress() as tell:
        done = publish.watch(name, to, tell) if follow else publish.deploys(name, to)
    show(done, json)


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
