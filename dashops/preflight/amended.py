"""The requirements.txt that `--fix` would write: the author's lines stay, missing ones follow."""

import re
from collections.abc import Iterable, Mapping

from dashops.preflight import declared, names

HEAD = "# Packages of the dashboard; `dashops preflight --fix` adds what the notebook imports.\n"


def requirements(text: str | None, packages: Iterable[str], versions: Mapping[str, str]) -> str:
    """The text with lines for `packages` it does not name; None is a file that is not there yet.

    A package that the author has installed gets its version as the least, because the notebook is
    known to run with that one; the server's lock decides the rest.
    """
    kept = HEAD if text is None else text
    have = {names.normal(name) for name in declared.requirements(kept)}
    lines = [_line(name, versions.get(name, "")) for name in sorted(set(packages) - have)]
    if lines and kept and not kept.endswith("\n"):
        kept += "\n"
    return kept + "".join(f"{line}\n" for line in lines)


def _line(name: str, version: str) -> str:
    # A version of a work in progress is on no index.
    return f"{name}>={version}" if re.fullmatch(r"\d+(\.\d+)*(\.post\d+)?", version) else name
