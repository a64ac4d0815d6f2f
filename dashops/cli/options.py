"""The options that verbs share, and what every verb does: load the stack, show the value."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dashops.errors import DashopsError

if TYPE_CHECKING:
    from dashops.stack import Stack

StackFile = Annotated[
    Path | None, typer.Option("--stack", help="The stack file (default: ./dashops.yaml).")
]
Target = Annotated[
    str | None,
    typer.Option("--target", help="local or compose (default: that of the file or the last up)."),
]
Host = Annotated[
    str | None,
    typer.Option(
        "--host",
        metavar="SSH",
        help="ssh://user@host to run containers on (default: as for --target; '' for none).",
    ),
]
Dev = Annotated[
    list[str] | None,
    typer.Option(
        "--dev", metavar="SLOT", help="Run this slot (or `all`) from dashops' source tree."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON to stdout.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Folder = Annotated[Path | None, typer.Option("--output", "-o", help="Write into this folder.")]
Diff = Annotated[bool, typer.Option("--diff", "-v", help="Show what changes in each file.")]
Purge = Annotated[
    bool, typer.Option("--purge", "--volumes", help="Remove dashboards, passwords and all else.")
]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is logged next.")]
Every = Annotated[float, typer.Option("--every", min=0.2, help="Seconds between two looks.")]
Once = Annotated[bool, typer.Option("--once", help="Print it once, as without a terminal.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for others and for the history.")]
Wait = Annotated[
    float, typer.Option("--wait", min=0, help="Seconds to wait while another works on the stack.")
]
Lines = Annotated[int, typer.Option("--lines", "-n", min=0, help="How many lines of each log.")]
Slots = Annotated[list[str] | None, typer.Argument(metavar="[SLOT]...", show_default=False)]
Server = Annotated[
    str | None,
    typer.Option("--server", envvar="DASHOPS_SERVER", help="URL of a server (default: the stack)."),
]
TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", help="Token of --server, unless in DASHOPS_TOKEN."),
]
Name = Annotated[str, typer.Argument(metavar="NAME")]
Alias = Annotated[
    str | None, typer.Option("--name", help="Name in the URL (default: made from the file name).")
]
Draft = Annotated[
    bool, typer.Option("--draft", help="Run it, but let viewers see what they see; prints a link.")
]
Browse = Annotated[bool, typer.Option("--open", help="Open the dashboard in a browser.")]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse when preflight warns of anything.")]
Fix = Annotated[bool, typer.Option("--fix", help="Write missing packages to requirements.txt.")]
Junit = Annotated[Path | None, typer.Option("--junit", help="Keep the results as JUnit XML.")]
Files = Annotated[list[Path] | None, typer.Argument(metavar="FILES", show_default=False)]


@contextlib.contextmanager
def failing_with_1() -> Iterator[None]:
    """Every named failure is exit code 1 here, where 2 is an answer."""
    try:
        yield
    except DashopsError as error:
        error.exit_code = 1
        raise


def load(path: Path | None, target: str | None = None, host: str | None = None) -> "Stack":
    """The stack that `--stack`, DASHOPS_STACK or ./dashops.yaml names."""
    from dashops import stack

    return stack.load(path, target=target, host=host)


def show(value: Any, json: bool) -> None:
    """Print what a flow function returned."""
    from dashops import view

    (view.as_json if json else view.as_text)(value)
