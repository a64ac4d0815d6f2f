"""How errors print, and above all why a notebook failed on the server; it catches none for good."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from dashops import client, errors
from dashops.view import text

LINES = 30
"""How many lines of a cell are shown."""

# IPython names the cell's own frame first, functions of other cells after it.
_PLACE = re.compile(r"(?:Cell|Input) In ?\[\d+\], line (\d+)")


def error(problem: errors.DashopsError) -> None:
    """Print `error:`, where it is and `hint:` to stderr."""
    details = lines(problem.failure) if isinstance(problem, client.NotebookFailed) else ()
    text.error(problem, details)


@contextmanager
def failures(json: bool) -> Iterator[None]:  # noqa: FBT001
    """With --json, print why a notebook failed to stdout before the error goes on."""
    try:
        yield
    except client.NotebookFailed as failed:
        if json:
            said = {"message": failed.message, "hint": failed.hint}
            text.document({**said, "failure": asdict(failed.failure)})
        raise


def lines(failure: client.Failure) -> Iterator[str]:
    """The cell's source, numbered, and the traceback."""
    source = failure.source.splitlines()
    found = _PLACE.search(failure.traceback)
    at = int(found[1]) if found and int(found[1]) <= len(source) else 0
    first = max(0, min(at - LINES // 2, len(source) - LINES))
    shown = source[first : first + LINES]
    if shown:
        yield f"cell {failure.cell}:"
    if first:
        yield f"       ... {first} lines above"
    for number, line in enumerate(shown, first + 1):
        yield f"{'>' if number == at else ' '} {number:>4}  {line}"
    if below := len(source) - first - len(shown):
        yield f"       ... {below} lines below"
    if failure.traceback:
        yield from ("", *failure.traceback.splitlines())
