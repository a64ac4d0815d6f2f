"""What will be different for viewers than for the author, said before anything is sent.

finding    what is said, and what is known of the author's side
cells      notebook → syntax trees, `magics` taken out
values     which strings an expression can be
imports    what is imported;  packages  which of it the environment will not have
names      tables: import name → distribution → what that needs
reads      which files are read and written;  files  which of them will not be there
variables, widgets, server, habits, exposed   one kind of trouble each
author     what is installed where the notebook was written
declared   the packages the author declares;  amended  the requirements.txt of `--fix`

It prints nothing and changes nothing; `findings` reads the notebook's folder, the rest is pure.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dashops import bundle as bundles
from dashops.client import About
from dashops.preflight import (
    cells,
    exposed,
    files,
    habits,
    imports,
    local,
    packages,
    reads,
    server,
    variables,
    widgets,
)
from dashops.preflight.amended import requirements
from dashops.preflight.author import installed
from dashops.preflight.declared import of as declarations
from dashops.preflight.finding import KINDS, Author, Declared, Finding, Installed
from dashops.preflight.values import Values

__all__ = [
    "KINDS",
    "Author",
    "Declared",
    "Finding",
    "Installed",
    "Report",
    "declarations",
    "installed",
    "look",
    "requirements",
]

_ORDER = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True)
class Report:
    """The findings, errors first; `packages` are all that the notebook's imports come from."""

    findings: tuple[Finding, ...]
    packages: tuple[str, ...]


def look(
    packed: bundles.Bundle, about: About | None, author: Author, asked: Declared | None
) -> Report:
    """Look at a notebook as it would go up; `about` None is a server that says nothing."""
    found = [*server.check(packed.notebook, asked, about), *_unsupported(asked)]
    found += [*files.missing(packed.missing), *exposed.in_files(packed.files)]
    found += files.large((path, len(content)) for path, content in packed.files.items())
    if bundles.language(packed.notebook) not in ("python", "python3", "ipython", None):
        return Report(_sorted(found), ())
    codes = list(cells.of(packed.notebook))
    beside = local.of(codes, packed.files, author.folder)
    codes += beside.sent
    values = Values(code.tree for code in codes)
    used = [each for code in codes for each in imports.of(code)]
    python = server.version(about.python) if about else ()
    wanted = list(packages.needs(used, beside.names, about, author.installed))
    found += _syntax(codes, python)
    found += beside.lost(used)
    found += packages.check(wanted, asked, about, author.installed)
    found += packages.removed(used, python) if python else ()
    found += widgets.check(wanted, codes, about, author.installed)
    accesses = [each for code in codes for each in reads.of(code, values)]
    opaque = any(map(reads.opaque, codes))
    found += files.check(accesses, packed.files.keys(), author.folder, author.home, opaque=opaque)
    found += variables.check((each for code in codes for each in variables.of(code, values)), about)
    found += variables.dotenv(codes, there=(author.folder / ".env").is_file())
    for code in codes:
        found += [*habits.check(code), *exposed.in_code(code)]
    return Report(_sorted(found), _packages(wanted, codes))


def _packages(wanted: Iterable[packages.Need], codes: Iterable[cells.Code]) -> tuple[str, ...]:
    names = {need.providers[0] for need in wanted if not need.used.guarded}
    for code in codes:
        for magic in code.magics:
            if magic.name == "matplotlib" and magic.rest.split()[:1] in widgets.WIDGET_BACKEND:
                names.add("ipympl")
    return tuple(sorted(names - {"ipython", "ipykernel"}))


def _syntax(codes: Iterable[cells.Code], python: tuple[int, ...]) -> Iterator[Finding]:
    import sys

    for code in codes:
        if code.problem is None:
            continue
        # A newer server may read what the Python here does not.
        sure = not python or python[:2] <= sys.version_info[:2]
        yield Finding(
            "syntax",
            "error" if sure else "warning",
            f"this is no Python: {code.problem.msg}",
            "run the cell and correct it",
            **code.place.at(code.problem.lineno),
        )


def _unsupported(asked: Declared | None) -> Iterator[Finding]:
    for name in asked.unsupported if asked else ():
        assert asked is not None
        yield Finding(
            "unsupported",
            "warning",
            f"`{name}` of {asked.source} is no package of an index, so it is left out",
            "name what you import from it in requirements.txt, as pip calls it",
            packages=(),
        )


def _sorted(found: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(
        sorted(
            dict.fromkeys(found),
            key=lambda each: (_ORDER[each.severity], each.cell or 0, each.file, each.line or 0),
        )
    )
