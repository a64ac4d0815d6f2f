"""What a page shows of a notebook, and of one that fails."""

import json
import re
from pathlib import Path

from live import CELL_TIMEOUT, Live, until
from seats import MARK, SLIDER, Seat, later, move


def data(live: Live) -> Path:
    """A data file beside the notebooks."""
    path = live.folder / "data.csv"
    path.write_text("one,two\n1,2\n")
    return path


def test_a_failing_notebook_is_a_page_with_a_reference_and_no_kernel(
    live: Live, seat: Seat
) -> None:
    live.deploy(
        "failing",
        ("markdown", "# Failing"),
        "print('fine')",
        later(f"raise OSError('{MARK}')"),
        kernel="fresh",
    )
    page = seat.open("failing", "#dashops-failed")
    shown = page.inner_text("body")
    assert "Failing could not be shown" in shown and MARK not in page.content()
    assert "fine" not in shown
    found = re.search(r"Reference (\w+)", shown)
    assert found and MARK in live.log("dashboard").split(found[1])[1]
    assert live.viewers("failing") == []


def test_a_cell_that_never_ends_is_cut_off(live: Live, seat: Seat) -> None:
    live.deploy("hanging", later("while True: pass"), kernel="fresh")
    page = seat.open("hanging", "#dashops-failed")
    assert f"did not finish within {CELL_TIMEOUT} seconds" in page.inner_text("body")
    until(lambda: live.viewers("hanging") == [], "its kernel to end")


def test_a_kernel_that_dies_while_running_is_a_page(live: Live, seat: Seat) -> None:
    live.deploy("dying", later("import os; os._exit(1)"), kernel="fresh")
    page = seat.open("dying", "#dashops-failed")
    assert "kernel stopped" in page.inner_text("body")


def test_images_plots_and_binary_widgets_are_shown(live: Live, seat: Seat) -> None:
    image = live.folder / "logo.svg"
    image.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>')
    live.deploy(
        "pictures",
        ("markdown", "![logo](logo.svg) [data](data.csv)"),
        "import matplotlib.pyplot as plt\nfigure = plt.plot([1, 2])",
        "import base64, ipywidgets as widgets\n"
        "gif = base64.b64decode('R0lGODlhAQABAAAAACwAAAAAAQABAAA=')\n"
        "widgets.Image(value=gif, format='gif', width=40)",
        "print(open('data.csv').read())",
        files=(data(live),),
    )
    page = seat.open("pictures", ".jupyter-widgets")
    assert page.eval_on_selector("img[alt=logo]", "image => image.naturalWidth") == 30
    page.wait_for_function("document.querySelector('img.widget-image')?.naturalWidth === 1")
    assert page.locator(".jp-RenderedImage img").count() == 1
    assert "one,two" in page.inner_text("#rendered_cells")


def test_a_download_link_leaves_the_page_alive(live: Live, seat: Seat) -> None:
    live.deploy("linked", ("markdown", "[the data](data.csv)"), SLIDER, files=(data(live),))
    page = seat.open("linked")
    with page.expect_download() as download:
        page.click("text=the data")
    assert "one,two" in download.value.path().read_text()
    move(seat)
    page.wait_for_selector("text=size is 4")


def test_a_grid_puts_cells_where_the_author_put_them(live: Live, seat: Seat) -> None:
    def place(**view: int | bool | None) -> dict[str, object]:
        return {"extensions": {"jupyter_dashboards": {"version": 1, "views": {"grid": view}}}}

    book_metadata = {
        "jupyter_dashboards": {
            "version": 1,
            "activeView": "grid",
            "views": {"grid": {"type": "grid", "maxColumns": 12, "cellMargin": 0}},
        }
    }
    path = live.folder / "grid.ipynb"
    live.deploy("grid", "print('left')", "print('right')", "print('not-shown')", SLIDER)
    book = json.loads(path.read_text())
    book["metadata"]["extensions"] = book_metadata
    for cell, view in zip(
        book["cells"],
        (
            place(col=0, row=0, width=6, height=4),
            place(col=6, row=0, width=6, height=4),
            place(hidden=True),
            place(col=None, row=None, width=None, height=None),
        ),
        strict=True,
    ):
        cell["metadata"] = view
    path.write_text(json.dumps(book))
    live.dashops("deploy-notebook", "grid.ipynb")
    page = seat.open("grid")
    left, right = (page.locator(f"text={word}").first.bounding_box() for word in ("left", "right"))
    assert left and right
    assert left["y"] == right["y"] and right["x"] - left["x"] > 300
    assert "not-shown" not in page.content()
