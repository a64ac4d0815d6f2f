"""Servers are replaced while ten browsers are open: every kernel goes on, and nobody is refused.

After the tests of hosts, which use the images of the stack as it was made.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from live import notebook, until
from playwright.sync_api import Browser, Error, Page
from stacks import Stack

pytestmark = pytest.mark.compose
TEN = 10
UNFIT = "recipes/compose/insert/volumes_dashboard.yaml"
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


@pytest.fixture(scope="module")
def counter(stack: Stack) -> str:
    """The name of a dashboard that counts clicks in its kernel."""
    (stack.folder / "counter.ipynb").write_text(json.dumps(notebook(COUNTER)))
    stack.dashops("deploy-notebook", "counter.ipynb")
    return "counter"


@pytest.fixture
def ten(stack: Stack, browser: Browser, counter: str) -> Iterator["Ten"]:
    made = Ten(stack, browser, counter)
    yield made
    made.close()


class Ten:
    """Ten viewers, each in a browser of his own, who click now and then."""

    def __init__(self, stack: Stack, browser: Browser, name: str) -> None:
        self._contexts = [browser.new_context() for _ in range(TEN)]
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


def change(stack: Stack, before: str, after: str) -> None:
    file = stack.folder / "dashops.yaml"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))


def names(stack: Stack, slot: str) -> set[str]:
    """The containers of a slot."""
    # One of them is removed, and an engine that is shared has other stacks.
    mine = ("--filter", f"label=com.docker.compose.project={stack.project}")
    asked = ("--filter", f"label=dashops.slot={slot}", "--format", "{{.Names}}")
    return set(stack.docker("ps", *mine, *asked).split())


def test_ten_pages_stay_while_the_dashboard_server_is_replaced(stack: Stack, ten: Ten) -> None:
    """One without widgets gets no visitors; the next one does."""
    before = names(stack, "dashboard")
    unfit = stack.folder / UNFIT
    unfit.parent.mkdir(parents=True)
    unfit.write_text("- {type: tmpfs, target: /opt/venv/share/jupyter/labextensions}\n")
    with knocking(stack):
        told = stack.dashops("up", "-y", code=3)
    assert "a viewer moves a slider" in told and "does not appear" in told
    assert "unchecked" in stack.dashops("status", code=1)
    assert before < names(stack, "dashboard")
    ten.click()
    unfit.unlink()
    # A package less is another image.
    change(stack, "dashboard:\n", "dashboard:\n  frontends: [jupyterlab-widgets, plotly]\n")
    told = stack.dashops("plan", code=2)
    assert "dashboard: build image (image changed)" in told
    assert re.search(r"dashboard: start dashboard-\d beside dashboard-\d", told)
    assert "lose" not in told
    with knocking(stack):
        stack.dashops("up", "-y")
    both = names(stack, "dashboard")
    assert before < both and len(both) == 2
    assert "draining" in stack.dashops("status")
    ten.click()
    assert stack.dashops("plan").strip() == "nothing to do"
    ten.close()
    until(lambda: "dashboard: remove" in look(stack), "the server that was replaced may go", 60)
    stack.dashops("up", "-y")
    assert names(stack, "dashboard") == both - before
    assert stack.dashops("plan").strip() == "nothing to do"


def look(stack: Stack) -> str:
    """What `plan` says, whether or not there is something to do."""
    return stack.dashops("plan", code=None)


def test_ten_pages_stay_while_gateways_go(stack: Stack, browser: Browser, counter: str) -> None:
    stack.dashops("scale", "gateway=3", "-y")
    assert len(names(stack, "gateway")) == 3
    assert stack.dashops("plan").strip() == "nothing to do"
    until(lambda: snapshots(stack, counter) == 3, "each gateway has a snapshot", 90)
    ten = Ten(stack, browser, counter)
    try:
        loads = kernels(stack)
        assert max(loads) - min(loads) <= 1, f"one has more to do than the others: {loads}"
        stack.dashops("scale", "gateway=1", "-y")
        assert stack.dashops("status").count("draining") == 2
        ten.click()
        assert stack.dashops("plan").strip() == "nothing to do"
    finally:
        ten.close()
    until(lambda: look(stack).count("gateway: remove gateway-") == 2, "two may go", 60)
    stack.dashops("up", "-y")
    assert len(names(stack, "gateway")) == 1


def test_a_gateway_that_dies_takes_its_pages_and_no_others(
    stack: Stack, browser: Browser, counter: str
) -> None:
    stack.dashops("scale", "gateway=2", "-y")
    until(lambda: snapshots(stack, counter) == 2, "each gateway has a snapshot", 90)
    ten = Ten(stack, browser, counter)
    try:
        # Not even its name is there any more, as on a machine that is gone.
        stack.docker("rm", "--force", max(names(stack, "gateway")))
        living = kernels(stack)
        assert living == [TEN // 2]
        until(lambda: sum(map(reloaded, ten.pages)) == TEN // 2, "its pages load anew", 90)
        assert kernels(stack) == [TEN]
    finally:
        ten.close()
    stack.dashops("scale", "gateway=1", "-y")


def reloaded(page: Page) -> bool:
    """Whether it is another page than the one that was opened, and can be used."""
    try:
        return not page.evaluate("window.here") and page.is_visible("button:has-text('Count')")
    except Error:  # while it loads
        return False


def told(stack: Stack) -> dict[str, Any]:
    """What the dashboard server says of itself."""
    token = (stack.folder / ".dashops" / "secrets" / "deploy-token").read_text().strip()
    url = f"http://127.0.0.1:{stack.ports['dashboard']}/_api/status"
    return dict(httpx.get(url, headers={"Authorization": f"token {token}"}, timeout=30).json())


def snapshots(stack: Stack, name: str) -> int:
    """How many gateways have one of a dashboard."""
    opening = {each["dashboard"]: each for each in told(stack)["opening"]}
    return len(opening[name]["snapshots"])


def kernels(stack: Stack) -> list[int]:
    """How many each gateway that answers has."""
    return [each["kernels"] for each in told(stack)["gateways"] if each["reachable"]]
