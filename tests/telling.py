"""Numbers that tests print at the end, whether they passed or not; none is asserted."""

from collections.abc import Callable

import pytest

NUMBERS: list[str] = []


@pytest.fixture(scope="session")
def tell() -> Callable[[str], None]:
    return NUMBERS.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in NUMBERS:
        terminalreporter.write_line(line)
