"""The verbs about what an operator edits of recipes: what there is, copies, differences, merges.

It writes into the folder of the setting `recipes` only, and starts and stops nothing.
"""

import difflib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dashops import apply, render
from dashops.errors import DashopsError, SpecError
from dashops.render import Insertion, overlay, packaged
from dashops.run import Run
from dashops.stack import Stack

State = Literal["packaged", "same", "changed", "outdated", "conflict", "yours", "gone"]
"""Of a template: `outdated` is changed, and dashops changed it too since it was copied; `yours`
is one that dashops does not have, `gone` one that it no longer has."""


@dataclass(frozen=True)
class Template:
    """One template of a recipe, and the operator's version of it where there is one."""

    name: str
    state: State
    insertions: Sequence[str]
    path: Path | None


@dataclass(frozen=True)
class Place:
    """An insertion point, what its text must be, and the file it is read from if there is one."""

    point: Insertion
    form: str
    path: Path | None


@dataclass(frozen=True)
class Listed:
    """The recipe of a target and what the operator has of it in `folder`."""

    target: str
    folder: Path
    templates: Sequence[Template]
    insertions: Sequence[Place]


@dataclass(frozen=True)
class Ejected:
    """Templates that are the operator's from now on."""

    paths: Sequence[Path]


@dataclass(frozen=True)
class Differing:
    """The operator's templates against those of dashops, as unified diffs by path."""

    diffs: Sequence[str]


@dataclass(frozen=True)
class Merged:
    """What merging did: `conflicts` have marks to resolve, `current` needed nothing."""

    merged: Sequence[Path]
    conflicts: Sequence[str]
    current: Sequence[Path]


def listed(stack: Stack) -> Listed:
    """The templates and insertion points of the stack's target. Changes nothing."""
    known, points = render.templates(stack.target), render.insertions(stack.target)
    mine = overlay.files(stack.recipes_dir, stack.target)
    names = sorted({*known, *(name for name in mine if not name.startswith(overlay.ROOM))})
    return Listed(
        stack.target,
        stack.recipes_dir,
        [
            Template(
                name,
                _state(stack, name, mine.get(name)),
                [point.name for point in points.values() if point.template == name],
                mine.get(name),
            )
            for name in names
        ],
        [
            Place(point, render.reading.form(point.name), mine.get(overlay.ROOM + point.name))
            for point in points.values()
        ],
    )


def notes(stack: Stack) -> Iterator[str]:
    """What an operator should know of his recipe before it is applied, one sentence each."""
    for name, path in overlay.files(stack.recipes_dir, stack.target).items():
        state = _state(stack, name, path)
        if state == "outdated":
            yield (
                f"`{overlay.shown(path)}` was made from an older `{name}` than this dashops has: "
                "`dashops recipes merge` brings in what changed"
            )
        elif state == "gone":
            yield f"`{overlay.shown(path)}` is of a template that this dashops no longer has"


def eject(stack: Stack, names: Sequence[str]) -> Ejected:
    """Copy packaged templates to where the operator edits them, and keep what they were.

    SpecError when one is no template, or when there is a file in its place; none is copied then.
    """
    found = [_named(stack, name) for name in names]
    paths = [overlay.path_of(stack.recipes_dir, stack.target, name) for name in found]
    for path in paths:
        if path.exists() or path.is_symlink():
            raise SpecError(
                f"there is a file `{overlay.shown(path)}` already",
                hint="`dashops recipes diff` shows how it differs; remove it to begin anew",
                where=overlay.shown(path),
            )
    for name, path in zip(found, paths, strict=True):
        text = render.templates(stack.target)[name]
        # First what it was: a template without that could never be merged.
        apply.put(_origin(stack, name), text)
        apply.put(path, text)
    return Ejected(paths)


def diff(stack: Stack, names: Sequence[str]) -> Differing:
    """How the operator's templates differ from those of dashops; of all when none is named."""
    mine = _mine(stack, names)
    known = render.templates(stack.target)
    diffs = []
    for name, path in mine.items():
        lines = difflib.unified_diff(
            known.get(name, "").splitlines(),
            _text(path).splitlines(),
            f"{name} (of dashops)",
            overlay.shown(path),
            lineterm="",
        )
        diffs.append("\n".join(lines))
    return Differing([each for each in diffs if each])


