"""How findings of preflight and the kernels of a server print."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TextIO

from dashops import publish
from dashops.preflight import Finding
from dashops.view import text
from dashops.view.text import as_json, as_text, say

COLOURS = {"error": "red", "warning": "yellow", "note": "dim"}


def findings(value: publish.Preflight) -> None:
    """Say on stderr what preflight found, before a deploy goes on or is refused."""
    text.note(*_lines(value, sys.stderr))


@as_text.register
def _(value: publish.Preflight) -> None:
    say(*_lines(value, sys.stdout))
    if not value.findings:
        say(f"`{value.notebook.name}`: nothing found that would be different for viewers")
    if value.silent:
        text.note(f"the server's side was not looked at: {value.silent}")


@as_json.register
def _(value: publish.Preflight) -> None:
    found = [asdict(each) for each in value.findings]
    text.document({**asdict(value), "findings": found, "passed": not value.refused})


@as_text.register
def _(value: publish.Kernels) -> None:
    rows = [
        (name, kernel.display_name, kernel.language, "*" if name == value.default else "")
        for name, kernel in sorted(value.kernels.items())
    ]
    say(*text.table(("name", "display name", "language", "default"), rows))


def _lines(value: publish.Preflight, stream: TextIO) -> Iterator[str]:
    for each in value.findings:
        yield f"{text.paint(f'{each.severity}:', COLOURS[each.severity], stream)} {_said(each)}"
        yield f"  {text.paint('fix:', 'green', stream)} {each.fix}"
    if value.written:
        yield f"wrote `{value.written.name}`: {', '.join(value.added)}"


def _said(finding: Finding) -> str:
    """The message after its place, as `cell 3, line 2: …`."""
    where = finding.file or (f"cell {finding.cell}" if finding.cell else "")
    if where and finding.line:
        where += f", line {finding.line}"
    return f"{where}: {finding.message}" if where else finding.message
