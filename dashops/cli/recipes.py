"""The verbs about what operators edit of recipes; each as those of operators."""

from typing import Annotated

import typer

from dashops.cli.app import app
from dashops.cli.options import Json, StackFile, Target, load, show

recipes = typer.Typer(
    help="See and change what dashops renders.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(recipes, name="recipes")

Templates = Annotated[list[str] | None, typer.Argument(metavar="[TEMPLATE]...", show_default=False)]


@recipes.command("list")
def list_(stack: StackFile = None, target: Target = None, json: Json = False) -> None:
    """List templates, the insertion points in each, and what of them is yours."""
    from dashops import editing

    show(editing.listed(load(stack, target)), json)


@recipes.command()
def eject(
    templates: Annotated[list[str], typer.Argument(metavar="TEMPLATE...")],
    stack: StackFile = None,
    target: Target = None,
    json: Json = False,
) -> None:
    """Copy templates to where you edit them; yours are used from then on."""
    from dashops import editing

    show(editing.eject(load(stack, target), templates), json)


@recipes.command()
def diff(
    templates: Templates = None, stack: StackFile = None, target: Target = None, json: Json = False
) -> None:
    """Show how your templates differ from those of dashops. Exit code 1 if they do."""
    from dashops import editing

    found = editing.diff(load(stack, target), templates or [])
    show(found, json)
    raise typer.Exit(1 if found.diffs else 0)


@recipes.command()
def merge(
    templates: Templates = None, stack: StackFile = None, target: Target = None, json: Json = False
) -> None:
    """Bring what dashops changed since `eject` into your templates. Exit code 1 at conflicts."""
    from dashops import editing, run

    done = editing.merge(load(stack, target), templates or [], run.run)
    show(done, json)
    raise typer.Exit(1 if done.conflicts else 0)
