"""What works at the author's keyboard and not in a page: installs, questions, old front ends."""

import ast
import re
from collections.abc import Iterator
from typing import Literal

from dashops.preflight.cells import Code
from dashops.preflight.finding import Finding

_INSTALLS = re.compile(
    r"(?:sudo\s+)?"
    r"(?:(?:\S*/)?(?:python[\d.]*|\"?\{sys\.executable\}\"?)\s+-m\s+|uv\s+|conda\s+run\s+)?"
    r"(?:pip[\d.]*|conda|mamba|apt(?:-get)?)\s+(?:-\S+\s+)*install\b(.*)"
)
_INSTALLERS = {"pip", "conda", "mamba", "uv"}
_PLACE = re.compile(r"(?:sudo\s+)?apt")
_GUI = {"qt", "qt5", "qt6", "tk", "gtk", "gtk3", "gtk4", "wx", "osx", "auto"}
_CLASSIC = re.compile(
    r"\b(?:Jupyter|IPython)\.notebook\b|\bIPython\.toolbar\b|\brequirejs\.config\b"
)


def check(code: Code) -> Iterator[Finding]:
    """What one cell or module does that viewers would see fail."""
    yield from _magics(code)
    redefined = {node.name for node in ast.walk(code.tree) if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(code.tree):
        if isinstance(node, ast.Call):
            yield from _call(code, node, redefined)
        elif isinstance(node, ast.Constant) and _CLASSIC.search(str(node.value)):
            yield _classic(code, node.lineno)


def _magics(code: Code) -> Iterator[Finding]:
    for magic in code.magics:
        where = magic.line
        line = f"{magic.name} {magic.rest}" if magic.name in _INSTALLERS else magic.rest
        lines = [line, *magic.body.splitlines()] if magic.body else [line]
        for offset, each in enumerate(lines):
            if found := _INSTALLS.match(each.strip()):
                yield _install(code, where + offset, found[1], each)
        backend = magic.rest.split()[0] if magic.rest.split() else ""
        if magic.name == "matplotlib" and backend in ("notebook", "nbagg"):
            yield _made(
                code,
                where,
                "display",
                "warning",
                f"`%matplotlib {backend}` draws only in the classic notebook",
                "write `%matplotlib widget` and add `ipympl`, or `%matplotlib inline`",
            )
        elif magic.name == "matplotlib" and backend in _GUI:
            yield _made(
                code,
                where,
                "display",
                "warning",
                f"`%matplotlib {backend}` opens a window on the machine of the kernel",
                "write `%matplotlib inline`, or `widget` with `ipympl`",
            )
        elif magic.name in ("debug", "pdb"):
            yield _made(
                code,
                where,
                "stdin",
                "warning",
                f"`%{magic.name}` waits for the keyboard, and viewers have none",
                "take it out",
            )
        elif magic.name in ("javascript", "js", "html", "HTML") and _CLASSIC.search(magic.body):
            yield _classic(code, where)


def _call(code: Code, node: ast.Call, redefined: set[str]) -> Iterator[Finding]:
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    plain = isinstance(node.func, ast.Name)
    if name in ("input", "raw_input") and plain and name not in redefined:
        yield _keyboard(code, node.lineno, "input()", "use a text widget: `ipywidgets.Text()`")
    elif name == "getpass" and not node.args[1:]:
        yield _keyboard(code, node.lineno, "getpass()", "take it from a variable the operator sets")
    elif (name == "breakpoint" and plain) or (name == "set_trace" and not plain):
        yield _keyboard(code, node.lineno, f"{name}()", "take it out")
    elif name in ("system", "run", "check_call", "check_output", "Popen", "call", "main"):
        words = [
            each.value
            for each in ast.walk(node)
            if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        if found := _INSTALLS.search(" ".join(words)):
            yield _install(code, node.lineno, found[1], " ".join(words))


def _install(code: Code, line: int, rest: str, command: str) -> Finding:
    words = rest.split("#")[0].split()
    packages = tuple(
        re.split(r"[\[=<>!~;]", word.strip("'\""))[0]
        for word in words
        if not word.startswith(("-", "{", "$", ".", "/", "git+", "http"))
    )
    named = ", ".join(f"`{each}`" for each in packages)
    if _PLACE.match(command.strip()):
        fix = "ask the operator to install it on the gateway's machine"
        return _made(code, line, "run-time-install", "error", "installs system packages", fix)
    return Finding(
        "run-time-install",
        "warning",
        f"installs packages at run time{': ' if named else ''}{named}, for each viewer again",
        f"list {named or 'them'} in requirements.txt and take the line out",
        **code.place.at(line),
        packages=packages,
    )


def _keyboard(code: Code, line: int, what: str, fix: str) -> Finding:
    message = f"`{what}` waits for the keyboard, and viewers have none"
    return _made(code, line, "stdin", "error", message, fix)


def _classic(code: Code, line: int) -> Finding:
    return _made(
        code,
        line,
        "display",
        "warning",
        "JavaScript of the classic notebook: a dashboard's page has no `Jupyter.notebook`",
        "use a widget, or anywidget for JavaScript of your own",
    )


def _made(
    code: Code, line: int, kind: str, severity: Literal["error", "warning"], message: str, fix: str
) -> Finding:
    return Finding(kind, severity, message, fix, **code.place.at(line))
