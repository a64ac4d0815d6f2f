"""Which files code reads and writes, as far as its literals tell; it looks at no folder."""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dashops.preflight.cells import Code, Place
from dashops.preflight.values import Function, Values

Mode = Literal["read", "write", "list", "make"]
"""`make` is a read that begins an empty file where there is none, as databases do."""

_CALLS = tomllib.loads(Path(__file__).with_name("calls.toml").read_text("utf-8"))
_READERS, _LOADERS = set(_CALLS["readers"]), set(_CALLS["loaders"])
_WRITERS, _KEYWORDS = set(_CALLS["writers"]), set(_CALLS["keywords"])
_PATH_READS = {"read_text", "read_bytes"}
_PATH_WRITES = {"write_text", "write_bytes", "touch", "mkdir", "symlink_to"}
_COPIES = {"copy", "copyfile", "copy2", "copytree", "move"}
_LISTS = {"glob": "", "iglob": "", "listdir": "/*", "scandir": "/*", "walk": "/**/*"}
_DATABASES = {"sqlite3", "duckdb"}
_OTHER_PROGRAMS = {"system", "run", "check_call", "check_output", "Popen", "call"}
_FILE = re.compile(r"(?:[^\n<>{}|*?\"]*/)?[^/\n<>{}|*?\"]*\.[A-Za-z][A-Za-z0-9]{0,9}")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:(?://|[^\\/])")
_MODE = re.compile(r"[rwaxbt+]{1,3}")
_SQLITE = re.compile(r"(?:sqlite|duckdb):///(?!:memory:)([^?]+)")


@dataclass(frozen=True)
class Access:
    """A path that code reads, writes or lists; `guarded` where the code asks or catches first."""

    path: str
    mode: Mode
    place: Place
    line: int
    guarded: bool = False


def of(code: Code, values: Values) -> Iterator[Access]:
    """The accesses of a cell or module, in their order, those of magics first."""
    for magic in code.magics:
        words = magic.rest.split()
        plain = [word for word in words if not word.startswith("-")]
        if magic.name in ("writefile", "file") and plain:
            yield Access(plain[-1], "write", code.place, magic.line)
        elif magic.name in ("run", "load") and plain and _FILE.fullmatch(plain[0]):
            yield Access(plain[0], "read", code.place, magic.line)
    yield from _Walk(code.place, values).of(code.tree, "", guarded=False)


def opaque(code: Code) -> bool:
    """Whether it runs other programs, which may write any file."""
    if any(magic.name in ("!", "bash", "sh", "script", "system", "sx") for magic in code.magics):
        return True
    return any(
        isinstance(node, ast.Call) and _name(node.func) in _OTHER_PROGRAMS and _outside(node.func)
        for node in ast.walk(code.tree)
    )


class _Walk:
    def __init__(self, place: Place, values: Values) -> None:
        self._place = place
        self._values = values

    def of(self, node: ast.AST, scope: str, *, guarded: bool) -> Iterator[Access]:
        """The accesses below a node, inside of the function `scope`."""
        if isinstance(node, Function):
            scope = node.name
        if isinstance(node, ast.Call):
            for path, mode in self._call(node, scope):
                if _is_path(path):
                    yield Access(path, mode, self._place, node.lineno, guarded)
        if isinstance(node, ast.Constant) and (found := _SQLITE.fullmatch(str(node.value))):
            yield Access(found[1], "read", self._place, node.lineno, guarded=True)
        guarded = guarded or isinstance(node, ast.Try) or _asks(node)
        for child in ast.iter_child_nodes(node):
            yield from self.of(child, scope, guarded=guarded)

    def _call(self, node: ast.Call, scope: str) -> Iterator[tuple[str, Mode]]:
        name, function = _name(node.func), node.func
        inner = function.value if isinstance(function, ast.Attribute) else None
        on = self._values.of(inner, scope) if inner is not None else frozenset()
        module = inner.id if isinstance(inner, ast.Name) else ""
        if on and module != "glob":
            yield from self._on_path(node, name, on, scope)
        else:
            yield from self._with_path(node, name, module, scope)

    def _on_path(
        self, node: ast.Call, name: str, on: frozenset[str], scope: str
    ) -> Iterator[tuple[str, Mode]]:
        """Methods of a path."""
        if name == "open":
            yield from _opened(on, self._mode(node, scope, at=0))
        elif name in _PATH_READS:
            yield from ((path, "read") for path in on)
        elif name in _PATH_WRITES:
            yield from ((path, "write") for path in on)
        elif name == "glob":
            yield from ((path, "list") for path in self._values.of(node, scope))
        elif name in ("iterdir", "rglob"):
            end = "/**/*" if name == "rglob" else "/*"
            yield from ((path + end, "list") for path in on)

    def _with_path(
        self, node: ast.Call, name: str, module: str, scope: str
    ) -> Iterator[tuple[str, Mode]]:
        """Functions that take a path."""
        first = self._argument(node, scope)
        second = self._values.of(node.args[1], scope) if len(node.args) > 1 else frozenset()
        if (name == "open" and module != "webbrowser") or (name == "File" and module == "h5py"):
            # `archive.open("r")` opens what the archive is of.
            paths = (path for path in first if not _MODE.fullmatch(path))
            yield from _opened(paths, self._mode(node, scope, at=1))
        elif name in _LISTS:
            yield from ((path + _LISTS[name], "list") for path in first)
        elif name in _COPIES and second:
            yield from ((path, "read") for path in first)
            yield from ((path, "write") for path in second)
        elif name in _WRITERS:
            yield from ((path, "write") for path in (*first, *second))
        else:
            found = second if name == "spec_from_file_location" else first
            mode: Mode = "make" if name == "connect" else "read"
            yield from ((path, mode) for path in found if _reads(name, module, path))

    def _argument(self, node: ast.Call, scope: str) -> frozenset[str]:
        if node.args:
            return self._values.of(node.args[0], scope)
        named = (each.value for each in node.keywords if each.arg in _KEYWORDS)
        return frozenset(path for value in named for path in self._values.of(value, scope))

    def _mode(self, node: ast.Call, scope: str, at: int) -> str:
        named = next((each.value for each in node.keywords if each.arg == "mode"), None)
        node_mode = named or (node.args[at] if len(node.args) > at else None)
        return next(iter(self._values.of(node_mode, scope)), "r")


def _reads(name: str, module: str, path: str) -> bool:
    """Whether a call reads its argument as a file."""
    if name == "connect":
        return module in _DATABASES and path != ":memory:"
    known = name in _READERS or name == "spec_from_file_location"
    return known or (name in _LOADERS and _FILE.fullmatch(path) is not None)


def _opened(paths: Iterable[str], mode: str) -> Iterator[tuple[str, Mode]]:
    writes = bool(set(mode) & set("wax")) and len(mode) <= 4
    yield from ((path, "write" if writes else "read") for path in paths)


def _is_path(text: str) -> bool:
    fit = 0 < len(text) <= 500 and text.isprintable() and text.strip() not in (".", "")
    return fit and not text.startswith(("<", "{", "[")) and not _url(text)


def _url(text: str) -> bool:
    # One letter before the colon is a drive.
    return _URL.match(text) is not None


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _outside(function: ast.expr) -> bool:
    match function:
        case ast.Attribute(value=ast.Name(id="os" | "subprocess" | "sh")):
            return True
    return isinstance(function, ast.Name) and function.id in ("Popen", "check_call", "check_output")


def _asks(node: ast.AST) -> bool:
    return isinstance(node, ast.If | ast.IfExp) and any(
        _name(each.func) in ("exists", "isfile", "isdir", "is_file", "is_dir")
        for each in ast.walk(node.test)
        if isinstance(each, ast.Call)
    )
