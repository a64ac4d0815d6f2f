"""The stack of the support matrix: widget front ends added as an operator adds them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from libraries import LIBRARIES
from live import Live, running

DEFAULT = ("jupyterlab-widgets", "plotly", "anywidget")


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    extra = {each for library in LIBRARIES for each in library.frontends}
    wanted = {each for library in LIBRARIES for each in dependencies(library.path)}
    changes = {
        "dashboard": {"frontends": [*DEFAULT, *sorted(extra)], "cell_timeout": 60},
        "environment": {"packages": sorted(wanted)},
    }
    with running(tmp_path_factory.mktemp("stack"), changes) as stack:
        yield stack


def dependencies(notebook: Path) -> list[str]:
    metadata = json.loads(notebook.read_text())["metadata"]
    found: list[str] = metadata.get("dashops", {}).get("dependencies", [])
    return found
