"""Modules that lie beside the notebook: which are sent, and which would be missed."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dashops.preflight import cells, imports, names
from dashops.preflight.finding import Finding
from dashops.preflight.values import Values


@dataclass(frozen=True)
class Beside:
    """`names` are all import names found beside the notebook, `sent` the code of those sent.

    `kept` maps the others to the file or folder that would have to be sent.
    """

    names: frozenset[str]
    sent: tuple[cells.Code, ...]
    kept: Mapping[str, str]

    def lost(self, used: Iterable[imports.Import]) -> Iterator[Finding]:
        """What is imported from beside the notebook and is not sent."""
        said: set[str] = set()
        for each in used:
            path = self.kept.get(each.top)
            if path is None or each.top in said:
                continue
            said.add(each.top)
            yield Finding(
                "local-module",
                "warning" if each.guarded else "error",
                f"imports `{path}`, which lies beside the notebook and is not sent",
                f"write `# associate: {path}` on top of a code cell, "
                "or name it on the command line",
                **each.place.at(each.line),
            )


def of(codes: Iterable[cells.Code], files: Mapping[str, bytes], root: Path) -> Beside:
    """Follow the imports of cells into modules that are sent along."""
    left = list(codes)
    roots = ["", *_added(left)]
    sent: dict[str, cells.Code] = {}
    found: set[str] = set()
    kept: dict[str, str] = {}
    while left:
        for used in imports.of(left.pop()):
            if used.top in names.STDLIB:
                continue
            modules = _sent(used, files, roots)
            fresh = [path for path in modules if path not in sent]
            sent |= {path: cells.module(path, files[path]) for path in fresh}
            left += [sent[path] for path in fresh]
            if modules or any(_folder(used.top, files, at) for at in roots):
                found.add(used.top)
            elif path := _there(used.top, root, roots):
                found.add(used.top)
                kept[used.top] = path
    return Beside(frozenset(found), tuple(sent.values()), kept)


def _sent(used: imports.Import, files: Mapping[str, bytes], roots: Iterable[str]) -> list[str]:
    """The files of the bundle that an import runs."""
    found: list[str] = []
    for at in roots:
        for dotted in (*used.paths, used.module):
            parts = dotted.split(".")
            for depth in range(1, len(parts) + 1):
                stem = at + "/".join(parts[:depth])
                found += [path for path in (f"{stem}.py", f"{stem}/__init__.py") if path in files]
    return list(dict.fromkeys(found))


def _folder(top: str, files: Mapping[str, bytes], at: str) -> bool:
    return any(path.startswith(f"{at}{top}/") and path.endswith(".py") for path in files)


def _there(top: str, root: Path, roots: Iterable[str]) -> str | None:
    """The module's file, or its folder with a slash, in the author's folder."""
    for at in roots:
        if (root / f"{at}{top}.py").is_file():
            return f"{at}{top}.py"
        folder = root / f"{at}{top}"
        if folder.is_dir() and any(folder.glob("*.py")):
            return f"{at}{top}/"
    return None


def _added(codes: Iterable[cells.Code]) -> list[str]:
    """Folders that the notebook puts on `sys.path`, as far as they are inside of its own."""
    trees = [code.tree for code in codes]
    values = Values(trees)
    found: list[str] = []
    for tree in trees:
        for node in ast.walk(tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Attribute(attr="path"), attr="append" | "insert"),
                    args=[*_, last],
                ):
                    found += [
                        f"{path.strip('./')}/"
                        for path in values.of(last)
                        if path.strip("./") and not path.startswith(("/", "..", "~"))
                    ]
    return found
