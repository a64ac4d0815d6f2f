"""A notebook becomes a file to carry elsewhere: an app, or what a deploy would send."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dashops import apps, bundle, errors
from dashops.stack import Stack
from dashops.targets import packages

KINDS = ("app", "bundle")


@dataclass(frozen=True)
class Packed:
    """The file that was written. `missing` are files that the notebook names and nobody found."""

    path: Path
    kind: str
    size: int
    files: int
    missing: tuple[str, ...]


def pack(
    notebook: Path,
    files: Sequence[Path],
    to: Path,
    kind: str,
    load: Callable[[], Stack],
    tell: apps.Tell,
) -> Packed:
    """Write it. An app of a notebook that names no packages gets those of the stack.

    Raises:
        SpecError: when the notebook cannot be used, or the file not be written.
        ToolError: when the packages of an app cannot be had.
    """
    if kind == "app":
        made = apps.write(notebook, to, files, source=source(load()), tell=tell)
        return Packed(to, kind, made.size, made.files, made.missing)
    packed = bundle.collect(notebook, files)
    data = bundle.pack(packed)
    try:
        to.write_bytes(data)
    except OSError as error:
        raise errors.SpecError(f"`{to}` cannot be written: {error.strerror}") from error
    return Packed(to, kind, len(data), len(packed.files) + 1, packed.missing)


def source(stack: Stack) -> apps.Source:
    """Where a stack has its packages from, and which it has."""
    found = packages.find(stack)
    names = dict.fromkeys((*stack.environment.packages, *stack.dashboard.frontends))
    return apps.Source(tuple(names), found.options, found.env)
