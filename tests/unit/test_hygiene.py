"""Rules of the house that no linter knows: sizes, names, dead settings, missing docs."""

import re
import runpy
import typing
from itertools import combinations
from pathlib import Path

import pytest
import typer.main

from dashops import cli, targets
from dashops.stack import model, variables

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "dashops").rglob("*.py"))
TEMPLATES = sorted([*(ROOT / "recipes").rglob("*.j2"), *(ROOT / "dashops").rglob("*.j2")])
DUMPING_GROUNDS = {"utils", "util", "helpers", "helper", "common", "base", "misc"}
WINDOW = 8


def test_there_is_something_to_check() -> None:
    assert len(SOURCES) > 10
    assert TEMPLATES


def test_no_module_is_longer_than_300_lines() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in [*SOURCES, *TEMPLATES]}
    assert not {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > 300}


def test_no_file_is_a_dumping_ground() -> None:
    files = [*SOURCES, *TEMPLATES, *(ROOT / "tests").rglob("*.py")]
    assert not [path for path in files if path.name.split(".")[0] in DUMPING_GROUNDS]


def test_no_class_is_named_after_what_it_does_not_do() -> None:
    # Tornado calls its classes handlers, and its word stands for them.
    vague = re.compile(r"^\s*class (\w*(?:Manager|Factory|Helper|Util|Utils))\b(.*)", re.MULTILINE)
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in SOURCES
        for name, bases in vague.findall(path.read_text())
        # A subclass of Jupyter's manager is one, and says so.
        if "Manager" not in bases
    ]
    assert not found


def test_only_run_starts_processes() -> None:
    # import-linter sees `import subprocess`; these need no import of it.
    starts = re.compile(r"os\.(system|popen|exec\w+|spawn\w+|posix_spawn\w*)\(|create_subprocess")
    library = [path for path in SOURCES if "services" not in path.parts and path.name != "run.py"]
    assert not [str(path) for path in library if starts.search(path.read_text())]


# Settings that reach their readers through a property of the stack.
DERIVED = {
    "state": r"\.state_dir\b",
    "recipes": r"\.recipes_dir\b",
    "notebook.folder": r"\.notebook_dir\b",
    "dashboard.port": r"\.url\(",
    "gateway.port": r"\.url\(",
    "notebook.port": r"\.url\(",
}


@pytest.mark.parametrize("path", model.leaves())
def test_every_setting_is_read_somewhere(path: str) -> None:
    read = re.compile(
        DERIVED.get(path, rf"\b{re.escape(path if '.' in path else 'stack.' + path)}\b")
    )
    library = [each for each in SOURCES if not {"stack", "services"} & set(each.parts)]
    assert any(read.search(each.read_text()) for each in [*library, *TEMPLATES])


@pytest.mark.parametrize("variable", sorted(variables.RESERVED))
def test_every_variable_that_is_no_setting_is_documented(variable: str) -> None:
    assert variable in (ROOT / "docs/settings.md").read_text()


def test_settings_md_is_what_the_model_says() -> None:
    page = runpy.run_path(str(ROOT / "docs/settings.py"))["page"]()
    assert (ROOT / "docs/settings.md").read_text() == page, "run `python docs/settings.py`"


def commands() -> list[str]:
    group = typer.main.get_command(cli.app)
    return sorted(getattr(group, "commands", {}))


def test_every_command_is_documented() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    text = "\n".join(page.read_text() for page in pages)
    assert not [name for name in commands() if f"dashops {name}" not in text]


def test_every_target_of_a_stack_exists() -> None:
    assert typing.get_args(model.Stack.model_fields["target"].annotation) == targets.NAMES
    assert all((ROOT / "recipes" / name).is_dir() for name in targets.NAMES)


def windows(folder: Path) -> set[tuple[str, ...]]:
    """Every run of eight lines, blank ones and comments left out."""
    found: set[tuple[str, ...]] = set()
    for path in sorted(folder.rglob("*.j2")):
        lines = [line.strip() for line in path.read_text().splitlines()]
        lines = [line for line in lines if line and not line.startswith(("#", "{#", ";"))]
        found |= {tuple(lines[i : i + WINDOW]) for i in range(len(lines) - WINDOW + 1)}
    return found


def test_no_two_recipes_share_eight_lines() -> None:
    folders = [path for path in sorted((ROOT / "recipes").iterdir()) if path.is_dir()]
    shared = {
        (one.name, other.name): windows(one) & windows(other)
        for one, other in combinations(folders, 2)
    }
    assert not {names: lines for names, lines in shared.items() if lines}


def test_import_contracts_know_every_module() -> None:
    contracts = (ROOT / ".importlinter").read_text()
    entries = {path.stem for path in (ROOT / "dashops").iterdir() if not path.name.startswith("_")}
    layers, _, rest = contracts.partition("[importlinter:contract:services]")
    services, _, _ = rest.partition("[importlinter:contract:nobody-imports-services]")
    for name in entries - {"services", "checks", "recipes", "py"}:
        assert re.search(rf"\bdashops\.{name}\b", layers), f"`{name}` has no layer"
        if name not in ("apps", "bundle", "bundlers", "client", "errors"):
            assert f"    dashops.{name}\n" in services, f"services may import `{name}`"
