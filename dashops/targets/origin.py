"""Where the running dashops came from, so that each slot installs the same one; changes nothing."""

import hashlib
import json
import platform
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

PACKAGE = Path(__file__).parents[1]
# What a service may import of dashops besides its own folder (see the import contracts).
SHARED = (
    "__init__.py",
    "errors.py",
    "apps",
    "bundle",
    "bundlers.py",
    "client",
    "run.py",
    "secrets.py",
    "services/page",
)


@dataclass(frozen=True)
class Origin:
    """How to install this dashops again.

    `requirement` holds `{extra}` where the name of a slot goes. `python` is the interpreter for
    new environments, `version` what people call it. `fingerprint` names the installed code, and
    is empty for an editable install, whose code changes under a living environment: `editable`.
    """

    requirement: str
    python: str
    version: str
    fingerprint: str = ""
    editable: bool = False


def find(python: str | None) -> Origin:
    """The origin of the running dashops; `python` is the interpreter the stack asks for."""
    package = metadata.distribution("dashops")
    direct: dict[str, Any] = json.loads(package.read_text("direct_url.json") or "{}")
    editable = bool(direct.get("dir_info", {}).get("editable"))
    return Origin(
        requirement=_requirement(package.version, direct),
        python=python or sys.executable,
        version=python or ".".join(platform.python_version_tuple()[:2]),
        fingerprint=f"{package.version} {'editable' if editable else _record(package)}",
        editable=editable,
    )


def code(slot: str) -> str:
    """A hash of the files that the slot's service runs from this package."""
    total = hashlib.sha256()
    for start in (*(PACKAGE / name for name in SHARED), PACKAGE / "services" / slot):
        paths = [start] if start.is_file() else sorted(start.rglob("*"))
        for path in paths:
            if path.is_file() and "__pycache__" not in path.parts:
                total.update(path.relative_to(PACKAGE).as_posix().encode())
                total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


def _requirement(version: str, direct: dict[str, Any]) -> str:
    url = direct.get("url", "")
    if direct.get("dir_info", {}).get("editable"):
        return f"-e {unquote(urlsplit(url).path)}[{{extra}}]"
    if vcs := direct.get("vcs_info"):
        return f"dashops[{{extra}}] @ {vcs['vcs']}+{url}@{vcs['commit_id']}"
    return f"dashops[{{extra}}] @ {url}" if url else f"dashops[{{extra}}]=={version}"


def _record(package: metadata.Distribution) -> str:
    # RECORD lists the hash of every installed file.
    return hashlib.sha256((package.read_text("RECORD") or "").encode()).hexdigest()[:16]
