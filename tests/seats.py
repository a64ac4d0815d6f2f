"""A real Chromium: without one the tests that need it are skipped by name, in CI they fail."""

import os
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from live import Live, outside
from playwright.sync_api import Browser, BrowserContext, Error, Page, WebSocket, sync_playwright

from dashops.checks import chromium

TIMEOUT = 30_000  # milliseconds
MARK = "TOPSECRET"
SLIDER = f"""
import ipywidgets as widgets  # {MARK}
slider = widgets.IntSlider(description="Size", value=3)
label = widgets.HTML("size is 3")
def changed(change):
    "{MARK}"
    label.value = f"size is {{change.new}}"
slider.observe(changed, "value")
widgets.VBox([slider, label])
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.path()
    if path is None:
        reason = "no Chromium on this machine"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=list(chromium.ARGS))
        yield launched
        launched.close()


@dataclass
class Seat:
    """One viewer's browser: its page and everything that reached it."""

    live: Live
    context: BrowserContext
    page: Page
    frames: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def log_in(self, name: str = "viewer", password: str = "") -> None:
        """The shared account, or somebody with a password of his own."""
        self.page.goto(self.live.url)
        self.page.fill("[name=username]", name)
        self.page.fill("[name=password]", password or self.live.secret("viewer-password"))
        self.page.click("button")
        self.page.wait_for_url(f"{self.live.url}/")

    def open(self, name: str, wait: str = ".jupyter-widgets") -> Page:
        self.page.goto(f"{self.live.url}/dashboards/{name}")
        self.page.wait_for_selector(wait)
        return self.page

    def hear(self, socket: WebSocket) -> None:
        def note(data: str | bytes) -> None:
            self.frames.append(data if isinstance(data, str) else data.decode("utf8", "replace"))

        socket.on("framereceived", note)


@pytest.fixture
def seats(live: Live, browser: Browser) -> Iterator["Seats"]:
    made = Seats(live, browser)
    yield made
    for seat in made.taken:
        seat.context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the browsers of a failed test showed: a dialog in the way is seen nowhere else."""
    report = yield
    used = getattr(item, "funcargs", {}).get("seats")
    if report.when == "call" and report.failed and isinstance(used, Seats):
        for page in (page for seat in used.taken for page in seat.context.pages):
            with suppress(Error):
                shown = page.inner_text("body", timeout=2_000)  # dialogs are at its end
                report.sections.append((page.url.partition("?")[0], shown[-2_000:]))
    return report


@pytest.fixture
def seat(seats: "Seats") -> Seat:
    return seats.new()


@dataclass
class Seats:
    """Makes browsers of viewers who know nothing of each other."""

    live: Live
    browser: Browser
    taken: list[Seat] = field(default_factory=list)

    def new(self) -> Seat:
        seat = self.visitor()
        seat.log_in()
        return seat

    def visitor(self, agent: str | None = None) -> Seat:
        """Somebody who has not logged in, maybe with a browser that is none we know."""
        context = self.browser.new_context(user_agent=agent)
        context.set_default_timeout(TIMEOUT)
        seat = Seat(self.live, context, context.new_page())
        self.taken.append(seat)
        seat.page.on("websocket", seat.hear)
        seat.page.on(
            "request",
            lambda request: (
                seat.outside.append(request.url) if outside(request.url, self.live) else None
            ),
        )
        return seat


def move(seat: Seat) -> None:
    seat.page.locator(".noUi-handle").first.focus()
    seat.page.keyboard.press("ArrowRight")


def later(source: str, runs: int = 2) -> str:
    """Passes the gate, which runs it twice, and does this from the run after those on.

    Only a notebook that asks for fresh kernels is run again for a viewer.
    """
    return (
        "from pathlib import Path\n"
        "seen = Path('seen').read_text() if Path('seen').exists() else ''\n"
        f"if len(seen) >= {runs}:\n    {source}\n"
        "Path('seen').write_text(seen + '.')"
    )
