"""What the operator wrote beside the stack file to change a recipe; reads it, never writes."""

import contextlib
import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dashops.errors import SpecError
from dashops.render import packaged
from dashops.render.packaged import ENDING, SHARED

INSERT = "insert"
ROOM = f"{INSERT}/"
# Beside the operator's templates: what each was when it was copied.
ORIGINS = ".packaged"
# Whoever edits leaves these behind.
LEFT = (".orig", ".rej", ".swp", "~", ".pyc")
MARKER = re.compile(r"^(<{7}|>{7}|\|{7})( |$)")


@dataclass(frozen=True)
class Overlay:
    """The operator's templates and insertions for one target.

    Both are texts by the name that templates include them by; an insertion's begins with
    `insert/`. `paths` are their files.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, Path] = field(default_factory=dict)


NONE = Overlay()


def read(folder: Path, target: str, known: tuple[str, ...]) -> Overlay:
    """The overlay of a target in the folder that the setting `recipes` names.

    `known` are all targets. SpecError for a file that cannot mean anything there.
    """
    # In a checkout of dashops the folder of that name is its own.
    if not folder.is_dir() or folder.samefile(packaged.RECIPES):
        return NONE
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in (*known, SHARED) and not path.name.startswith("."):
            raise SpecError(
                f"`{shown(path)}` is for no target",
                hint=f"its folders are {_listed((*known, SHARED))}; name another place with the "
                "setting `recipes` if this folder is for something else",
                where=shown(path),
            )
    found = files(folder, target)
    texts = {name: _text(name, path, target) for name, path in found.items()}
    return Overlay(texts, found)


def files(folder: Path, target: str) -> dict[str, Path]:
    """The files of the operator's for a target by name, whatever they are; none without a folder.

    Hidden files, and what editors leave behind, are left out.
    """
    return {**_files(folder / target, ""), **_files(folder / SHARED, f"{SHARED}/")}


def shown(path: Path) -> str:
    """A path as people here would write it."""
    with contextlib.suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def path_of(folder: Path, target: str, name: str) -> Path:
    """Where the operator's own version of a template lies, or would."""
    return folder / (name if name.startswith(f"{SHARED}/") else f"{target}/{name}")


def marked(text: str) -> int | None:
    """The line with the first mark of a conflict, from 1; None when there is none."""
    lines = text.splitlines()
    return next((n for n, line in enumerate(lines, 1) if MARKER.match(line)), None)


def _files(folder: Path, before: str) -> dict[str, Path]:
    found = {}
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        hidden = any(part.startswith(".") and part != ".dockerignore.j2" for part in inner.parts)
        if path.is_file() and not hidden and not path.name.endswith(LEFT):
            found[before + inner.as_posix()] = path
    return found


def _text(name: str, path: Path, target: str) -> str:
    if name.startswith(ROOM):
        known = packaged.insertions(target)
        if name.removeprefix(ROOM) not in known:
            raise _unknown(path, "is no insertion", name.removeprefix(ROOM), known)
    elif not name.endswith(ENDING):
        raise _unknown(path, "is no template", name, packaged.templates(target))
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SpecError("this is not UTF-8 text", where=f"{shown(path)}:{line}") from None
    except OSError as error:
        raise SpecError(f"`{shown(path)}` cannot be read: {error.strerror}") from error
    if first := marked(text):
        raise SpecError(
            "a conflict of a merge is not resolved",
            hint="keep one side or both, and remove the lines with `<<<<<<<`, `=======`, `>>>>>>>`",
            where=f"{shown(path)}:{first}",
        )
    return text


def _unknown(path: Path, what: str, name: str, known: Mapping[str, object]) -> SpecError:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    guess = f"did you mean `{close[0]}`? " if close else ""
    return SpecError(
        f"`{shown(path)}` {what}", hint=f"{guess}known are {_listed(known)}", where=shown(path)
    )


def unread(name: str, path: Path, known: Mapping[str, object]) -> SpecError:
    """The error for a template that nothing includes and nothing reads when it is rendered."""
    return _unknown(path, "is read by nothing", name, known)


def _listed(names: Mapping[str, object] | tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
