"""The Typer app that every verb is registered with."""

import typer

app = typer.Typer(
    name="dashops",
    help="Turn notebooks into dashboards other people may use.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
