"""The verbs about the machine that containers run on, each a few lines: parse, call, show."""

import typer

from dashops.cli.app import app
from dashops.cli.options import Host, Json, StackFile, load, show

host = typer.Typer(name="host", help="Look at the host of containers.", no_args_is_help=True)
app.add_typer(host)


@host.command()
def check(stack: StackFile = None, host: Host = None, json: Json = False) -> None:
    """Say what the host lacks to run the stack, and what to do. Exit code 1 if anything."""
    from dashops import hosts, run

    found = hosts.check(load(stack, host=host), run.run)
    show(found, json)
    found.raise_for_errors()


@host.command()
def tunnel(stack: StackFile = None, host: Host = None, json: Json = False) -> None:
    """Bring dashboards and JupyterLab of the host to the same ports of this machine."""
    from dashops import hosts, view

    wanted = load(stack, host=host)
    show(hosts.tunnel(wanted), json)
    # The host may restart meanwhile.
    view.until_interrupted(lambda: hosts.tunnel(wanted))
