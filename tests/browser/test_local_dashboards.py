"""A dashboard of the author's own Jupyter server: opened, moved, shut down and made again."""

import json
from pathlib import Path

import httpx
import pytest
from authors import (
    CELL,
    LONG,
    PLACES,
    TOAST,
    ask,
    choose,
    editing,
    jupyter,
    picture,
    signed,
    written,
)
from live import Live, until
from playwright.sync_api import Page
from seats import MARK, SLIDER, Seats


def opened(page: Page) -> Page:
    """Choose the entry; the tab that opens by itself."""
    with page.expect_popup() as waited:
        choose(page, "Deploy as", "Local dashboard")
    return waited.value


def running(live: Live) -> list[str]:
    """The names of what runs at the Jupyter server and is a dashboard."""
    found = httpx.get(f"{jupyter(live)}/api/sessions", headers=signed(live)).json()
    return [each["name"] for each in found if each["name"].startswith("Dashboard")]


def slid(tab: Page) -> None:
    tab.wait_for_selector("text=size is 3", timeout=LONG)
    tab.locator(".noUi-handle").first.focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_selector("text=size is 4")


def test_no_connection_can_have_the_port_of_an_authors_kernel(live: Live) -> None:
    kernels = f"{jupyter(live)}/api/kernels"
    made = httpx.post(kernels, headers=signed(live), timeout=30).json()["id"]
    (told,) = live.folder.rglob(f"kernel-{made}.json")
    taken = json.loads(told.read_text())
    httpx.delete(f"{kernels}/{made}", headers=signed(live))
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(taken[each] < first for each in taken if each.endswith("_port"))


@pytest.mark.parametrize("place", PLACES)
def test_the_entry_opens_a_page_that_lives(live: Live, seats: Seats, place: str) -> None:
    (live.folder / "data.csv").write_text("from a file")
    cells = (SLIDER, "# associate: data.csv\nprint(open('data.csv').read())")
    page = editing(live, seats, place, written(live, f"Here-{place}", *cells))
    tab = opened(page)
    slid(tab)
    tab.wait_for_selector("text=from a file")
    assert tab.url == f"{jupyter(live)}/files/local_dashboards/here-{place}/"
    assert MARK not in tab.content()
    assert running(live) == [f"Dashboard: here-{place}"]
    page.wait_for_selector(f"{TOAST} >> text=Open")
    if place == "lab":
        picture(tab, "local-dashboard")

        page.bring_to_front()
        page.click("[data-id='jp-running-sessions']")
        # A session is within its kernel, and that within all of its kind.
        named = ".jp-RunningSessions-item:has-text('Dashboard: here-lab')"
        line = page.locator(f"{named}:has(.jp-RunningSessions-itemShutdown)").last
        line.hover(timeout=LONG)
        picture(page, "local-dashboard-running")
        line.locator(".jp-RunningSessions-itemShutdown").click()
        tab.wait_for_selector("#dashops-notice >> text=was shut down")
        until(lambda: not running(live), "its kernel is gone", 30)
        tab.click("#dashops-notice button")
        tab.wait_for_selector("text=size is 3", timeout=LONG)

    page.bring_to_front()
    page.click(".jp-Notification-Toast-Close")
    page.click(f"{CELL} >> .cm-line >> nth=-1")
    page.keyboard.press("Control+End")
    page.keyboard.type('\nlabel.value = "changed"\nlabel')
    choose(page, "Deploy as", "Local dashboard")
    tab.wait_for_selector("text=changed", timeout=LONG)  # the same tab shows it
    tab.close()
    until(lambda: not running(live), "the kernel of the closed tab is gone", 30)


def test_an_example_of_the_server_is_shown_in_its_layout(live: Live, seats: Seats) -> None:
    path = "examples/stocks.ipynb"
    said = ask(live, "POST", "entries/local", json={"path": path}).text
    assert "stocks: " not in said  # its title, and not its name
    tab = seats.visitor().page
    there = f"{jupyter(live)}/files/local_dashboards/stocks/"
    tab.goto(f"{there}?token={live.secret('notebook-token')}", wait_until="commit")
    tab.wait_for_selector("#dashops-grid .jupyter-widgets", timeout=2 * LONG)
    tab.wait_for_function("[...document.images].some(each => each.naturalWidth > 100)")
    assert "Notes for authors" not in tab.inner_text("body")


def test_a_cell_that_fails_is_shown_with_its_traceback(live: Live, seats: Seats) -> None:
    page = editing(live, seats, "lab", written(live, "broken-here", SLIDER, "1 / 0"))
    tab = opened(page)
    tab.wait_for_selector("text=Cell 2 failed: ZeroDivisionError", timeout=LONG)
    assert "1 / 0" in tab.inner_text("pre")
    until(lambda: not running(live), "its kernel is gone", 30)


def test_what_is_no_dashboard_is_said_in_words(live: Live) -> None:
    def get(path: str) -> httpx.Response:
        there = f"{jupyter(live)}/files/local_dashboards/{path}"
        return httpx.get(there, headers=signed(live))

    assert "no local dashboard absent" in get("absent/").text
    assert get("absent/").status_code == 404
    assert get("..%2f..%2fdashops.yaml/").status_code in (403, 404)
    home = live.folder / "local_dashboards"
    home.mkdir(exist_ok=True)
    (home / "mine").mkdir()
    (home / "mine" / "kept.txt").write_text("mine")
    (home / "note.txt").write_text("a file")
    assert get("note.txt").text == "a file"
    written(live, "mine", SLIDER)
    said = ask(live, "POST", "entries/local", json={"path": "mine.ipynb"}).text
    assert "is no local dashboard" in said
    assert (home / "mine" / "kept.txt").read_text() == "mine"

    written(live, "moved", "1 + 1")
    assert '"link"' in ask(live, "POST", "entries/local", json={"path": "moved.ipynb"}).text
    assert get("moved").headers["location"] == "/files/local_dashboards/moved/"
    (home / "moved").rename(home / "renamed")
    assert get("moved/").status_code == 404
    stranger = httpx.get(f"{jupyter(live)}/files/local_dashboards/renamed/")
    assert stranger.status_code in (302, 403)
    assert running(live) == []
