"""Which packages a notebook asks for and where that is written; pure, it resolves nothing."""

import base64
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from dashops import errors
from dashops.bundle import contents, requirements
from dashops.bundle.requirements import Read

MAIN = "requirements.txt"


@dataclass(frozen=True)
class Dependencies:
    """What a gateway makes a lock from.

    `source` is where it is written, as people say it. `files` has either `uv.lock` with its
    `pyproject.toml`, or `requirements.txt` and what that refers to; wheels among them are base64.
    `python` is the versions of Python it asks for, such as `>=3.11`, or empty. `unsupported`
    names what is written there and does not count. `taken` are the files it was read from.
    """

    source: str
    files: Mapping[str, str]
    python: str = ""
    unsupported: tuple[str, ...] = ()
    taken: tuple[str, ...] = field(default=(), compare=False)


def dependencies(bundle: contents.Bundle) -> Dependencies | None:
    """What a bundle asks for, or None for the default environment; SpecError when malformed."""
    return find(bundle.notebook, bundle.files.get)


def find(notebook: Mapping[str, Any], read: Read) -> Dependencies | None:
    """The first source there is, in the order of `docs/environments.md`."""
    sources: tuple[Callable[[], Dependencies | None], ...] = (
        lambda: _requirements(read),
        lambda: _pylock(read),
        lambda: _uv_lock(read),
        lambda: _pyproject(read),
        lambda: _block(notebook),
        lambda: _metadata(notebook),
        lambda: _conda(read),
    )
    return next((found for source in sources if (found := source()) is not None), None)


def _requirements(read: Read) -> Dependencies | None:
    if read(MAIN) is None:
        return None
    return _followed(MAIN, MAIN, read)


def _followed(source: str, start: str, read: Read) -> Dependencies:
    files = requirements.follow(start, read)
    wheels = {path: base64.b64encode(read(path) or b"").decode() for path in files.archives}
    taken = (*files.texts, *files.archives)
    return Dependencies(source, files.texts | wheels, "", tuple(files.unsupported), taken)


def _pylock(read: Read) -> Dependencies | None:
    path = "pylock.toml"
    data = _toml(path, read)
    if data is None:
        return None
    lines, unsupported = [], []
    for number, package in enumerate(_list(data, "packages", path), start=1):
        name, version = (
            package.get(key) if isinstance(package, dict) else None for key in ("name", "version")
        )
        if not isinstance(name, str):
            raise errors.SpecError(f"package {number} has no `name`", where=path)
        if not isinstance(version, str):
            unsupported.append(f"{name}, which has no version ({path})")
            continue
        marker = package.get("marker")
        line = f"{name}=={version}" + (f" ; {marker}" if marker else "")
        lines.append(" ".join([requirements.check(line, path), *_hashes(package)]))
    python = _python(data.get("requires-python"), path)
    return _plain(path, lines, python, unsupported, path)


def _hashes(package: Mapping[str, Any]) -> Iterator[str]:
    """The hashes of a package's files in a pylock.toml, as requirements write them."""
    wheels, sdist = package.get("wheels"), package.get("sdist")
    for file in [*(wheels if isinstance(wheels, list) else []), sdist]:
        hashes = file.get("hashes") if isinstance(file, dict) else None
        found = hashes.get("sha256") if isinstance(hashes, dict) else None
        if isinstance(found, str) and re.fullmatch(r"[0-9a-f]{64}", found):
            yield f"--hash=sha256:{found}"


def _uv_lock(read: Read) -> Dependencies | None:
    data = _toml("uv.lock", read)
    if data is None:
        return None
    if _toml("pyproject.toml", read) is None:
        raise errors.SpecError(
            "`uv.lock` is there without its `pyproject.toml`",
            hint="put both beside the notebook, or neither",
            where="uv.lock",
        )
    taken = ("uv.lock", "pyproject.toml")
    files = {path: requirements.decode(read(path) or b"", path) for path in taken}
    return Dependencies(
        "uv.lock", files, _python(data.get("requires-python"), "uv.lock"), (), taken
    )


def _pyproject(read: Read) -> Dependencies | None:
    path = "pyproject.toml"
    data = _toml(path, read) or {}
    project = data.get("project")
    if project is None:  # only the configuration of tools
        return None
    if not isinstance(project, dict):
        raise errors.SpecError("`project` is not a table", where=path)
    if "dependencies" in _list(project, "dynamic", path):
        raise errors.SpecError(
            "its `dependencies` are dynamic: a build would have to tell them",
            hint="write them into `requirements.txt`, which comes first",
            where=path,
        )
    wanted = _wanted(project, "dependencies", path)
    sources = data.get("tool", {}).get("uv", {}).get("sources") if _tables(data) else None
    unsupported = [f"tool.uv.sources ({path})"] if sources else []
    return _plain(path, wanted, _python(project.get("requires-python"), path), unsupported, path)


