"""What a second deploy says is different: cells, files, packages, in a few lines."""

import json
from typing import Any

import pytest

from dashops import bundle

LOCK = "pandas==2.2.0 \\\n    --hash=sha256:00\nnumpy==2.0\n"


def packed(*cells: str, lock: str = "", **files: str) -> bundle.Bundle:
    made: list[dict[str, Any]] = [
        {"cell_type": "markdown", "metadata": {}, "source": each} for each in cells
    ]
    notebook = {"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": made}
    content = {name.replace("_", "."): text.encode() for name, text in files.items()}
    return bundle.Bundle(bundle.parse(json.dumps(notebook)), content, lock=lock or None)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (("a", "b"), ("a", "b"), ()),
        (("a", "b", "c"), ("a", "B", "c"), ("cell 2 changed",)),
        (("a", "b"), ("a", "x", "y", "b"), ("cells 2, 3 added",)),
        (("a", "b", "c"), ("a",), ("2 cells removed",)),
        (("a", "b", "c"), ("a", "x"), ("cell 2 changed", "1 cell removed")),
        ((), tuple(map(str, range(9))), ("9 cells added",)),
    ],
)
def test_cells(old: tuple[str, ...], new: tuple[str, ...], said: tuple[str, ...]) -> None:
    assert bundle.changes.sentences(packed(*old), packed(*new)) == said


def test_files() -> None:
    old, new = packed(a_csv="1", b_csv="2"), packed(b_csv="3", c_csv="4")
    assert bundle.changes.sentences(old, new) == (
        "file b.csv changed",
        "file c.csv added",
        "file a.csv removed",
    )


def test_packages_and_not_the_lock_they_are_in() -> None:
    old, new = packed(lock=LOCK), packed(lock=LOCK.replace("2.2.0", "2.3.1"))
    assert bundle.changes.sentences(old, new) == ("package pandas 2.2.0 → 2.3.1 changed",)
