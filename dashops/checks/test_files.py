"""Who may read what dashops wrote on the operator's machine."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from dashops.stack import Stack
from dashops.targets import Target


def test_state(stack: Stack, target: Target) -> None:
    """the state folder is open to its owner only"""
    _refuse_readable([stack.state_dir], target.owners(stack))


def test_secrets(stack: Stack, target: Target) -> None:
    """secrets are readable by their owner only"""
    _refuse_readable(_all(stack.state_dir / "secrets"), target.owners(stack))


def test_rendered(stack: Stack, target: Target) -> None:
    """rendered files are readable by their owner only"""
    _refuse_readable(_all(stack.state_dir / "rendered"), target.owners(stack))


def _all(folder: Path) -> Iterator[Path]:
    yield folder
    yield from sorted(folder.rglob("*"))


def _refuse_readable(paths: Iterable[Path], owners: Collection[int]) -> None:
    problems = []
    for path in paths:
        facts, wanted = path.lstat(), "700" if path.is_dir() else "600"
        if facts.st_mode & 0o077:
            mode = f"{facts.st_mode & 0o777:o}"
            problems.append(f"`{path}` has mode {mode}: `chmod {wanted} '{path}'`")
        if facts.st_uid not in owners:
            problems.append(f"`{path}` belongs to user {facts.st_uid}")
    assert not problems, "\n".join(problems)
