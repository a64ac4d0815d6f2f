"""Which strings an expression can be, as far as the text tells; it evaluates nothing else."""

import ast
import itertools
import posixpath
from collections.abc import Iterable, Iterator

_MOST = 50
_DEEPEST = 8
_PATHS = {"Path", "PurePath", "PosixPath", "PurePosixPath", "WindowsPath"}
_SAME = {"resolve", "absolute", "expanduser", "as_posix", "strip"}
_SAME_CALLS = {"str", "expanduser", "abspath", "normpath", "realpath", "fspath", "glob", "iglob"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Values:
    """Names of a notebook and what they were set to; a loop over literals sets several values."""

    def __init__(self, trees: Iterable[ast.Module]) -> None:
        self._set: dict[tuple[str, str], list[ast.expr]] = {}
        self._parameters: dict[str, list[str]] = {}
        self._known: dict[tuple[ast.expr, str], frozenset[str]] = {}
        trees = list(trees)
        for tree in trees:
            for node in ast.walk(tree):
                if isinstance(node, Function):
                    self._signature(node)
        for tree in trees:
            self._learn(tree, "")

    def of(self, node: ast.expr | None, scope: str = "", depth: int = 0) -> frozenset[str]:
        """The strings that the expression can be inside of the function `scope`; none if unknown.

        A path is a string, a home folder is `~`, the working folder is `.`.
        """
        if node is None or depth > _DEEPEST:
            return frozenset()
        # Names that are set from each other would be followed for ever; empty while one is.
        key = (node, scope)
        if key not in self._known:
            self._known[key] = frozenset()
            found = itertools.islice(self._of(node, scope, depth + 1), _MOST)
            self._known[key] = frozenset(found)
        return self._known[key]

    def _of(self, node: ast.expr, scope: str, depth: int) -> Iterable[str]:
        def known(*parts: ast.expr) -> list[frozenset[str]]:
            return [self.of(each, scope, depth) for each in parts]

        match node:
            case ast.Constant(value=str() as text):
                return (text,)
            case ast.Name(id=name):
                return itertools.chain(*known(*self._found(name, scope)))
            case ast.JoinedStr(values=parts):
                return _products(known(*parts))
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _products(known(left, right))
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return _joined(known(left, right))
            case ast.Attribute(value=inner, attr="parent"):
                return (posixpath.dirname(path) or "." for path in known(inner)[0])
            case ast.Call():
                return self._call(node, scope, depth)
        # A list of files, of which a loop takes each.
        return itertools.chain(*known(*_alternatives(node)))

    def _found(self, name: str, scope: str) -> Iterable[ast.expr]:
        inside = self._set.get((scope, name), [])
        hidden = name in self._parameters.get(scope, ())
        return inside if inside or hidden else self._set.get(("", name), [])

    def _call(self, node: ast.Call, scope: str, depth: int) -> Iterator[str]:
        arguments = [self.of(each, scope, depth) for each in node.args]
        match node.func:
            case ast.Name(id=name) if name in _PATHS:
                yield from _joined(arguments) if arguments else (".",)
            case ast.Name(id="getcwd") | ast.Attribute(attr="cwd" | "getcwd"):
                yield "."
            case ast.Attribute(value=ast.Name(id="Path" | "pathlib"), attr="home"):
                yield "~"
            case ast.Attribute(attr=name) if name in _PATHS:
                yield from _joined(arguments) if arguments else (".",)
            case ast.Attribute(value=ast.Attribute(attr="path"), attr="join"):
                yield from _joined(arguments)
            case ast.Attribute(value=inner, attr="glob") if found := self.of(inner, scope, depth):
                yield from _joined([found, *arguments])
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in _SAME_CALLS and arguments:
                yield from arguments[0]
            case ast.Attribute(value=inner, attr="joinpath"):
                yield from _joined([self.of(inner, scope, depth), *arguments])
            case ast.Attribute(value=inner, attr=name) if name in _SAME:
                yield from self.of(inner, scope, depth)

    def _signature(self, function: Function) -> None:
        given = function.args
        names = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
        self._parameters[function.name] = names
        defaults: Iterable[tuple[ast.arg, ast.expr | None]] = (
            *zip(reversed(given.args), reversed(given.defaults), strict=False),
            *zip(given.kwonlyargs, given.kw_defaults, strict=True),
        )
        for parameter, default in defaults:
            if default is not None:
                self._set.setdefault((function.name, parameter.arg), []).append(default)

    def _learn(self, node: ast.AST, scope: str) -> None:
        for target, value in _assignments(node):
            self._assign(target, value, scope)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            self._called(node, node.func.id)
        inner = node.name if isinstance(node, Function) else scope
        for child in ast.iter_child_nodes(node):
            self._learn(child, inner)

    def _called(self, node: ast.Call, name: str) -> None:
        """A call tells what the parameters of the notebook's own functions can be."""
        if name not in self._parameters:
            return
        given = [*zip(self._parameters[name], node.args, strict=False)]
        given += [(each.arg, each.value) for each in node.keywords if each.arg]
        for parameter, value in given:
            self._set.setdefault((name, parameter), []).append(value)

    def _assign(self, target: ast.expr, value: ast.expr, scope: str) -> None:
        if isinstance(target, ast.Name):
            self._set.setdefault((scope, target.id), []).append(value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for each, part in zip(target.elts, value.elts, strict=False):
                self._assign(each, part, scope)


def _assignments(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((target, value) for target in targets)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield target, value
        case ast.NamedExpr(target=target, value=value):
            yield target, value
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            yield target, value


def _alternatives(node: ast.expr) -> Iterable[ast.expr]:
    match node:
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return items
        case ast.FormattedValue(value=inner):
            return (inner,)
        case ast.IfExp(body=body, orelse=other):
            return (body, other)
    return ()


def _products(parts: Iterable[frozenset[str]]) -> Iterator[str]:
    return ("".join(each) for each in itertools.product(*parts))


def _joined(parts: Iterable[frozenset[str]]) -> Iterator[str]:
    return (posixpath.join(*each) for each in itertools.product(*parts))
