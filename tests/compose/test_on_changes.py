"""Servers are replaced while ten browsers are open: every kernel goes on, and nobody is refused.

After the tests of hosts, which use the images of the stack as it was made.
"""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from crowd import Crowd, knocking, reloaded
from live import until
from playwright.sync_api import Browser
from stacks import Stack

pytestmark = pytest.mark.compose
TEN = 10
UNFIT = "recipes/compose/insert/volumes_dashboard.yaml"


@pytest.fixture
def ten(stack: Stack, browser: Browser, counter: str) -> Iterator[Crowd]:
    made = Crowd(stack, browser, counter, TEN)
    yield made
    made.close()


def change(stack: Stack, before: str, after: str) -> None:
    file = stack.folder / "dashops.yaml"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))


def test_ten_pages_stay_while_the_dashboard_server_is_replaced(stack: Stack, ten: Crowd) -> None:
    """One without widgets gets no visitors; the next one does."""
    before = stack.running("dashboard")
    unfit = stack.folder / UNFIT
    unfit.parent.mkdir(parents=True, exist_ok=True)
    unfit.write_text("- {type: tmpfs, target: /opt/venv/share/jupyter/labextensions}\n")
    with knocking(stack):
        told = stack.dashops("up", "-y", code=3)
    assert "a viewer moves a slider" in told and "does not appear" in told
    assert "unchecked" in stack.dashops("status", code=1)
    assert before < stack.running("dashboard")
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
    both = stack.running("dashboard")
    assert before < both and len(both) == 2
    assert "draining" in stack.dashops("status")
    ten.click()
    assert stack.dashops("plan").strip() == "nothing to do"
    ten.close()
    until(lambda: "dashboard: remove" in look(stack), "the server that was replaced may go", 60)
    stack.dashops("up", "-y")
    assert stack.running("dashboard") == both - before
    assert stack.dashops("plan").strip() == "nothing to do"


def look(stack: Stack) -> str:
    """What `plan` says, whether or not there is something to do."""
    return stack.dashops("plan", code=None)


def test_ten_pages_stay_while_gateways_go(stack: Stack, browser: Browser, counter: str) -> None:
    stack.dashops("scale", "gateway=3", "-y")
    assert len(stack.running("gateway")) == 3
    assert stack.dashops("plan").strip() == "nothing to do"
    until(lambda: snapshots(stack, counter) == 3, "each gateway has a snapshot", 90)
    ten = Crowd(stack, browser, counter, TEN)
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
    assert len(stack.running("gateway")) == 1


def test_a_gateway_that_dies_takes_its_pages_and_no_others(
    stack: Stack, browser: Browser, counter: str
) -> None:
    stack.dashops("scale", "gateway=2", "-y")
    until(lambda: snapshots(stack, counter) == 2, "each gateway has a snapshot", 90)
    ten = Crowd(stack, browser, counter, TEN)
    try:
        # Not even its name is there any more, as on a machine that is gone.
        stack.docker("rm", "--force", max(stack.running("gateway")))
        living = kernels(stack)
        assert living == [TEN // 2]
        until(lambda: sum(map(reloaded, ten.pages)) == TEN // 2, "its pages load anew", 90)
        assert kernels(stack) == [TEN]
    finally:
        ten.close()
    stack.dashops("scale", "gateway=1", "-y")


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
