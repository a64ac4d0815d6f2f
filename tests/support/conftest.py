"""The stack of the support matrix, and docs/support.md, which says what its tests saw."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from live import Live, running

pytest.register_assert_rewrite("looks", "libraries")
import page  # noqa: E402
from libraries import LIBRARIES, NOTEBOOKS  # noqa: E402

DEFAULT = ("jupyterlab-widgets", "plotly", "anywidget")
HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "support.md"
# By notebook, from tests in several processes; how many interactions answered the same from a
# snapshot as from a fresh kernel, and what each notebook printed of itself.
SEEN: dict[str, dict[str, object]] = {"compared": {}, "version": {}}
SAID: list[str] = []


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of a notebook go to one process, where it is deployed once."""
    for item in items:
        case = getattr(item, "callspec", None)
        if case and item.path.parent == HERE:
            item.add_marker(pytest.mark.xdist_group(case.id))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call":
        for kind, (notebook, value) in report.user_properties:
            SEEN[kind][notebook] = value


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """When all was seen, write the page; in CI it must say so already."""
    if hasattr(session.config, "workerinput") or exitstatus or not any(SEEN.values()):
        return
    if len(SEEN["version"]) < len(LIBRARIES) or len(SEEN["compared"]) < len(NOTEBOOKS):
        SAID.append("docs/support.md was left as it is: not all of its notebooks were seen")
        return
    seen = page.written({name: str(value) for name, value in SEEN["version"].items()})
    if not os.environ.get("CI"):
        PAGE.write_text(seen)
    elif page.lasting(PAGE.read_text()) != page.lasting(seen):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        SAID.append("error: docs/support.md does not say what was seen; `make support` writes it")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, number in SEEN["compared"].items():
        terminalreporter.write_line(f"{name}: {number} interactions compared")
    for line in SAID:
        terminalreporter.write_line(line, bold=True)
