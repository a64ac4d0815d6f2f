"""People who look at a dashboard while a stack in containers changes; they click and knock."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from playwright.sync_api import Browser, Error, Page
from stacks import Stack

COUNTER = """
import os
import ipywidgets as widgets
from IPython.display import display
count = 0
label = widgets.HTML("nothing yet")
def click(_):
    global count
    count += 1
    label.value = f"click {count} in {os.getpid()}"
button = widgets.Button(description="Count")
button.on_click(click)
display(button, label)
"""


class Crowd:
    """Viewers, each in a browser of his own, who click now and then."""

    def __init__(self, stack: Stack, browser: Browser, name: str, count: int) -> None:
        self._contexts = [browser.new_context() for _ in range(count)]
        self._clicks = 0
        self.pages = [self._open(stack, context.new_page(), name) for context in self._contexts]
        self.kernels: list[str] = []
        self.click()

    def click(self) -> None:
        """Each clicks once, and sees the count that his own kernel has reached."""
        self._clicks += 1
        for page in self.pages:
            page.click("button:has-text('Count')")
        found = [self._answer(page) for page in self.pages]
        self.kernels = self.kernels or found
        assert found == self.kernels, "a page has another kernel than before"

    def close(self) -> None:
        """All go away, as tabs that are closed do."""
        for context in self._contexts:
            context.close()

    def _answer(self, page: Page) -> str:
        said = page.locator(f"text=/^click {self._clicks} in/")
        said.wait_for(timeout=20_000)
        assert page.evaluate("window.here"), "the page was loaded again"
        return str(said.inner_text().rpartition(" ")[2])

    def _open(self, stack: Stack, page: Page, name: str) -> Page:
        page.set_default_timeout(60_000)
        url = f"http://127.0.0.1:{stack.ports['dashboard']}"
        page.goto(url)
        page.fill("[name=username]", "viewer")
        secret = stack.folder / ".dashops" / "secrets" / "viewer-password"
        page.fill("[name=password]", secret.read_text().strip())
        page.click("button")
        page.wait_for_url(f"{url}/")
        page.goto(f"{url}/dashboards/{name}")
        page.wait_for_selector("button:has-text('Count')")
        page.evaluate("window.here = true")
        return page


@contextmanager
def knocking(stack: Stack) -> Iterator[None]:
    """Somebody asks for the login page all the time, and must get it."""
    refused: list[str] = []
    done = threading.Event()

    def knock() -> None:
        while not done.wait(0.05):
            try:
                code = httpx.get(
                    f"http://127.0.0.1:{stack.ports['dashboard']}/login", timeout=30
                ).status_code
            except httpx.HTTPError as error:
                refused.append(repr(error))
            else:
                if code != 200:
                    refused.append(str(code))

    thread = threading.Thread(target=knock)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    assert refused == []


def reloaded(page: Page) -> bool:
    """Whether it is another page than the one that was opened, and can be used."""
    try:
        return not page.evaluate("window.here") and page.is_visible("button:has-text('Count')")
    except Error:  # while it loads
        return False


def counts(page: Page) -> bool:
    """Whether a click is counted now, by whichever kernel the page has."""
    try:
        label = page.locator("text=/^click \\d+ in/")
        seen = int(label.inner_text(timeout=1000).split()[1]) if label.count() else 0
        page.click("button:has-text('Count')", timeout=3000)
        page.wait_for_selector(f"text=/^click {seen + 1} in/", timeout=3000)
    except Error:  # while it loads, or its kernel is gone
        return False
    return True
