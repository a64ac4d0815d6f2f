"""Rendered files compared with golden ones, and read by what will read them.

`DASHOPS_TEST_GOLDEN=write pytest tests/unit/test_render.py` writes the golden files anew.
"""

import ast
import configparser
import json
import os
import tomllib
from pathlib import Path

import jinja2
import pytest
from test_local import FRESH

from dashops import render, stack
from dashops.targets import local

GOLDEN = Path(__file__).parents[1] / "golden" / "local"
WRITE = os.environ.get("DASHOPS_TEST_GOLDEN") == "write"
STACKS = sorted(GOLDEN.glob("*.yaml"))


def rendered(path: Path) -> dict[str, str]:
    wanted = stack.parse(path.read_text(), Path("/srv/demo/dashops.yaml"), {})
    return local.files(wanted, FRESH)


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.stem)
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


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.stem)
def test_every_file_can_be_read_by_its_reader(path: Path) -> None:
    readers = {
        ".py": ast.parse,
        ".json": json.loads,
        ".toml": tomllib.loads,
        ".conf": configparser.RawConfigParser().read_string,
        ".txt": str.splitlines,
    }
    for name, text in rendered(path).items():
        readers[Path(name).suffix](text)


def test_a_value_nobody_gives_is_an_error_not_a_gap() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render.recipe("local", {})


def test_a_quote_in_a_title_stays_in_the_title() -> None:
    wanted = stack.parse(
        "dashboard: {title: '\"Sales\" & more \\ 売上'}", Path("/srv/demo/dashops.yaml"), {}
    )
    text = local.files(wanted, FRESH)["dashboard/dashboard.toml"]
    assert tomllib.loads(text)["server"]["title"] == '"Sales" & more \\ 売上'
