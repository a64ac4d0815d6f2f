"""Alice's story from the menus: one click publishes the open notebook, another makes it an app."""

import zipfile
from pathlib import Path

import httpx
import pytest
from authors import (
    CELL,
    LONG,
    PLACES,
    REVISION,
    TILE,
    TOAST,
    VIEW,
    ask,
    choose,
    deploy,
    editing,
    jupyter,
    layout,
    picture,
    written,
)
from live import Live
from playwright.sync_api import Page
from seats import SLIDER, Seats, move


@pytest.mark.parametrize("place", PLACES)
def test_the_story_from_a_layout_to_a_rollback(live: Live, seats: Seats, place: str) -> None:
    name = f"from-{place}"
    page = editing(live, seats, place, written(live, name, SLIDER, "display('A text')"))
    lay_out(page, place)
    assert "revision 1 is published" in deploy(page)
    assert not page.query_selector("text=Jupyter news")
    viewer = seats.new()
    seen = viewer.open(name, "text=size is 3")
    left, right = (each.bounding_box() for each in seen.query_selector_all(".dashops-cell"))
    assert left
    assert right
    assert right["x"] > left["x"] + left["width"] - 1  # beside it, where it was dragged
    move(viewer)
    seen.wait_for_selector("text=size is 4")

    page.click(".jp-Notification-Toast-Close")
    page.wait_for_selector(TOAST, state="detached")
    page.click(f"{CELL} >> .cm-line >> nth=-1")
    page.keyboard.press("Control+End")
    page.keyboard.type('\nlabel.value = "changed"\nlabel')
    assert "revision 2 is published" in deploy(page)  # what was typed is saved first
    viewer.open(name, "text=changed")

    page.click(f"{REVISION % 1} >> text=Show")
    page.click(".jp-Dialog button:has-text('Show revision 1')")
    page.wait_for_selector(f"{REVISION % 1} >> text=active")
    viewer.open(name, "text=size is 3")


def lay_out(page: Page, place: str) -> None:
    """A grid: the first tile made half as wide, the second dragged beside it; then a look at it."""
    page.click(CELL)
    page.click(".lm-MenuBar-item:has-text('Run')")
    page.click(".lm-Menu-item:has-text('Run All Cells') >> nth=0")
    page.wait_for_selector(".jp-OutputArea-output:visible >> text=A text", timeout=LONG)
    layout(page)
    page.click(f"{VIEW} jp-button:has-text('Report')")
    picture(page, f"layout-report-{place}")
    page.click(f"{VIEW} jp-button:has-text('Grid')")
    for tile in (f"{TILE} >> nth=0", f"{TILE} >> nth=1"):
        for width in range(12, 6, -1):
            page.wait_for_selector(f"{tile} >> css=[aria-label*=', {width} wide']")
            page.focus(tile)
            page.keyboard.press("Shift+ArrowLeft")
    drag(page, f"{TILE} >> nth=1", f"{TILE} >> nth=0")
    page.wait_for_selector(f"{TILE}[aria-label*='column 7, row 1,']")
    picture(page, f"layout-grid-{place}")
    page.click(f"{VIEW} jp-button:has-text('Preview')")
    page.locator(f"{VIEW} .noUi-handle").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(f"{VIEW} >> text=size is 4")
    picture(page, f"layout-preview-{place}")


def drag(page: Page, what: str, beside: str) -> None:
    """To the right of another tile."""
    start, other = (page.locator(each).bounding_box() for each in (what, beside))
    assert start
    assert other
    x, y = start["x"] + start["width"] / 2, start["y"] + start["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + other["width"], y - start["y"] + other["y"], steps=10)
    page.mouse.up()


def test_a_cell_that_fails_is_told_with_its_traceback(live: Live, seats: Seats) -> None:
    page = editing(live, seats, "lab", written(live, "fails", SLIDER, "1 / 0"))
    assert "cell 2 failed: ZeroDivisionError" in deploy(page)
    page.click(f"{TOAST} >> text=Details")
    assert "1 / 0" in page.inner_text(".jp-Dialog-content")
    names = [each["name"] for each in live.api("GET", "/_api/notebooks").json()["dashboards"]]
    assert "fails" not in names


def test_the_browser_saves_the_notebook_as_an_app(live: Live, seats: Seats, tmp_path: Path) -> None:
    page = editing(live, seats, "lab", written(live, "Quarter", SLIDER))
    with page.expect_download(timeout=LONG) as waited:
        choose(page, "Download as", "Dashboard app")
    waited.value.save_as(tmp_path / waited.value.suggested_filename)
    with zipfile.ZipFile(tmp_path / "quarter.zip") as app:
        assert {"Makefile", "dashboard/quarter.ipynb", "requirements.lock"} <= {*app.namelist()}
    page.wait_for_selector(f"{TOAST} >> text=quarter.zip")


@pytest.mark.parametrize(
    ("entry", "sent", "code"),
    [
        ("server.9", {"path": "asked.ipynb"}, 404),
        ("server.0", {"path": "../asked.ipynb"}, 404),
        ("server.0", {"path": "absent.ipynb"}, 404),
        ("server.0", {"path": "dashops.yaml"}, 400),
        ("server.0", {"path": 3}, 400),
        ("server.0", [], 400),
    ],
)
def test_what_names_no_entry_or_no_notebook_is_refused(
    live: Live, entry: str, sent: object, code: int
) -> None:
    written(live, "asked", "1")
    (live.folder.parent / "asked.ipynb").write_text(Path(live.folder, "asked.ipynb").read_text())
    assert ask(live, "POST", f"entries/{entry}", json=sent).status_code == code


def test_only_a_post_of_who_has_the_token_deploys(live: Live) -> None:
    written(live, "asked", "1")
    assert ask(live, "GET", "entries/server.0").status_code == 405
    there = f"{jupyter(live)}/dashops/entries"
    assert httpx.get(there, follow_redirects=False).status_code == 403
    refused = httpx.post(f"{there}/server.0", json={"path": "asked.ipynb"})
    assert refused.status_code == 403
    assert live.secret("author-token") not in ask(live, "GET", "entries").text
