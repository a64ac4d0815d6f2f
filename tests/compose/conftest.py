import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import engines
import pytest
import stacks
from crowd import COUNTER
from live import notebook

from dashops.checks import chromium


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Docker Engine."""
    if why := engines.missing():
        pytest.skip(why)
    with engines.engine(tmp_path_factory.mktemp("engine")) as address:
        yield address


@pytest.fixture(scope="session")
def stack(
    tmp_path_factory: pytest.TempPathFactory, engine: str, tell: Callable[[str], None]
) -> stacks.Stack:
    """A stack that is up; the last test takes it down."""
    assert chromium.path(), "the smoke checks look with a browser"
    made = stacks.make(tmp_path_factory.mktemp("demo"), engine)
    began = time.monotonic()
    made.dashops("up", "--target", "compose", "-y")
    first = time.monotonic() - began
    made.dashops("up", "-y")
    tell(f"the first `up` took {first:.0f} s, the second {time.monotonic() - began - first:.1f} s")
    memory = {
        slot: made.memory(slot) / 1e6 for slot in ("gateway", "dashboard", "notebook", "proxy")
    }
    each = ", ".join(f"{slot} {size:.0f}" for slot, size in memory.items())
    tell(f"the idle stack takes {sum(memory.values()):.0f} MB of memory: {each}")
    return made


@pytest.fixture(scope="session")
def counter(stack: stacks.Stack) -> str:
    """The name of a dashboard that counts clicks in its kernel."""
    (stack.folder / "counter.ipynb").write_text(json.dumps(notebook(COUNTER)))
    stack.dashops("deploy-notebook", "counter.ipynb")
    return "counter"


@pytest.fixture
def sockets(tmp_path: Path) -> Path:
    """A folder whose paths are short enough for sockets."""
    return tmp_path
