"""Rendered files compared with golden ones, and read by what will read them.

`DASHOPS_TEST_GOLDEN=write pytest tests/unit/test_render.py` writes the golden files anew.
"""

import ast
import configparser
import json
import os
import tomllib
from pathlib import Path

import containers
import jinja2
import pytest
import yaml
from test_local import FRESH

from dashops import render, stack
from dashops.targets import compose, local

GOLDEN = Path(__file__).parents[1] / "golden"
WRITE = os.environ.get("DASHOPS_TEST_GOLDEN") == "write"
STACKS = sorted(GOLDEN.glob("*/*.yaml"))


def rendered(path: Path) -> dict[str, str]:
    wanted = stack.parse(path.read_text(), Path("/srv/demo/dashops.yaml"), {})
    if path.parent.name == "compose":
        return containers.stable(compose.files(wanted, containers.FRESH))
    return local.files(wanted, FRESH)


@pytest.mark.parametrize("path", STACKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_files_are_the_golden_ones(path: Path) -> None:
    files = rendered(path)
    folder = path.with_suffix("")
    if WRITE:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
    golden = {
        file.relative_to(folder).as_posix(): file.read_text()
        for file in folder.rglob("*")
        if file.is_file()
    }
    assert files == golden, "look at the difference, then DASHOPS_TEST_GOLDEN=write"


@pytest.mark.parametrize("path", STACKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_file_can_be_read_by_its_reader(path: Path) -> None:
    readers = {
        ".py": ast.parse,
        ".json": json.loads,
        ".toml": tomllib.loads,
        ".conf": configparser.RawConfigParser().read_string,
        ".txt": str.splitlines,
        ".yaml": yaml.safe_load,
        ".Dockerfile": containers.dockerfile,
        "Caddyfile": str.splitlines,
        ".dockerignore": str.splitlines,
    }
    for name, text in rendered(path).items():
        readers[Path(name).suffix or Path(name).name](text)


def test_a_value_nobody_gives_is_an_error_not_a_gap() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render.recipe("local", {})


def test_a_quote_in_a_title_stays_in_the_title() -> None:
    wanted = stack.parse(
        "dashboard: {title: '\"Sales\" & more \\ 売上'}", Path("/srv/demo/dashops.yaml"), {}
    )
    text = local.files(wanted, FRESH)["dashboard/dashboard.toml"]
    assert tomllib.loads(text)["server"]["title"] == '"Sales" & more \\ 売上'
