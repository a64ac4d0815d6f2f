"""The command line: parse, call one flow function, hand its value to the view; decides nothing.

A verb is at most five lines: imports inside (they are paid for on use), one call of flow,
`show(value, json)`. How a value prints is registered in dashops/view/.
"""

import sys

from dashops import errors
from dashops.cli.app import app

# isort: split
from dashops.cli import operators  # noqa: F401  registers its verbs, `--help` lists them first

# isort: split
from dashops.cli import slots  # noqa: F401

# isort: split
from dashops.cli import past  # noqa: F401

# isort: split
from dashops.cli import hosts  # noqa: F401

# isort: split
from dashops.cli import recipes  # noqa: F401

# isort: split
from dashops.cli import images  # noqa: F401

# isort: split
from dashops.cli import authors  # noqa: F401

# isort: split
from dashops.cli import users  # noqa: F401

# isort: split
from dashops.cli import administrators  # noqa: F401

# isort: split
from dashops.cli import developers  # noqa: F401

__all__ = ["app", "main"]


def main() -> None:
    """Entry point of the console script; the one place that turns errors into exit codes."""
    try:
        app()
    except errors.DashopsError as error:
        from dashops import view

        view.error(error)
        sys.exit(error.exit_code)
