"""Takes IPython's own language out of a cell, so that what is left is Python; it runs nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_PYTHON_CELLS = {"time", "timeit", "capture", "prun", "memit", "mprun", "lprun"}
_PYTHON_LINES = {"time", "timeit", "prun", "memit", "lprun", "mprun"}
# With automagic on, IPython takes these for magics although they have no percent sign.
_AUTOMAGIC = re.compile(
    r"(?P<name>pip|conda|mamba|uv|cd|ls|pwd|mkdir|rm|cp|mv|cat|matplotlib|load_ext|run|env)"
    r"(?:\s+(?P<rest>[\w.~/\-][^=(]*.*))?$"
)
_HELP = re.compile(r"[%\w.*\[\]'\"]+\?{1,2}$|\?{1,2}\s*[%\w.*]+$")
_ASSIGNED = re.compile(r"(?P<target>[\w.,\s\[\]'\"()*]+?=)\s*(?P<mark>%(?!=)|!)(?P<rest>.*)$")
_OPTION = re.compile(r"^(?:\s*-\w+(?:\s*\d+)?(?=\s|$))+")


@dataclass(frozen=True)
class Magic:
    """A line that IPython, a shell or another program understands; `name` is `!` for a shell."""

    name: str
    rest: str
    line: int
    body: str = ""


def split(source: str) -> tuple[str, tuple[Magic, ...]]:
    """The Python of a cell, line for line, and its magics; no Python if the cell is another's."""
    lines = source.splitlines()
    first = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    if first < len(lines) and lines[first].startswith("%%"):
        name, _, rest = lines[first][2:].strip().partition(" ")
        body = lines[first + 1 :]
        magic = Magic(name, rest.strip(), first + 1, "\n".join(body))
        if name not in _PYTHON_CELLS:
            return "", (magic,)
        # `%%time x = 1` runs its own line too.
        kept = _statement(rest) if name in _PYTHON_LINES else ""
        lines = [*[""] * first, kept, *body]
    found: list[Magic] = []
    python = "\n".join(_lines(lines, found))
    return python, tuple(found)


def _lines(lines: list[str], found: list[Magic]) -> Iterator[str]:
    scan = _Scan()
    skipping = False
    for number, line in enumerate(lines, start=1):
        if skipping:  # the shell's backslash, not Python's
            skipping = line.rstrip().endswith("\\")
            yield ""
            continue
        taken = _taken(line, number, found) if scan.fresh else None
        skipping = taken is not None and line.rstrip().endswith("\\") and found[-1].line == number
        kept = line if taken is None else taken
        scan.read(kept)
        yield kept


def _taken(line: str, number: int, found: list[Magic]) -> str | None:
    """What stands in the place of a line that is no Python; None if it is Python."""
    text = line.strip()
    indent = line[: len(line) - len(line.lstrip())]
    if text.startswith(">>> "):
        return indent + text[4:]
    if _HELP.fullmatch(text):
        found.append(Magic("?", text.strip("?"), number))
        return f"{indent}pass"
    if text.startswith("!"):
        found.append(Magic("!", text.lstrip("!").strip(), number))
        return f"{indent}pass"
    if text.startswith("%"):
        name, _, rest = text.lstrip("%").partition(" ")
        found.append(Magic(name, rest.strip(), number))
        return indent + (_statement(rest) if name in _PYTHON_LINES else "pass")
    if assigned := _ASSIGNED.match(text):
        rest = assigned["rest"].strip()
        name = "!"
        if assigned["mark"] == "%":
            name, _, rest = rest.partition(" ")
        found.append(Magic(name, rest.strip(), number))
        kept = _statement(rest) if name in _PYTHON_LINES else "None"
        return f"{indent}{assigned['target']} {kept}"
    if automagic := _AUTOMAGIC.match(text):
        found.append(Magic(automagic["name"], (automagic["rest"] or "").strip(), number))
        return f"{indent}pass"
    return None


def _statement(rest: str) -> str:
    return _OPTION.sub("", rest).strip() or "pass"


class _Scan:
    """Whether the next line begins a statement: not inside a string, a bracket or after `\\`."""

    def __init__(self) -> None:
        self.depth = 0
        self.quote = ""
        self.joined = False

    @property
    def fresh(self) -> bool:
        return not (self.depth or self.quote or self.joined)

    def read(self, line: str) -> None:
        at = 0
        while at < len(line):
            letter = line[at]
            if self.quote:
                if letter == "\\":
                    at += 1
                elif line.startswith(self.quote, at):
                    at += len(self.quote) - 1
                    self.quote = ""
            elif letter == "#":
                break
            elif letter in "\"'":
                self.quote = letter * 3 if line.startswith(letter * 3, at) else letter
                at += len(self.quote) - 1
            elif letter in "([{":
                self.depth += 1
            elif letter in ")]}":
                self.depth = max(0, self.depth - 1)
            at += 1
        self.joined = line.endswith("\\") and not self.quote
        if len(self.quote) == 1:
            self.quote = self.quote if line.endswith("\\") else ""
