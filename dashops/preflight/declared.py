"""The names of the packages that an author declared; it resolves nothing and reads no file."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from dashops.preflight import names
from dashops.preflight.finding import Declared

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?=[\[<>=!~;@\s]|$)")
_EGG = re.compile(r"#egg=([A-Za-z0-9._-]+)")
_WHEEL = re.compile(r"(?:^|/)([A-Za-z0-9._]+?)-\d[^/]*\.(?:whl|tar\.gz|zip)$")


class Dependencies(Protocol):
    """What `bundle.dependencies` gives."""

    @property
    def source(self) -> str:
        """Where they come from, for people."""

    @property
    def files(self) -> Mapping[str, str]:
        """The files that say so, by path."""

    @property
    def python(self) -> str:
        """What they ask of Python, like `>=3.11`."""

    @property
    def unsupported(self) -> tuple[str, ...]:
        """What pip cannot install."""


def of(dependencies: Dependencies | None) -> Declared | None:
    """The declared names, or None without a declaration."""
    if dependencies is None:
        return None
    found: set[str] = set()
    locked = dependencies.source in ("uv.lock", "pylock.toml")
    for path, text in dependencies.files.items():
        if path.endswith((".whl", ".tar.gz")):  # named in a line of the others
            continue
        if path.endswith((".toml", ".lock")):
            data = _toml(text)
            packages = data.get("packages", data.get("package"))
            if isinstance(packages, list):
                locked = True
                found |= {str(each.get("name", "")) for each in packages if isinstance(each, dict)}
            found |= set(_project(data))
        else:
            lines = list(requirements(text))
            found |= set(lines)
            locked = locked or ("--hash=" in text and bool(lines))
    python = dependencies.python
    normal = frozenset(names.normal(name) for name in found if name)
    return Declared(dependencies.source, normal, locked, python, dependencies.unsupported)


def requirements(text: str) -> Iterator[str]:
    """The names in lines as pip reads them; options, comments and nested files left out."""
    for line in re.sub(r"\\\n", " ", text).splitlines():
        plain = re.sub(r"(?:^|\s)#.*", "", line).strip()
        if egg := _EGG.search(line):
            yield egg[1]
        elif plain.startswith("-"):
            continue
        elif wheel := _WHEEL.search(plain.split(";")[0].strip()):
            yield wheel[1]
        elif found := _REQUIREMENT.match(plain):
            yield found[1]


def _project(data: Mapping[str, Any]) -> Iterator[str]:
    project = data.get("project", data)
    listed = project.get("dependencies", ()) if isinstance(project, dict) else ()
    if isinstance(listed, list):
        yield from requirements("\n".join(each for each in listed if isinstance(each, str)))


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
