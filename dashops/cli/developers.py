"""The verbs of those who write packages for dashops, each a few lines."""

from pathlib import Path
from typing import Annotated

import typer

from dashops.cli.app import app
from dashops.cli.options import Json, show

plugin = typer.Typer(
    help="Packages with menu entries of their own (docs/plugins.md).",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(plugin, name="plugin")


@plugin.callback()
def _plugin() -> None:
    """Keep `test` a word of its own while it is the only one."""


@plugin.command("test")
def test(
    package: Annotated[str, typer.Argument(metavar="PACKAGE")],
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting, NAME=VALUE; repeatable. No secrets."),
    ] = None,
    settings: Annotated[Path | None, typer.Option(help="Settings from this JSON file.")] = None,
    seconds: Annotated[float, typer.Option(min=1, help="How long an entry may work.")] = 60.0,
    json: Json = False,
) -> None:
    """Check the menu entries of an installed package. Exit code 1 when a check fails."""
    from dashops import conformance

    found = conformance.test(package, conformance.given(sets or [], settings), seconds)
    show(found, json)
    raise typer.Exit(0 if found.passed else 1)