def merge(stack: Stack, names: Sequence[str], run: Run) -> Merged:
    """Bring what dashops changed since a template was copied into the operator's version.

    Where both changed the same lines, both stay in the file with marks, which `up` refuses.
    """
    merged, conflicts, current = [], [], []
    for name, path in _mine(stack, names).items():
        state = _state(stack, name, path)
        if state == "conflict":
            raise _unresolved(path)
        if state != "outdated":
            if names and state == "changed" and not _origin(stack, name).is_file():
                raise DashopsError(
                    f"nothing says which template of dashops `{overlay.shown(path)}` was made from",
                    hint="look at `dashops recipes diff`; templates that `dashops recipes eject` "
                    "copied can be merged",
                    where=str(_origin(stack, name)),
                )
            current.append(path)
            continue
        text = _three(run, _text(path), _text(_origin(stack, name)), _packed(stack, name))
        apply.put(path, text)
        # Last: who is stopped before it merges the same again, and nothing comes in twice.
        apply.put(_origin(stack, name), _packed(stack, name))
        if line := overlay.marked(text):
            conflicts.append(f"{overlay.shown(path)}:{line}")
        else:
            merged.append(path)
    return Merged(merged, conflicts, current)


def _three(run: Run, mine: str, before: str, theirs: str) -> str:
    with tempfile.TemporaryDirectory(prefix="dashops-merge-") as room:
        files = [Path(room, name) for name in ("yours", "before", "dashops")]
        for file, text in zip(files, (mine, before, theirs), strict=True):
            file.write_text(text, encoding="utf-8")
        labels = ("-L", "yours", "-L", "before", "-L", "dashops")
        # Its exit code is how many conflicts there are.
        done = run("git", "merge-file", "-p", "--diff3", *labels, *files, ok=range(128))
    return done.out


def _state(stack: Stack, name: str, path: Path | None) -> State:
    if path is None:
        return "packaged"
    origin = _origin(stack, name)
    if name not in render.templates(stack.target):
        return "gone" if origin.is_file() else "yours"
    text, packed = _text(path), _packed(stack, name)
    if overlay.marked(text):
        return "conflict"
    if text == packed:
        return "same"
    return "outdated" if origin.is_file() and _text(origin) != packed else "changed"


def _packed(stack: Stack, name: str) -> str:
    return render.templates(stack.target)[name]


def _origin(stack: Stack, name: str) -> Path:
    """The file that keeps what a template of the operator's was made from."""
    return overlay.path_of(stack.recipes_dir / overlay.ORIGINS, stack.target, name)


def _named(stack: Stack, name: str) -> str:
    """The template a person means, with or without its target and its ending."""
    known = render.templates(stack.target)
    plain = name.removeprefix(f"{stack.recipes}/").removeprefix(f"{stack.target}/")
    for each in (plain, f"{plain}{packaged.ENDING}"):
        if each in known:
            return each
    close = difflib.get_close_matches(plain, known, n=1, cutoff=0.5)
    raise SpecError(
        f"the recipe of `{stack.target}` has no template `{name}`",
        hint=f"did you mean `{close[0]}`?" if close else "`dashops recipes list` shows them",
    )


def _mine(stack: Stack, names: Sequence[str]) -> dict[str, Path]:
    found = {
        name: path
        for name, path in overlay.files(stack.recipes_dir, stack.target).items()
        if not name.startswith(overlay.ROOM)
    }
    if not names:
        return found
    wanted = [_named(stack, name) for name in names]
    if missing := [name for name in wanted if name not in found]:
        raise SpecError(
            f"there is no `{missing[0]}` of yours",
            hint=f"`dashops recipes eject {missing[0]}` makes one",
            where=str(stack.recipes_dir),
        )
    return {name: found[name] for name in wanted}


def _unresolved(path: Path) -> SpecError:
    line = overlay.marked(_text(path))
    return SpecError(
        "a conflict of a merge is not resolved",
        hint="edit the file first",
        where=f"{overlay.shown(path)}:{line}",
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise SpecError(f"`{overlay.shown(path)}` cannot be read: {said}") from error
