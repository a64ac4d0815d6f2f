from collections.abc import Iterator
from pathlib import Path

import engines
import pytest
import stacks

from dashops.checks import chromium


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Docker Engine."""
    if why := engines.missing():
        pytest.skip(why)
    with engines.engine(tmp_path_factory.mktemp("engine")) as address:
        yield address


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, engine: str) -> stacks.Stack:
    """A stack that is up; the last test takes it down."""
    assert chromium.path(), "the smoke checks look with a browser"
    made = stacks.make(tmp_path_factory.mktemp("demo"), engine)
    made.dashops("up", "--target", "compose", "-y")
    return made


@pytest.fixture
def sockets(tmp_path: Path) -> Path:
    """A folder whose paths are short enough for sockets."""
    return tmp_path
