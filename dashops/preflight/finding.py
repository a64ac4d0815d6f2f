"""What preflight knows of the author's side, and what it says: findings; it decides nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning", "note"]

KINDS = {
    "syntax": "a cell is no Python",
    "import": "an import that no dependency covers",
    "local-module": "a module beside the notebook that is not sent",
    "run-time-install": "a cell installs packages",
    "kernel": "a kernelspec the server does not have",
    "python": "another Python than the author's or the required one",
    "file-not-sent": "a file that is read, lies beside the notebook and is not sent",
    "file-missing": "a file that is read and is nowhere",
    "outside-path": "a path that is absolute or leaves the notebook's folder",
    "variable": "an environment variable that kernels do not see",
    "frontend": "a widget whose JavaScript the server does not have",
    "stdin": "a cell that waits for the keyboard",
    "display": "output that a dashboard's page cannot show",
    "large-file": "a file that makes every upload and every first visit slow",
    "secret": "what looks like a password or key",
    "unsupported": "a dependency that no environment can have",
}
"""Every kind of finding, in the order of docs/preflight.md."""


@dataclass(frozen=True)
class Finding:
    """One thing that may be different for viewers than for the author.

    `cell` counts all cells from 1 and `line` within it; `file` is set instead of `cell` when the
    line is in a module that is sent along. `packages` are distributions that would help.
    """

    kind: str
    severity: Severity
    message: str
    fix: str
    cell: int | None = None
    line: int | None = None
    file: str = ""
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Declared:
    """The author's dependencies: normalised names of distributions, from `source`.

    `locked` says that they are all there will be, what they need included. `unsupported` cannot
    be installed by pip.
    """

    source: str
    names: frozenset[str]
    locked: bool = False
    python: str = ""
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True)
class Installed:
    """Distributions of one environment, all names normalised as PEP 503 has it.

    `modules` from import name to distribution, `needs` from distribution to what it requires,
    `frontends` from distribution to its lab extensions, `versions` to its version.
    """

    modules: Mapping[str, str] = field(default_factory=dict)
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    frontends: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Author:
    """The author's side: the notebook's folder, and what the environment of its kernel has.

    `installed` knows nothing when no interpreter was found.
    """

    folder: Path
    installed: Installed = field(default_factory=Installed)
    home: Path = field(default_factory=Path.home)
