"""Marks tests by the folder they are in; nothing is marked by hand."""

from pathlib import Path

import pytest

pytest_plugins = ["live"]

TESTS = Path(__file__).parent
FOLDERS = ("integration", "browser", "attack")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not item.path.is_relative_to(TESTS):
            continue
        folder = item.path.relative_to(TESTS).parts[0]
        if folder in FOLDERS:
            item.add_marker(folder)
