"""Makes a lock, versions with hashes, of what a notebook asks for; it installs nothing."""

import asyncio
import base64
import binascii
import platform
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet

from dashops import bundle as bundles
from dashops import errors
from dashops.bundle import contents, requirements
from dashops.services.gateway import failures, tool

OURS = "dashops-kernel.in"
NEEDED = "ipykernel>=6\n"
"""What a kernel needs whatever the author asks for; the lock says which version."""

ASK = ("pip", "compile", "--generate-hashes", "--no-header", "--no-annotate", "--quiet")
EXPORT = ("export", "--frozen", "--no-dev", "--no-header", "--no-annotate")
LEFT_OUT = ("--no-emit-project", "--no-emit-workspace", "--no-emit-local", "--quiet")


def read(message: Any) -> bundles.Dependencies:
    """The dependencies in a request; SpecError when it is something else."""
    try:
        files = {str(path): str(text) for path, text in message["files"].items()}
        found = bundles.Dependencies(str(message["source"]), files, str(message["python"]))
        SpecifierSet(found.python)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise errors.SpecError(f"these are no dependencies: {error!r}") from error
    contents.check_paths(found.files)
    return found


async def make(wanted: bundles.Dependencies, uv: tool.Uv, tell: tool.Tell) -> str:
    """The lock; raises EnvironmentFailed when there is none."""
    check_python(wanted)
    with tempfile.TemporaryDirectory(prefix="dashops-lock-") as made:
        # A folder of its own each, as uv reads settings from a pyproject.toml where it runs.
        folder, exported = Path(made, "lock"), Path(made, "export")
        files = dict(wanted.files)
        if "uv.lock" in files:
            await asyncio.to_thread(_write, exported, files)
            names = ("--python", sys.executable, "-o", "pins.txt")
            await uv(*EXPORT, *LEFT_OUT, *names, cwd=exported, tell=_quiet)
            files = {"requirements.txt": (exported / "pins.txt").read_text()}
        await asyncio.to_thread(_write, folder, files | {OURS: NEEDED})
        tell(f"Resolving {wanted.source} for {failures.here()}")
        inputs = ("requirements.txt", OURS, "-o", "lock.txt", "--python", sys.executable)
        await uv(*ASK, *inputs, *uv.options, cwd=folder, tell=tell)
        lock = _portable((folder / "lock.txt").read_text())
    lock = _as_pinned(lock, files)
    tell(f"Resolved {lock.count('==')} packages")
    return lock


def _as_pinned(lock: str, files: Mapping[str, str]) -> str:
    """The lock with only those hashes that the author allows, where he names any.

    uv looks up what the index has, and not whether that is what the author has seen.
    """
    pins: dict[str, set[str]] = {}
    for path, text in files.items():
        if not path.endswith(requirements.ARCHIVES):
            for name, allowed in requirements.hashes(text).items():
                pins.setdefault(name, set()).update(allowed)
    kept = []
    for entry in re.split(r"\n(?=\S)", lock):
        ((name, has),) = requirements.hashes(entry).items() or [("", set[str]())]
        allowed = has & pins.get(name, has)
        head = entry.partition("--hash")[0].rstrip(" \\\n")
        if has and not allowed:
            raise failures.EnvironmentFailed(
                f"no file of `{head}` on the index has a hash that its requirement allows",
                "check its `--hash`: the index has another file than was seen before",
                "",
            )
        left = "".join(f" \\\n    --hash={each}" for each in sorted(allowed))
        kept.append(entry if allowed == has else head + left)
    return "\n".join(kept)


def check_python(wanted: bundles.Dependencies) -> None:
    """Refuse a range of Python versions that the kernels' own is not in."""
    have = platform.python_version()
    if not SpecifierSet(wanted.python).contains(have, prereleases=True):
        raise failures.EnvironmentFailed(
            f"{wanted.source} asks for Python {wanted.python}, and the gateway has {have}",
            f"write it so that {have} is in it, or ask the operator to set `environment.python`",
            "",
        )


def _portable(text: str) -> str:
    """The lock without this machine's folders: a wheel of the bundle is known by its hash."""
    try:
        return requirements.check_lock(requirements.portable(text))
    except errors.SpecError as error:
        raise failures.EnvironmentFailed(
            error.message.replace("the lock has a line that is", "this is"),
            "name a release of the index, or put a wheel beside the notebook",
            text,
        ) from error


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(requirements.ARCHIVES):
            try:
                target.write_bytes(base64.b64decode(text, validate=True))
            except binascii.Error as error:
                raise errors.SpecError(f"`{path}` is not base64") from error
        else:
            target.write_text(text)


def _quiet(_line: str) -> None:
    """What an export says is of no use: it only copies."""
