"""What differs between two revisions: cells, files, packages; it reads both from the server."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashops import bundle, errors
from dashops.bundle.changes import Change
from dashops.publish.destinations import Destination

_LIMIT = 2**31
"""Bytes a revision may unpack to; the server has kept to its own limit before."""


@dataclass(frozen=True)
class Difference:
    """From revision `old` to revision `new`.

    `notebook` is nbdime's diff (https://nbdime.readthedocs.io/en/latest/diffing.html), `cells` the
    same for people to read.
    """

    name: str
    old: int
    new: int
    files: tuple[Change, ...]
    packages: tuple[Change, ...]
    notebook: tuple[Mapping[str, Any], ...]
    cells: str

    @property
    def empty(self) -> bool:
        """Whether viewers and kernels get the same."""
        return not (self.files or self.packages or self.notebook)


def diff(name: str, old: int, new: int, to: Destination) -> Difference:
    """Compare two revisions of a dashboard; SpecError when one is not there."""
    bundle.check_name(name)
    before, after = (bundle.unpack(to.server.bundle(name, number), _LIMIT) for number in (old, new))
    notebook, cells = _cells(before.notebook, after.notebook)
    return Difference(
        name=name,
        old=old,
        new=new,
        files=bundle.changes.files(before, after),
        packages=bundle.changes.packages(before, after),
        notebook=notebook,
        cells=cells,
    )


def _cells(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[tuple[Any, ...], str]:
    try:
        import nbdime
        from nbdime.prettyprint import PrettyPrintConfig, pretty_print_notebook_diff
        from nbformat import from_dict
    except ImportError as error:
        raise errors.ToolError(
            "comparing notebooks needs nbdime", hint="install `dashops[diff]`"
        ) from error
    before, after = from_dict(old), from_dict(new)
    found = nbdime.diff_notebooks(before, after)
    out = io.StringIO()
    if found:
        config = PrettyPrintConfig(out=out, use_color=False, use_git=False, use_diff=False)
        pretty_print_notebook_diff("", "", before, found, config)
    # It begins with the names of files, which there are none of.
    _, _, cells = out.getvalue().partition("\n## ")
    return tuple(found), f"## {cells}" if cells else ""
