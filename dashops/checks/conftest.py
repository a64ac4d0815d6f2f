"""What every check may ask for: the stack, its slots, secrets and processes; it starts nothing."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dashops import secrets as files
from dashops import targets
from dashops.checks import proc
from dashops.errors import DashopsError
from dashops.run import run
from dashops.stack import Stack
from dashops.targets import Slot, Target

# Secrets last: logs fill while the others run.
ORDER = ("health", "local", "compose", "files", "access", "story", "secrets")
STACK = pytest.StashKey[Stack]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `dashops smoke` hands over: a place and a name, never a secret."""
    parser.addoption("--stack", type=Path, help="the stack file, which need not exist")
    parser.addoption("--dashboard", help="the name to publish the story's notebook under")
    parser.addoption("--number", default="", help="of the dashboard server, where two take turns")


def pytest_configure(config: pytest.Config) -> None:
    """Read the stack once, before anything is collected."""
    from dashops import stack

    file = config.getoption("stack")
    config.stash[STACK] = stack.there(file)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the checks of other targets."""
    name = collection_path.stem.removeprefix("test_")
    return True if name in targets.NAMES and name != config.stash[STACK].target else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a check that asks for `slot` once for each."""
    if "slot" in metafunc.fixturenames:
        stack = metafunc.config.stash[STACK]
        metafunc.parametrize("slot", targets.by_name(stack.target).SLOTS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the checks in order and give each its title."""
    items.sort(key=lambda item: ORDER.index(item.path.stem.removeprefix("test_")))
    for item in items:
        assert isinstance(item, pytest.Function)
        callspec = getattr(item, "callspec", None)
        title = item.function.__doc__ or item.name
        item.user_properties.append(
            ("title", title.format_map(callspec.params if callspec else {}))
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
    """Keep the reason of a failure or a skip in words."""
    if call.excinfo is not None:
        error = call.excinfo.value
        words = isinstance(
            error, AssertionError | DashopsError | pytest.fail.Exception | pytest.skip.Exception
        )
        kind = "" if words else f"{type(error).__name__}: "
        hint = f"\nhint: {error.hint}" if isinstance(error, DashopsError) and error.hint else ""
        item.user_properties.append(("reason", f"{kind}{error}{hint}"))
    return (yield)


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Stack:
    """The stack that is checked."""
    return request.config.stash[STACK]


@pytest.fixture(scope="session")
def target(stack: Stack) -> Target:
    """The platform it runs on."""
    return targets.by_name(stack.target)


@pytest.fixture(scope="session")
def slots(stack: Stack, target: Target) -> Mapping[str, Slot]:
    """Every slot by name, as it was when the checks began."""
    return {each.slot: each for each in target.slots(stack, target.facts(stack, run))}


@pytest.fixture(scope="session")
def secrets(stack: Stack, target: Target) -> Mapping[str, files.Secret]:
    """Every secret of the stack by name."""
    folder = stack.state_dir / "secrets"
    return {name: files.read(folder, name) for name in target.SECRETS}


@pytest.fixture(scope="module")
def processes(host: Any) -> Mapping[int, proc.Process]:
    """All processes of the host, as they were when a module of checks began."""
    found = proc.processes(host)
    if not found:
        pytest.skip("this host has no `/proc` to read processes from")
    return found


@pytest.fixture(scope="module")
def family(
    processes: Mapping[int, proc.Process], slots: Mapping[str, Slot]
) -> Mapping[int, proc.Process]:
    """The stack's processes: the slots and all they started."""
    found = proc.family(processes, {slot.pid for slot in slots.values() if slot.pid})
    if not found:
        pytest.skip("no process of a slot is known")
    return found


@pytest.fixture(scope="session")
def dashboard(request: pytest.FixtureRequest) -> str:
    """The name to publish the story's notebook under."""
    return str(request.config.getoption("dashboard"))


@pytest.fixture(scope="session")
def number(request: pytest.FixtureRequest) -> str:
    """Which of several dashboard servers is checked; empty for the one that serves."""
    return str(request.config.getoption("number"))
