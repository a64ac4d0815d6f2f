"""The notebook's kernel and Python beside those of the server."""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from dashops import bundle as bundles
from dashops.client import About
from dashops.preflight.finding import Declared, Finding


def check(
    notebook: Mapping[str, Any], declared: Declared | None, about: About | None
) -> Iterator[Finding]:
    """What differs between the author's side and the server's, as far as both are known."""
    if about is None:
        return
    if about.kernels is not None:
        yield from _kernel(notebook, about)
    if bundles.language(notebook) in ("python", None) and about.python:
        yield from _python(notebook, declared, version(about.python))


def version(text: str) -> tuple[int, ...]:
    """`3.11.7` as numbers; what follows them does not count."""
    return tuple(int(part) for part in re.findall(r"\d+", text.partition("+")[0])[:3])


def fits(specifier: str, python: tuple[int, ...]) -> bool:
    """Whether a version meets `>=3.11,<4`; a part that is not understood is met."""
    return all(_fits(part.strip(), python) for part in specifier.split(",") if part.strip())


def _kernel(notebook: Mapping[str, Any], about: About) -> Iterator[Finding]:
    assert about.kernels is not None
    name = bundles.kernel(notebook)
    kernels = about.kernels
    if name is None or name in kernels or not kernels:
        return
    language = bundles.language(notebook)
    same = [each for each, kernel in kernels.items() if kernel.language.lower() == language]
    close = difflib.get_close_matches(name, same or list(kernels), n=1, cutoff=0.0)
    has = ", ".join(f"`{each}` ({kernel.display_name})" for each, kernel in kernels.items())
    if language and not same:
        fix = f"the server has {has}; ask the operator for a kernel of {language}"
    else:
        fix = (
            f"choose `{close[0]}` in JupyterLab under Kernel > Change Kernel; the server has {has}"
        )
    yield Finding("kernel", "error", f"the server has no kernel `{name}`", fix)


def _python(
    notebook: Mapping[str, Any], declared: Declared | None, python: tuple[int, ...]
) -> Iterator[Finding]:
    runs = ".".join(map(str, python))
    if declared and declared.python and not fits(declared.python, python):
        yield Finding(
            "python",
            "error",
            f"{declared.source} wants Python {declared.python}, and the server runs {runs}",
            "widen what it wants, or ask the operator for `environment.python`",
        )
        return
    text = notebook["metadata"].get("language_info", {}).get("version")
    author = version(text) if isinstance(text, str) else ()
    if len(author) < 2 or author[:2] == python[:2]:
        return
    newer = author[:2] > python[:2]
    yield Finding(
        "python",
        "warning" if newer else "note",
        f"written with Python {text}, and the server runs {runs}",
        "run it once with the server's version"
        + (", which may lack what the newer one has" if newer else "")
        + ", or ask the operator for `environment.python`",
    )


def _fits(part: str, python: tuple[int, ...]) -> bool:
    found = re.fullmatch(r"(>=|<=|==|!=|~=|>|<|\^)?\s*v?(\d+(?:\.\d+)*)(\.\*)?", part)
    if not found:
        return True
    sign, wanted = found[1] or "==", version(found[2])
    # `<3.13` and `>3.12` mean those minor versions as a whole, `==3.11` any 3.11.
    mine = python[: len(wanted)]
    match sign:
        case ">=":
            return python >= wanted
        case "<=":
            return mine <= wanted
        case "<":
            return mine < wanted
        case ">":
            return mine > wanted
        case "!=":
            return mine != wanted
        case "~=":
            return python >= wanted and python[: len(wanted) - 1] == wanted[:-1]
        case "^":
            return python >= wanted and python[0] == wanted[0]
    return mine == wanted
