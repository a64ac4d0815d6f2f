"""Marks tests by the folder they are in; nothing is marked by hand."""

from pathlib import Path

import pytest

pytest_plugins = ["live", "seats", "telling"]

TESTS = Path(__file__).parent
FOLDERS = ("integration", "browser", "attack", "compose", "endurance", "support")
# Of what needs real servers `make test` runs these, and `make test-live` the others.
STORIES = (
    "browser/test_deploy_as.py",  # Alice
    "attack/test_attack.py",  # what Bob may not do
    "integration/test_plans.py",  # the operator
    "browser/test_viewing.py",  # Bob
    "integration/test_plugins.py",  # Cathy
)
# What takes minutes goes first, or one worker waits for the other at the end. Two
# that need no stack of `live` are second and fourth: so only one worker makes one at the start.
LONGEST = (
    "browser/test_how_it_opens.py",
    "integration/local/test_up.py",
    "browser/test_connection.py",
    "integration/local/test_down.py",
    "browser/test_verifying.py",
    "browser/test_shown.py",
    "attack/test_hostile_dashboard.py",
    "browser/test_laying_out.py",
    "browser/test_panels.py",
    "integration/test_sharing.py",
    "integration/test_backup.py",
    "browser/test_drafts.py",
    "integration/test_environments.py",
    "integration/test_crowd.py",
    "attack/test_viewer.py",
    "attack/test_logging_in.py",
    "integration/test_shares.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    gone = [name for name in (*STORIES, *LONGEST) if not (TESTS / name).is_file()]
    if gone:
        raise pytest.UsageError(f"named in {__file__}, and not there: {', '.join(gone)}")
    stories = {TESTS / name for name in STORIES}
    for item in items:
        if not item.path.is_relative_to(TESTS):
            continue
        folder = item.path.relative_to(TESTS).parts[0]
        if folder in FOLDERS:
            item.add_marker(folder)
            if item.path in stories:
                item.add_marker("story")
        else:
            # Put first, so that a test may allow a warning. Tests with real servers are left
            # out: they would fail of other people's warnings.
            item.add_marker(pytest.mark.filterwarnings("error"), append=False)
    places = {TESTS / name: place for place, name in enumerate((*STORIES, *LONGEST))}
    items.sort(key=lambda item: places.get(item.path, len(places)))
