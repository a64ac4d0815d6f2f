"""Whether menu entries of an installed package keep to dashops.bundlers; it installs nothing."""

import asyncio
import contextlib
import inspect
import json
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from dashops import bundlers, errors

Outcome = Literal["passed", "failed", "warning", "skipped"]

LONG = 1.0
"""Seconds for which a bundler may keep a server from everything else."""

BEAT = 0.05  # seconds

SAMPLE = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    "cells": [
        {
            "cell_type": "code",
            "id": "sample",
            "metadata": {},
            "source": "print('a sample of dashops')",
            "outputs": [],
            "execution_count": None,
        }
    ],
}


@dataclass(frozen=True)
class Check:
    """One thing an entry must keep to, and why it did not."""

    title: str
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True)
class Tested:
    """What became of one entry point."""

    name: str
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Report:
    """All entries of a package."""

    package: str
    entries: tuple[Tested, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed; warnings and what was skipped are no failures."""
        return not any(c.outcome == "failed" for each in self.entries for c in each.checks)


@dataclass
class _Run:
    """What a bundler did with the sample."""

    told: list[tuple[object, object]] = field(default_factory=list)
    result: object = None
    raised: BaseException | None = None
    hung: bool = False
    blocked: float = 0.0
    beat: float = field(default_factory=time.monotonic)
    changed: bool = False


def test(package: str, settings: Mapping[str, Any], seconds: float) -> Report:
    """Load each entry of a package and let it work on a sample, each for that long at most.

    Raises:
        SpecError: when there is no such package here, or it has no entry.
    """
    try:
        points = metadata.distribution(package).entry_points.select(group=bundlers.GROUP)
    except metadata.PackageNotFoundError:
        raise errors.SpecError(
            f"there is no package `{package}` beside this dashops",
            hint="install it into the same environment",
        ) from None
    found = sorted(points, key=lambda each: each.name)
    if not found:
        raise errors.SpecError(
            f"`{package}` has no entry point of the group `{bundlers.GROUP}`",
            hint="see docs/plugins.md",
        )
    return Report(
        package, tuple(Tested(each.name, tuple(_tested(each, settings, seconds))) for each in found)
    )


def given(sets: list[str], file: Path | None) -> dict[str, Any]:
    """The settings of a JSON file and of `key=value` words, whose values are JSON or else text."""
    try:
        found: Any = json.loads(file.read_text("utf-8")) if file else {}
    except (OSError, ValueError) as error:
        raise errors.SpecError(f"`{file}` is no JSON file that can be read: {error}") from error
    if not isinstance(found, dict):
        raise errors.SpecError(f"`{file}` is no mapping of names to values")
    for word in sets:
        name, equals, value = word.partition("=")
        if not equals:
            raise errors.SpecError(f"`{word}` is not like `name=value`")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def _tested(
    point: metadata.EntryPoint, settings: Mapping[str, Any], seconds: float
) -> Iterator[Check]:
    try:
        made = point.load()()
    except bundlers.BROKEN as error:
        yield Check("loads", "failed", _said(error))
        return
    yield Check("loads", "passed")
    label, group = getattr(made, "label", None), getattr(made, "group", bundlers.GROUPS[0])
    fine = isinstance(label, str) and bool(label.strip())
    yield _check("label", fine, "`label` is no text with something in it")
    among = ", ".join(bundlers.GROUPS)
    yield _check("group", group in bundlers.GROUPS, f"`group` is {group!r}, none of {among}")
    bundle = getattr(made, "bundle", None)
    awaited = inspect.iscoroutinefunction(bundle)
    yield _check("bundle", awaited, "`bundle` is no `async def bundle(self, notebook, context)`")
    schema = getattr(made, "settings", None)
    try:
        values = bundlers.checked(schema, settings)
    except ValueError as error:
        broken = "JSON schema" in str(error)
        yield Check("settings", "failed" if broken or settings else "passed", str(error))
        yield Check("works", "skipped", "it needs settings: give them with --set or --settings")
        return
    yield Check("settings", "passed")
    if awaited:
        yield from _worked(made, values, seconds)


def _worked(made: Any, values: Mapping[str, Any], seconds: float) -> Iterator[Check]:
    with tempfile.TemporaryDirectory(
        prefix="dashops-plugin-", ignore_cleanup_errors=True
    ) as folder:
        ran = _ran(made, values, seconds, Path(folder))
        if ran.hung:
            yield Check("works", "failed", f"it was not done within {seconds:g} seconds")
            return
        why = _said(ran.raised) if ran.raised else ""
        yield _check("works", ran.raised is None, why)
        if ran.raised is not None:
            yield _error(ran.raised)
        else:
            wrong = _wrong(ran.result)
            yield _check("result", not wrong, wrong)
        bad = next((each for each in ran.told if not _proper(*each)), None)
        said = f"it told {bad!r}, which is not a text and None or a number from 0 to 1"
        yield _check("progress", bad is None, said)
        yield _check("notebook", not ran.changed, "it changed the author's notebook")
        if ran.blocked > LONG:
            why = f"it kept everybody else waiting for {ran.blocked:.1f} s: see asyncio.to_thread"
            yield Check("lets others work", "warning", why)
        else:
            yield Check("lets others work", "passed")


def _ran(made: Any, values: Mapping[str, Any], seconds: float, folder: Path) -> _Run:
    """Run it in a thread of its own, because it may never come back."""
    notebook, own = folder / "sample" / "sample.ipynb", folder / "own"
    notebook.parent.mkdir()
    own.mkdir()
    notebook.write_text(json.dumps(SAMPLE))
    before = notebook.read_bytes()
    ran = _Run()
    context = bundlers.Context(lambda *words: ran.told.append(_two(*words)), values, own)

    async def watched() -> None:
        ran.beat = time.monotonic()
        watch = asyncio.ensure_future(_watch(ran))
        try:
            async with asyncio.timeout(seconds):
                ran.result = await made.bundle(notebook, context)
        except TimeoutError:
            ran.hung = True
        finally:
            watch.cancel()
            _beat(ran)

    def work() -> None:
        try:
            asyncio.run(watched())
        except bundlers.BROKEN as error:
            ran.raised = error

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds + LONG)
    ran.hung = ran.hung or thread.is_alive()
    with contextlib.suppress(OSError):
        ran.changed = before != notebook.read_bytes()
    ran.changed = ran.changed or not notebook.exists()
    return ran


async def _watch(ran: _Run) -> None:
    """See how long nothing else could be done."""
    while True:
        _beat(ran)
        await asyncio.sleep(BEAT)


def _beat(ran: _Run) -> None:
    now = time.monotonic()
    ran.blocked, ran.beat = max(ran.blocked, now - ran.beat - BEAT), now


def _two(*words: object) -> tuple[object, object]:
    return (words[0], words[1]) if len(words) == 2 else (words, "wrong number of arguments")


def _proper(words: object, done: object) -> bool:
    number = isinstance(done, int | float) and 0 <= done <= 1
    return isinstance(words, str) and (done is None or number)


def _wrong(result: object) -> str:
    """What is wrong with a result; nothing, if nothing is."""
    match result:
        case bundlers.Link(url=str(url), text=str()):
            web = url.startswith(("http://", "https://"))
            return "" if web else f"its url is no web page: {url}"
        case bundlers.Download(file=Path() as file, name=str(name), text=str()):
            if not file.is_file():
                return f"there is no file {file}"
            return "" if name and "/" not in name else f"{name!r} is no name of a file"
    return f"it gave a {type(result).__name__}, neither a Link nor a Download of texts"


def _error(error: BaseException) -> Check:
    """An author reads the message, and the hint says what he can do."""
    if isinstance(error, errors.DashopsError) and error.hint:
        return Check("errors", "passed")
    what = "without a hint" if isinstance(error, errors.DashopsError) else "of its own kind"
    why = f"{type(error).__name__} {what}: authors understand DashopsError(message, hint=...)"
    return Check("errors", "warning", why)


def _check(title: str, fine: bool, reason: str) -> Check:  # noqa: FBT001
    return Check(title, "passed" if fine else "failed", "" if fine else reason)


def _said(error: BaseException) -> str:
    hint = f" ({error.hint})" if isinstance(error, errors.DashopsError) and error.hint else ""
    return f"{type(error).__name__}: {error}{hint}"
