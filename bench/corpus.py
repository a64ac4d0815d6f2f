"""Notebooks broken on purpose and notebooks that are fine, with what preflight should say."""

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from dashops import bundle, preflight
from dashops.client import About
from dashops.client.about import decode

FOLDER = Path(__file__).parent / "preflight"
EXAMPLES = Path(__file__).parents[1] / "examples"
_HEAD = re.compile(
    r"# (expect|requirements\.txt|installed|needs|beside|send|server|server\.python|missing|kernel"
    r"|server\.frontends|language_info\.version|source|python|unsupported): (.*)"
)


@dataclass(frozen=True)
class Label:
    """A finding that has to be there: `place` is `cell:line`, `file:line`, a file or `-`."""

    severity: str
    kind: str
    place: str
    word: str

    def fits(self, found: preflight.Finding) -> bool:
        """Whether it is this finding, at this place, about this thing."""
        where = found.file or (str(found.cell) if found.cell else "-")
        where += f":{found.line}" if found.line else ""
        said = " ".join((found.message, found.fix, *found.packages))
        mine, theirs = (self.severity, self.kind, self.place), (found.severity, found.kind, where)
        return mine == theirs and self.word in said

    def __str__(self) -> str:
        return f"{self.severity} {self.kind} {self.place} {self.word}"


@dataclass
class Case:
    """One notebook, what lies beside it, what the server says, and the findings expected."""

    name: str
    notebook: dict[str, object]
    labels: list[Label] = field(default_factory=list)
    beside: dict[str, bytes] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    missing: tuple[str, ...] = ()
    about: About | None = None
    installed: preflight.Installed = field(default_factory=preflight.Installed)
    declared: "Written | None" = None

    def look(self, folder: Path) -> preflight.Report:
        """Run preflight on it in an empty folder."""
        for path, content in self.beside.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        parsed = bundle.parse(json.dumps(self.notebook))
        files = {path: self.beside[path] for path in self.sent}
        packed = bundle.Bundle(parsed, files, self.missing)
        author = preflight.Author(folder, self.installed, Path("/home/ann"))
        return preflight.look(packed, self.about, author, preflight.declarations(self.declared))


@dataclass(frozen=True)
class Written:
    """Declared dependencies, as `bundle.dependencies` gives them."""

    source: str
    files: dict[str, str]
    python: str = ""
    unsupported: tuple[str, ...] = ()


def broken() -> list[Case]:
    """Each with at least one label."""
    return [_case(path) for path in sorted((FOLDER / "broken").glob("*.txt"))]


def fine() -> list[Case]:
    """None of these may raise an error or a warning."""
    return [_case(path) for path in sorted((FOLDER / "fine").glob("*.txt"))]


def server() -> About:
    """What a server with the default packages says."""
    return decode(json.loads((FOLDER / "server.json").read_text()))


def false_alarms(case: Case, report: preflight.Report) -> list[preflight.Finding]:
    """Errors and warnings that no label expects."""
    return [
        found
        for found in report.findings
        if found.severity != "note" and not any(label.fits(found) for label in case.labels)
    ]


def found(case: Case, report: preflight.Report) -> dict[Label, bool]:
    """Each label, and whether preflight said so."""
    return {label: any(label.fits(each) for each in report.findings) for label in case.labels}


def _case(path: Path) -> Case:
    heads: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in path.read_text().splitlines():
        if head := _HEAD.fullmatch(line):
            heads.setdefault(head[1], []).append(head[2])
        else:
            lines.append(line)
    case = Case(path.stem, _notebook("\n".join(lines), heads), about=_about(heads))
    for text in heads.get("expect", ()):
        severity, kind, place, word = text.split(" ", 3)
        case.labels.append(Label(severity, kind, place, word))
    for text in heads.get("beside", ()):
        name, _, content = text.partition(" = ")
        case.beside[name] = content.replace("\\n", "\n").encode() or b"x"
    case.sent = heads.get("send", [])
    case.missing = tuple(heads.get("missing", ()))
    case.installed = _installed(heads)
    case.declared = _declared(heads)
    return case


def _notebook(source: str, heads: dict[str, list[str]]) -> dict[str, object]:
    name, language, display = (heads.get("kernel") or ["python3 python Python 3"])[0].split(" ", 2)
    info = {"name": language}
    if "language_info.version" in heads:
        info["version"] = heads["language_info.version"][0]
    cells = [
        {
            "cell_type": "code",
            "metadata": {},
            "source": text.strip("\n"),
            "outputs": [],
            "execution_count": None,
        }
        for text in re.split(r"^# %%$", source, flags=re.MULTILINE)
    ]
    spec = {"name": name, "language": language, "display_name": display}
    metadata = {"kernelspec": spec, "language_info": info}
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": metadata, "cells": cells}


def _about(heads: dict[str, list[str]]) -> About | None:
    if heads.get("server") == ["none"]:
        return None
    about = server()
    if "server.python" in heads:
        about = replace(about, python=heads["server.python"][0])
    if "server.frontends" in heads:
        more = heads["server.frontends"][0].split()
        about = replace(about, frontends=(about.frontends or frozenset()).union(more))
    return about


def _installed(heads: dict[str, list[str]]) -> preflight.Installed:
    modules, versions, frontends = {}, {}, {}
    for text in heads.get("installed", ()):
        name, version, module, *extensions = text.split()
        modules[module], versions[name] = name, version
        if extensions:
            frontends[name] = tuple(extensions)
    needs = {name: frozenset[str]() for name in versions}
    for text in heads.get("needs", ()):
        name, *others = text.split()
        needs[name] = frozenset(others)
    return preflight.Installed(modules, needs, frontends, versions)


def _declared(heads: dict[str, list[str]]) -> Written | None:
    if "requirements.txt" not in heads:
        return None
    text = heads["requirements.txt"][0]
    lines = text.split(" | ") if " | " in text else [text] if "--" in text else text.split()
    return Written(
        heads.get("source", ["requirements.txt"])[0],
        {"requirements.txt": "\n".join(lines)},
        heads.get("python", [""])[0],
        tuple(heads.get("unsupported", ())),
    )