def _block(notebook: Mapping[str, Any]) -> Dependencies | None:
    blocks = [
        (number, body)
        for number, cell in enumerate(notebook["cells"], start=1)
        if cell["cell_type"] == "code"
        for body in _bodies(cell["source"])
    ]
    if not blocks:
        return None
    number, body = blocks[0]
    where = f"cell {number}"
    if len(blocks) > 1:
        raise errors.SpecError(
            f"there are two `# /// script` blocks, in cells {number} and {blocks[1][0]}",
            hint="keep one",
            where=f"cell {blocks[1][0]}",
        )
    data = _parse(body, where)
    wanted = _wanted(data, "dependencies", where)
    return _plain("PEP 723 block", wanted, _python(data.get("requires-python"), where))


def _bodies(source: str) -> Iterator[str]:
    """The TOML in `# /// script` blocks: comments up to the last `# ///` that follows directly."""
    body: list[str] | None = None
    for line in [*source.splitlines(), ""]:
        text = line.rstrip()
        if body is None:
            body = [] if text == "# /// script" else None
        elif text == "#" or text.startswith("# "):
            body.append(text)
        else:
            if "# ///" in body:
                last = len(body) - body[::-1].index("# ///") - 1
                yield "\n".join(each[2:] for each in body[:last])
            body = None


def _metadata(notebook: Mapping[str, Any]) -> Dependencies | None:
    ours = notebook["metadata"].get("dashops")
    where = "notebook metadata"
    if not isinstance(ours, dict) or "dependencies" not in ours:
        return None
    return _plain(where, _wanted(ours, "dependencies", where))


def _conda(read: Read) -> Dependencies | None:
    from dashops.bundle import conda

    path = next((path for path in conda.NAMES if read(path) is not None), None)
    if path is None:
        return None
    found = conda.parse(requirements.decode(read(path) or b"", path), path)
    if found.pip is None:  # nothing in it that this could install
        return None

    def with_pip_part(name: str) -> bytes | None:
        return "\n".join(found.pip or ()).encode() if name == path else read(name)

    followed = _followed("environment.yml", path, with_pip_part)
    files = {**followed.files, MAIN: followed.files[path]}
    del files[path]
    python = _python(found.python or None, path)
    left_out = (*found.unsupported, *followed.unsupported)
    return Dependencies("environment.yml", files, python, left_out, followed.taken)


def _plain(
    source: str,
    wanted: list[str],
    python: str = "",
    unsupported: list[str] | None = None,
    path: str = "",
) -> Dependencies:
    text = "".join(f"{line}\n" for line in wanted)
    taken = (path,) if path else ()
    return Dependencies(source, {MAIN: text}, python, tuple(unsupported or ()), taken)


def _wanted(table: Mapping[str, Any], key: str, where: str) -> list[str]:
    return [requirements.check(each, where) for each in _list(table, key, where, str)]


def _list(table: Mapping[str, Any], key: str, where: str, kind: type = object) -> list[Any]:
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(each, kind) for each in found):
        raise errors.SpecError(
            f"`{key}` is not a list of {'texts' if kind is str else 'tables'}", where=where
        )
    return found


def _tables(data: Mapping[str, Any]) -> bool:
    tool = data.get("tool")
    return isinstance(tool, dict) and isinstance(tool.get("uv"), dict)


def _python(wanted: Any, where: str) -> str:
    try:
        return str(SpecifierSet(wanted)) if wanted is not None else ""
    except (InvalidSpecifier, TypeError, AttributeError) as error:
        raise errors.SpecError(
            f"{contents.shown(str(wanted))} is no range of Python versions",
            hint="write it as `>=3.11`",
            where=where,
        ) from error


def _toml(path: str, read: Read) -> dict[str, Any] | None:
    content = read(path)
    return None if content is None else _parse(requirements.decode(content, path), path)


def _parse(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = re.search(r"at line (\d+)", str(error))
        place = f"{where}:{line[1]}" if line and not where.startswith("cell") else where
        raise errors.SpecError(f"this is not TOML: {error}", where=place) from error
