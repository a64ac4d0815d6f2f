"""Write changed files and run steps. The only module that changes a stack."""

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

from dashops import secrets
from dashops.errors import DashopsError, SpecError, ToolError
from dashops.plan import Change, Event, Step
from dashops.run import Run

Tell = Callable[[Event], None]

Meanwhile = Callable[[Step], str]
"""Asked right before a step runs: why it is needless by now, empty while it is needed."""


def write(root: Path, changes: Iterable[Change], files: Mapping[str, str]) -> None:
    """Make the files under `root` (0600, folders 0700) what the changes say, each atomically."""
    secrets.make_folder(root)
    for change in changes:
        path = root / change.path
        if change.kind == "delete":
            path.unlink(missing_ok=True)
            continue
        for folder in reversed(path.relative_to(root).parents[:-1]):
            secrets.make_folder(root / folder)
        secrets.write(path, files[change.path])


def create(path: Path, text: str) -> None:
    """Write a file that the user will own and edit; SpecError when there is one already."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise SpecError(
            f"there is a file `{path}` already", hint="edit it, or name another with `--stack`"
        ) from None
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise SpecError(f"`{path}` cannot be written: {error.strerror}") from error


def save(path: Path, text: str) -> None:
    """Write a file the user asked for, over one that is there; SpecError when it cannot be."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SpecError(f"`{path}` cannot be written: {error.strerror}") from error


def put(path: Path, text: str) -> None:
    """Write a file that the user edits, at once and with its mode, making folders that are missing.

    DashopsError when it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.swp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        if path.exists():
            shutil.copymode(path, draft)
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise secrets.unwritable(path, error) from error


def remove(folder: Path) -> None:
    """Remove a folder with everything in it; DashopsError when something of it stays."""
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise DashopsError(f"`{folder}` cannot be removed: {error}") from error


def steps(
    planned: Iterable[Step],
    run: Run,
    tell: Tell,
    together: Iterable[str],
    meanwhile: Meanwhile = lambda _: "",
) -> None:
    """Run the steps. Slots named in `together` go side by side, each in order; others alone, as
    do steps that ask for it.

    A step that `meanwhile` calls needless is told and left out. Raises what the first failing
    step raised; later steps of that slot are not run.
    """
    slots = frozenset(together)
    for side_by_side, group in groupby(
        planned, key=lambda step: step.slot in slots and not step.alone
    ):
        chains: dict[str, list[Step]] = {}
        for step in group:
            chains.setdefault(step.slot if side_by_side else "", []).append(step)
        if len(chains) == 1:
            for chain in chains.values():
                _chain(chain, run, tell, meanwhile)
            continue
        with ThreadPoolExecutor(len(chains)) as pool:
            jobs = [pool.submit(_chain, chain, run, tell, meanwhile) for chain in chains.values()]
        for job in jobs:
            job.result()


def _chain(chain: Iterable[Step], run: Run, tell: Tell, meanwhile: Meanwhile) -> None:
    for step in chain:
        if why := meanwhile(step):
            tell(Event(step.slot, "note", f"{step.action}: not needed any more, {why}"))
            continue
        tell(Event(step.slot, "start", step.action))
        try:
            said = run(*step.argv, env=step.env or None).out.strip()
        except DashopsError as error:
            tell(Event(step.slot, "failed", f"{step.action} failed"))
            raise _explained(step, error) from None
        told = f": {said.splitlines()[-1]}" if step.tells and said else ""
        tell(Event(step.slot, "done", step.action + told))


def _explained(step: Step, error: DashopsError) -> DashopsError:
    """The failure of a step, in words of our own where they are known for what it printed."""
    for each in step.troubles:
        if found := re.search(each.pattern, error.said, re.IGNORECASE):
            return ToolError(
                found.expand(each.message),
                hint=found.expand(each.hint),
                where="\n".join(filter(None, (each.where, error.where))),
            )
    error.hint = error.hint or step.hint
    return error
