"""The stack of the support matrix: widget front ends added as an operator adds them."""

from collections.abc import Iterator

import pytest
from live import Live, running

pytest.register_assert_rewrite("looks", "libraries")
from libraries import LIBRARIES  # noqa: E402

DEFAULT = ("jupyterlab-widgets", "plotly", "anywidget")
COMPARED: dict[str, int] = {}  # by notebook


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    extra = {each for library in LIBRARIES for each in library.frontends}
    changes = {
        "dashboard": {"frontends": [*DEFAULT, *sorted(extra)], "cell_timeout": 60},
    }
    with pytest.MonkeyPatch.context() as patch:
        # As in a shell of cron or CI: R then draws no umlaut, unless the gateway sees to it.
        for name in ("LANG", "LC_ALL", "LC_CTYPE"):
            patch.delenv(name, raising=False)
        with running(tmp_path_factory.mktemp("stack"), changes) as stack:
            yield stack


@pytest.fixture(scope="session")
def versions() -> dict[str, str]:
    """What each notebook printed of itself."""
    return {}


@pytest.fixture(scope="session")
def compared() -> dict[str, int]:
    """How many interactions answered the same from a snapshot as from a fresh kernel."""
    return COMPARED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, number in COMPARED.items():
        terminalreporter.write_line(f"{name}: {number} interactions compared")
