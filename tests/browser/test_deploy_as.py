"""Alice's story from the menus: one click publishes the open notebook, another makes it an app."""

import shutil
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
from live import Live, until
from playwright.sync_api import Page
from seats import SLIDER, Seats, move


@pytest.mark.parametrize("place", PLACES)
def test_the_story_from_a_layout_to_a_rollback(live: Live, seats: Seats, place: str) -> None:
    name = f"from-{place}"
    # Two authors, each with a copy of what a stack comes with.
    examples = live.folder / "examples"
    shutil.copyfile(examples / "first.ipynb", examples / f"{name}.ipynb")
    page = editing(live, seats, place, f"examples/{name}.ipynb")
    lay_out(page, place)
    assert "revision 1 is published" in deploy(page)
    assert not page.query_selector("text=Jupyter news")
    viewer = seats.new()
    seen = viewer.open(name, "text=size is 3")
    first, second = (each.bounding_box() for each in seen.query_selector_all(".dashops-cell"))
    assert first
    assert second
    assert second["x"] == first["x"]  # where it was dragged; it was beside the first
    assert abs(second["y"] - first["y"]) >= first["height"]
    assert second["width"] < first["width"]
    move(viewer)
    seen.wait_for_selector("text=size is 4")

    dismiss(page)
    page.click(f"{CELL} >> .cm-line >> nth=-1")
    page.keyboard.press("Control+End")
    page.keyboard.type('\nlabel.value = "changed"\nlabel')
    assert "revision 2 is published" in deploy(page)  # what was typed is saved first
    viewer.open(name, "text=changed")

    dismiss(page)
    page.click(f"{REVISION % 1} >> text=Show")
    page.click(".jp-Dialog button:has-text('Show revision 1')")
    page.wait_for_selector(f"{REVISION % 1} >> text=active")
    viewer.open(name, "text=size is 3")


def dismiss(page: Page) -> None:
    page.click(".jp-Notification-Toast-Close")
    page.wait_for_selector(TOAST, state="detached")


def lay_out(page: Page, place: str) -> None:
    """One of two tiles made narrower and dragged to where the other is; then a look at the page."""
    for number in range(2):
        run(page, f".jp-CodeCell:visible >> nth={number}")
    layout(page)
    page.wait_for_selector(".dashops-tile-content:has-text('A text')", timeout=LONG)
    page.click(f"{VIEW} jp-button:has-text('Report')")
    page.click(f"{VIEW} jp-button:has-text('Grid')")
    second = f"{TILE} >> nth=1"
    page.wait_for_selector(f"{TILE}[aria-label*='column 7, row 1, 6 wide']")  # beside the first
    page.focus(second)
    page.keyboard.press("Shift+ArrowLeft")
    page.wait_for_selector(f"{TILE}[aria-label*='column 7, row 1, 5 wide']")
    drag(page, second, f"{TILE} >> nth=0")
    page.wait_for_selector(f"{TILE}[aria-label*='column 1,'][aria-label*=', 5 wide']")
    picture(page, f"layout-grid-{place}")
    page.click(f"{VIEW} jp-button:has-text('Preview')")
    page.locator(f"{VIEW} .noUi-handle").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(f"{VIEW} >> text=size is 4")
    if place == "lab":
        picture(page, "layout-preview")


def run(page: Page, cell: str) -> None:
    """Ask until it runs: without a kernel, which may be on its way, JupyterLab does nothing."""

    def tried() -> bool:
        page.click(f"{cell} >> .cm-line >> nth=-1")
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(500)
        return page.inner_text(f"{cell} >> .jp-InputPrompt").strip() != "[ ]:"

    until(tried, "the cell runs", 90)


def drag(page: Page, what: str, other_tile: str) -> None:
    """To the side of the page, where another tile is, which makes room."""
    start, other = (page.locator(each).bounding_box() for each in (what, other_tile))
    assert start
    assert other
    x, y = start["x"] + start["width"] / 2, start["y"] + start["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + other["x"] - start["x"] - 15, y + other["height"] + 15, steps=20)
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
