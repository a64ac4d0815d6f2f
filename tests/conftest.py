"""Marks tests by the folder they are in; nothing is marked by hand."""

from pathlib import Path

import pytest

pytest_plugins = ["live", "seats"]

TESTS = Path(__file__).parent
FOLDERS = ("integration", "browser", "attack", "endurance", "support")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not item.path.is_relative_to(TESTS):
            continue
        folder = item.path.relative_to(TESTS).parts[0]
        if folder in FOLDERS:
            item.add_marker(folder)
        else:
            # Put first, so that a test may allow a warning. Tests with real servers are left
            # out: they would fail of other people's warnings.
            item.add_marker(pytest.mark.filterwarnings("error"), append=False)
