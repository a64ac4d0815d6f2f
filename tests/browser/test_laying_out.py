"""The dashboard view of JupyterLab and the metadata that it reads and writes."""

import json
from pathlib import Path
from typing import Any

import layouts
import pytest
from authors import LONG, lab, layout
from live import Live, until
from playwright.sync_api import Page
from seats import Seats

from dashops.services.page import layout as served

# Where a browser puts the cells of a deployed page, in columns and rows from 1.
MEASURED = """([cells, columns]) => {
  const grid = document.createElement("div")
  grid.style.cssText = `position: fixed; display: grid; width: ${columns * 10}px; gap: 0;
    grid-template-columns: repeat(${columns}, 10px); grid-auto-rows: 10px`
  const made = cells.map(({style}) => {
    const cell = document.createElement("div")
    cell.style.cssText = style
    grid.append(cell)
    return cell
  })
  document.body.append(grid)
  const {x, y} = grid.getBoundingClientRect()
  const found = made.map(cell => {
    const box = cell.getBoundingClientRect()
    return [(box.x - x) / 10 + 1, (box.y - y) / 10 + 1, box.width / 10, box.height / 10]
  })
  grid.remove()
  return found
}"""
SHOWN = """tiles => tiles.map(tile =>
  [tile.dataset.cell, tile.getAttribute("aria-label").match(/\\d+(?= wide|,|$)|\\d+(?= high)/g)])"""
TAB = ".lm-TabBar-tab"
TILE = ".dashops-editor .grid-stack-item"


@pytest.fixture
def page(live: Live, seats: Seats) -> Page:
    """JupyterLab with a folder of all samples."""
    (live.folder / "layouts").mkdir(exist_ok=True)
    for name in layouts.SAMPLES:
        path(live, name).write_text(json.dumps(layouts.notebook(name)))
    return lab(seats.visitor().page, live, "layouts")


def test_looking_and_saving_changes_no_metadata(page: Page, live: Live) -> None:
    assert len(layouts.SAMPLES) == 20
    # What the kernel says of its language comes at any time, and JupyterLab wants to write it.
    discard = page.locator(".jp-Dialog button:has-text('Discard')")
    page.add_locator_handler(discard, lambda: discard.click())
    for name in layouts.SAMPLES:
        sample = layouts.notebook(name)
        before = path(live, name).stat().st_mtime_ns
        look(page, name)
        said = places(page)
        page.click(".jp-MarkdownCell:visible >> nth=0")
        page.keyboard.press("Control+s")
        until(lambda: path(live, name).stat().st_mtime_ns != before, "it is saved")  # noqa: B023
        until(lambda: written(live, name), "it is written")  # noqa: B023
        assert written(live, name) == bare(sample), name
        assert said == of_a_page(page, sample), name
        for title in (f"Dashboard: {name}.ipynb", f"{name}.ipynb"):
            page.click(f"{TAB}:has-text('{title}') >> css=.lm-TabBar-tabCloseIcon")


def look(page: Page, name: str) -> None:
    """Open a sample and its dashboard view."""
    page.dblclick(f".jp-DirListing-itemText >> text='{name}.ipynb'")
    page.wait_for_selector(".jp-MarkdownCell:visible", timeout=LONG)
    layout(page)


def path(live: Live, name: str) -> Path:
    return live.folder / "layouts" / f"{name}.ipynb"


def places(page: Page) -> dict[str, list[int]]:
    """Column, row, width and height of the tiles, as somebody hears them who cannot see."""
    found = page.eval_on_selector_all(TILE, SHOWN)
    return {cell: [int(each) for each in said[-4:]] for cell, said in found}


def of_a_page(page: Page, notebook: dict[str, Any]) -> dict[str, list[int]]:
    """The same of the page that the server makes of it."""
    grid = served.of(notebook)
    served.place(notebook)
    cells = {
        each["id"]: each["metadata"]["dashops_place"]
        for each in notebook["cells"]
        if not each["metadata"]["dashops_place"]["hidden"]
    }
    if grid.kind == "report":
        return {}
    found = page.evaluate(MEASURED, [list(cells.values()), grid.columns])
    return dict(zip(cells, found, strict=True))


def written(live: Live, name: str) -> str:
    """Nothing while JupyterLab is writing it."""
    text = path(live, name).read_text()
    return bare(json.loads(text)) if text.rstrip().endswith("}") else ""


def bare(notebook: dict[str, Any]) -> str:
    """All metadata but what JupyterLab says of the kernel."""
    about = {
        key: value
        for key, value in notebook["metadata"].items()
        if key not in ("kernelspec", "language_info")
    }
    return json.dumps([about, *(each["metadata"] for each in notebook["cells"])], sort_keys=True)


def test_only_what_was_asked_for_is_changed(page: Page, live: Live) -> None:
    look(page, "unknown-keys")
    expected = layouts.notebook("unknown-keys")
    extensions = [each["metadata"]["extensions"] for each in expected["cells"]]
    first, second = [each["jupyter_dashboards"]["views"]["grid_default"] for each in extensions]

    page.focus(f"{TILE} >> nth=0")
    page.keyboard.press("Shift+ArrowDown")  # one row higher
    page.focus(f"{TILE} >> nth=1")
    page.keyboard.press("Delete")
    page.wait_for_selector(".dashops-shelf >> text=Cell 2")
    page.keyboard.press("Control+s")
    first["height"], second["hidden"] = 5, True
    until(lambda: written(live, "unknown-keys") == bare(expected), "it is written")

    page.focus(TILE)
    page.keyboard.press("Control+z")
    page.wait_for_selector(f"{TILE} >> nth=1")
    page.keyboard.press("Control+s")
    del second["hidden"]
    until(lambda: written(live, "unknown-keys") == bare(expected), "it is undone")
