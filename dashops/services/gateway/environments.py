"""The Python environments of bundles, made once per lock and shared; it resolves nothing."""

import asyncio
import hashlib
import os
import platform
import shutil
import sys
from collections.abc import Collection, Coroutine, Iterable
from pathlib import Path
from typing import Any

from dashops.services.gateway import tool

KEPT = 20  # unused environments that stay, for whoever opens a dashboard of theirs next
LOCK = "requirements.lock"
COMPLETE = "complete"


class Environments:
    """Folders by lock and Python under one root; one without its mark is half-made."""

    def __init__(self, root: Path, uv: tool.Uv) -> None:
        self.root = root
        self._uv = uv
        self._building: dict[str, _Build] = {}
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in root.iterdir():
            if not (folder / COMPLETE).is_file():
                shutil.rmtree(folder, ignore_errors=True)

    def key(self, lock: str) -> str:
        """The name of a lock's environment; another Python needs another one."""
        text = f"{platform.python_version()} {sys.base_prefix}\n{lock}"
        return hashlib.sha256(text.encode()).hexdigest()

    def folder(self, lock: str) -> Path | None:
        """The finished environment of a lock, if there is one; it counts as used now."""
        path = self.root / self.key(lock)
        if not (path / COMPLETE).is_file():
            return None
        os.utime(path)
        return path

    async def build(self, lock: str, archives: Iterable[Path], tell: tool.Tell) -> None:
        """Make the environment of a lock unless it is there; raises EnvironmentFailed.

        Whoever asks for one that is being made waits for it and hears the same lines. It goes on
        when they leave. `archives` are folders with wheels that no index has.
        """
        key = self.key(lock)
        if self.folder(lock) is not None:
            return
        if key not in self._building:
            self._building[key] = _Build(self._make(key, lock, tuple(archives)))
        build = self._building[key]
        build.hear(tell)
        try:
            await asyncio.shield(build.task)
        finally:
            build.listeners.discard(tell)

    async def collect(self, in_use: Collection[str]) -> None:
        """Delete the environments used longest ago, but for some, and but for those in use."""
        busy = {*in_use, *self._building}
        idle = [path for path in self.root.glob("?" * 64) if path.name not in busy]
        idle.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for path in idle[KEPT:]:
            # Without its mark it is gone at once, whatever happens to the rest of it.
            (path / COMPLETE).unlink(missing_ok=True)
            await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)

    async def _make(self, key: str, lock: str, archives: tuple[Path, ...]) -> None:
        folder, build = self.root / key, self._building[key]
        try:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            await self._uv(
                "venv", "--quiet", "--python", sys.executable, folder, cwd=Path("/"), tell=build.say
            )
            (folder / LOCK).write_text(lock)
            places = [word for path in archives for word in ("--find-links", str(path))]
            python = str(folder / "bin" / "python")
            words = ("--require-hashes", "--python", python, "-r", str(folder / LOCK), *places)
            options = self._uv.options
            await self._uv("pip", "install", *words, *options, cwd=Path("/"), tell=build.say)
            (folder / COMPLETE).touch()
        finally:
            if not (folder / COMPLETE).exists():
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            del self._building[key]


class _Build:
    """One that is being made: its lines so far, and who wants to hear more."""

    def __init__(self, making: Coroutine[Any, Any, None]) -> None:
        self.lines: list[str] = []
        self.listeners: set[tool.Tell] = set()
        self.task = asyncio.create_task(making)

    def say(self, line: str) -> None:
        """Tell a line to everybody."""
        self.lines.append(line)
        for tell in list(self.listeners):
            tell(line)

    def hear(self, tell: tool.Tell) -> None:
        """Tell what was missed, then what comes."""
        for line in self.lines:
            tell(line)
        self.listeners.add(tell)
