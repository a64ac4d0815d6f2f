"""JupyterLab and Notebook as an author uses them, driven by tests."""

import json
import os
from pathlib import Path
from typing import Any

import httpx
from live import Cell, Live, notebook
from playwright.sync_api import Page, TimeoutError
from seats import Seats

# A workspace for each notebook: the one all share opens those of the tests before, too.
PLACES = {"lab": "/lab/workspaces/{1}/tree/{0}", "notebook": "/notebooks/{0}"}
LONG = 90_000  # milliseconds for JupyterLab to start a kernel, and for a deploy
IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
CELL = ".jp-CodeCell:visible >> nth=0"  # JupyterLab has other notebooks in tabs behind
TOAST = ".Toastify__toast"
PANEL = ".dashops-Dashboards"
REVISION = f"{PANEL} .dashops-Revision:has-text('Revision %d')"
LAYOUT = "[data-jp-item-name='dashops-layout'] :is(button, jp-button)"
VIEW = ".jp-MainAreaWidget:has(.dashops-editor):visible"
TILE = ".dashops-editor .grid-stack-item"
IMAGES = Path(__file__).parents[1] / "docs" / "images"


def written(live: Live, name: str, *cells: Cell) -> str:
    """A notebook in the folder of the stack's JupyterLab."""
    path = live.folder / f"{name}.ipynb"
    path.write_text(json.dumps(notebook(*cells)))
    return path.name


def editing(live: Live, seats: Seats, place: str, file: str) -> Page:
    """The notebook, open in JupyterLab or Notebook, as its author has it."""
    page = seats.visitor().page
    there = PLACES[place].format(file, Path(file).stem)
    try:
        # It is said to be idle before there is a kernel, and who runs a cell then is asked for one.
        with page.expect_websocket(lambda each: "/api/kernels/" in each.url, timeout=LONG):
            page.goto(f"{jupyter(live)}{there}?token={live.secret('notebook-token')}")
        page.wait_for_selector(f"{IDLE}:visible", timeout=LONG)
    except TimeoutError as error:
        raise AssertionError(f"{there} shows: {page.inner_text('body')[:2000]}") from error
    return page


def jupyter(live: Live) -> str:
    return f"http://127.0.0.1:{live.ports['notebook']}"


def signed(live: Live) -> dict[str, str]:
    """The header with which that server answers."""
    return {"Authorization": f"token {live.secret('notebook-token')}"}


def deploy(page: Page) -> str:
    """Choose the entry of the stack; what the notification says in the end."""
    choose(page, "Deploy as", "Dashboard on")
    page.wait_for_selector(f"{TOAST} >> text=/^(Open|Details)$/", timeout=LONG)
    return page.inner_text(TOAST)


def choose(page: Page, menu: str, entry: str) -> None:
    page.click(CELL)
    page.click(".lm-MenuBar-item:has-text('File')")
    page.hover(f".lm-Menu-item:has-text('{menu}')")
    page.click(f".lm-Menu-item:has-text('{entry}'):not(.lm-mod-disabled)")


def lab(page: Page, live: Live, folder: str) -> Page:
    """JupyterLab with that folder in its file browser, and nothing open."""
    there = f"/lab/workspaces/of-{folder}/tree/{folder}"
    page.goto(f"{jupyter(live)}{there}?token={live.secret('notebook-token')}")
    page.wait_for_selector(".jp-DirListing-item", timeout=LONG)
    return page


def layout(page: Page) -> None:
    """Open the dashboard view of the notebook that is in front."""
    page.click(f"{LAYOUT} >> visible=true")
    page.wait_for_selector(".dashops-page:visible > *", state="attached")


def ask(live: Live, method: str, path: str, **more: Any) -> httpx.Response:
    return httpx.request(method, f"{jupyter(live)}/dashops/{path}", headers=signed(live), **more)


def picture(page: Page, name: str) -> None:
    """For docs/authoring.md: written where `DASHOPS_TEST_IMAGES=write` asks for it."""
    if os.environ.get("DASHOPS_TEST_IMAGES") == "write":
        page.wait_for_timeout(1000)  # what moves has come to rest
        page.screenshot(path=IMAGES / f"{name}.png")
