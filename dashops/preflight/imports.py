"""Which modules code imports, where, and how surely; it looks nothing up."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from dashops.preflight.cells import Code, Place
from dashops.preflight.names import NAMESPACES

_CAUGHT = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
# A condition that asks for the platform or for the module itself knows what it does.
_ASKS = {"find_spec", "modules", "platform", "get_ipython", "version_info", "system"}


@dataclass(frozen=True)
class Import:
    """`module` is dotted; of `from a import b` also `a.b` is in `paths`.

    `sure` is False inside an `if`; `guarded` where the code goes on without the module.
    """

    module: str
    paths: tuple[str, ...]
    place: Place
    line: int
    sure: bool = True
    guarded: bool = False

    @property
    def top(self) -> str:
        """The part before the first dot."""
        return self.module.partition(".")[0]


def of(code: Code) -> Iterator[Import]:
    """The imports of a cell or module, in their order; relative ones of a package left out."""
    yield from _walk(code.tree, code.place, sure=True, guarded=False)


def relative(code: Code) -> Iterator[tuple[str, int]]:
    """`from . import x` in a notebook, which is in no package: the text of it, and the line."""
    for node in ast.walk(code.tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield "." * node.level + (node.module or ""), node.lineno


def _walk(node: ast.AST, place: Place, *, sure: bool, guarded: bool) -> Iterator[Import]:
    match node:
        case ast.Import(names=names):
            for each in names:
                yield Import(each.name, (each.name,), place, node.lineno, sure, guarded)
        case ast.ImportFrom(module=str() as module, level=0, names=names):
            paths = tuple(f"{module}.{each.name}" for each in names)
            # Each name of a shared module may come from another distribution.
            shared = module.partition(".")[0] in NAMESPACES
            for some in ((path,) for path in paths) if shared else (paths,):
                yield Import(module, (*some, module), place, node.lineno, sure, guarded)
        case ast.Call(args=[ast.Constant(value=str() as module), *_]) if _imports(node.func):
            if module and not module.startswith("."):
                yield Import(module, (module,), place, node.lineno, sure, guarded)
    for child, its_sure, its_guarded in _children(node):
        yield from _walk(child, place, sure=sure and its_sure, guarded=guarded or its_guarded)


def _children(node: ast.AST) -> Iterator[tuple[ast.AST, bool, bool]]:
    """The nodes below, with whether each is sure to run and whether its failure is caught."""
    if isinstance(node, ast.Try):
        caught = any(map(_catches, node.handlers))
        yield from ((child, True, caught) for child in node.body)
        for handler in node.handlers:
            yield from ((child, False, _catches(handler)) for child in handler.body)
        yield from ((child, True, False) for child in (*node.orelse, *node.finalbody))
    elif isinstance(node, ast.If):
        words = _words(node.test)
        if "TYPE_CHECKING" not in words:
            yield from ((child, False, bool(words & _ASKS)) for child in (node.test, *node.body))
        yield from ((child, False, bool(words & _ASKS)) for child in node.orelse)
    elif isinstance(node, ast.With) and any("suppress" in _words(each) for each in node.items):
        yield from ((child, True, True) for child in node.body)
    else:
        yield from ((child, True, False) for child in ast.iter_child_nodes(node))


def _catches(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or bool(_words(handler.type) & _CAUGHT)


def _imports(function: ast.expr) -> bool:
    match function:
        case ast.Name(id="__import__" | "import_module") | ast.Attribute(attr="import_module"):
            return True
    return False


def _words(node: ast.AST) -> set[str]:
    return {
        word
        for each in ast.walk(node)
        for word in (getattr(each, "id", None), getattr(each, "attr", None))
        if isinstance(word, str)
    }
