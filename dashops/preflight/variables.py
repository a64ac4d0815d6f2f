"""Environment variables that code asks for and kernels on the server do not see."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from dashops.client import About
from dashops.preflight.cells import Code, Place
from dashops.preflight.finding import Finding
from dashops.preflight.values import Function, Values

# What every kernel has, whatever the operator lets through.
_ALWAYS = {"PATH", "HOME", "XDG_CACHE_HOME", "KERNEL_USERNAME", "DASHOPS_BUNDLE"}
_ALWAYS |= {"QUERY_STRING", "REMOTE_USER"}
_ALWAYS |= {"JPY_PARENT_PID", "JPY_SESSION_NAME", "PYDEVD_USE_FRAME_EVAL", "CLICOLOR", "PAGER"}
_ALWAYS |= {"MPLBACKEND", "TERM", "GIT_PAGER", "FORCE_COLOR", "PYTHON_FROZEN_MODULES"}


@dataclass(frozen=True)
class Asked:
    """A variable; `how` says what happens without it: an error, None, or the author's default."""

    name: str
    how: Literal["must", "may", "default", "set"]
    place: Place
    line: int


def of(code: Code, values: Values) -> Iterator[Asked]:
    """The variables that a cell or module asks for or sets."""
    for magic in code.magics:
        if magic.name in ("env", "set_env") and magic.rest:
            name, equals, _ = magic.rest.replace(" ", "=", 1).partition("=")
            yield Asked(name, "set" if equals else "may", code.place, magic.line)
    yield from _walk(code.tree, "", code.place, values, caught=False)


def check(asked: Iterable[Asked], about: About | None) -> Iterator[Finding]:
    """One finding for each variable that is asked for before the notebook sets it."""
    known = about.env if about else None
    done = set(_ALWAYS)
    for each in asked:
        if each.how == "set":
            done.add(each.name)
        elif each.name not in done and each.name not in (known or ()):
            done.add(each.name)
            yield _finding(each, sure=known is not None)


def dotenv(codes: Iterable[Code], *, there: bool) -> Iterator[Finding]:
    """`load_dotenv()`, whose file never goes up."""
    for code in codes:
        for node in ast.walk(code.tree):
            if not isinstance(node, ast.Call) or not there:
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in ("load_dotenv", "dotenv_values"):
                yield Finding(
                    "variable",
                    "warning",
                    "reads variables from `.env`, which is never published",
                    "the operator sets them for the gateway and names them in `gateway.env`",
                    **code.place.at(node.lineno),
                )
                return


def _finding(asked: Asked, *, sure: bool) -> Finding:
    fix = (
        f"the operator sets `{asked.name}` for the gateway and adds it to `gateway.env`; "
        "a secret of yours alone does not belong into a dashboard"
    )
    where = asked.place.at(asked.line)
    if asked.how == "default":
        return Finding(
            "variable", "note", f"kernels see no `{asked.name}` and take the default", fix, **where
        )
    if not sure:
        message = f"asks for the variable `{asked.name}`; whether kernels see it is not known"
        return Finding("variable", "warning", message, fix, **where)
    end = ", which is an error" if asked.how == "must" else ", so it is None"
    severity: Literal["error", "warning"] = "error" if asked.how == "must" else "warning"
    return Finding("variable", severity, f"kernels see no `{asked.name}`{end}", fix, **where)


def _walk(
    node: ast.AST, scope: str, place: Place, values: Values, *, caught: bool
) -> Iterator[Asked]:
    if isinstance(node, Function):
        scope = node.name
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        caught = True  # `os.getenv("X") or "y"` has a default
    if isinstance(node, ast.Try) or (isinstance(node, ast.If) and _tests(node.test)):
        caught = True
    for name, how in _asked(node, scope, values):
        soft = caught and how in ("must", "may")
        yield Asked(name, "default" if soft else how, place, getattr(node, "lineno", 1))
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, scope, place, values, caught=caught)


def _asked(
    node: ast.AST, scope: str, values: Values
) -> Iterator[tuple[str, Literal["must", "may", "default", "set"]]]:
    match node:
        case ast.Subscript(value=on, slice=key, ctx=context) if _environ(on):
            how: Literal["must", "set"] = "must" if isinstance(context, ast.Load) else "set"
            yield from ((name, how) for name in values.of(key, scope))
        case ast.Call(func=ast.Attribute(value=on, attr="get" | "pop"), args=[key, *more]):
            if _environ(on):
                default = bool(more or node.keywords)
                yield from (
                    (name, "default" if default else "may") for name in values.of(key, scope)
                )
        case ast.Call(func=ast.Attribute(value=on, attr="setdefault"), args=[key, *_]):
            if _environ(on):
                yield from ((name, "set") for name in values.of(key, scope))
        case ast.Call(func=ast.Attribute(value=on, attr="update"), args=[ast.Dict(keys=keys)]):
            if _environ(on):
                yield from ((name, "set") for key in keys for name in values.of(key, scope))
        case ast.Call(func=ast.Name(id="getenv") | ast.Attribute(attr="getenv"), args=[key, *more]):
            default = bool(more or node.keywords)
            yield from ((name, "default" if default else "may") for name in values.of(key, scope))


def _environ(node: ast.expr) -> bool:
    match node:
        case ast.Name(id="environ") | ast.Attribute(value=ast.Name(id="os"), attr="environ"):
            return True
    return False


def _tests(node: ast.expr) -> bool:
    return any(isinstance(each, ast.expr) and _environ(each) for each in ast.walk(node))
