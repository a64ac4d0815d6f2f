"""JupyterLab and Notebook as an author uses them, driven by tests."""

import json

from live import Cell, Live, notebook
from playwright.sync_api import Page, TimeoutError

# A workspace for each notebook: the one all share opens those of the tests before, too.
PLACES = {"lab": "/lab/workspaces/{1}/tree/{0}", "notebook": "/notebooks/{0}"}
LONG = 90_000  # milliseconds for JupyterLab to start a kernel, and for a deploy
IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
LAYOUT = "[data-jp-item-name='dashops-layout'] :is(button, jp-button)"


def address(live: Live) -> str:
    return f"http://127.0.0.1:{live.ports['notebook']}"


def written(live: Live, name: str, *cells: Cell) -> str:
    """A notebook in the folder of the stack's JupyterLab."""
    path = live.folder / f"{name}.ipynb"
    path.write_text(json.dumps(notebook(*cells)))
    return path.name


def editing(page: Page, live: Live, place: str, file: str, wait: str = IDLE) -> Page:
    """The notebook, open in JupyterLab or Notebook, as its author has it."""
    there = PLACES[place].format(file, file.removesuffix(".ipynb"))
    page.goto(f"{address(live)}{there}?token={live.secret('notebook-token')}")
    try:
        page.wait_for_selector(f"{wait}:visible", timeout=LONG)
    except TimeoutError as error:
        raise AssertionError(f"{there} shows: {page.inner_text('body')[:2000]}") from error
    return page


def lab(page: Page, live: Live, folder: str) -> Page:
    """JupyterLab with that folder in its file browser, and nothing open."""
    there = f"/lab/workspaces/of-{folder}/tree/{folder}"
    page.goto(f"{address(live)}{there}?token={live.secret('notebook-token')}")
    page.wait_for_selector(".jp-DirListing-item", timeout=LONG)
    return page


def layout(page: Page) -> None:
    """Open its dashboard view."""
    page.click(f"{LAYOUT} >> visible=true")
    page.wait_for_selector(".dashops-page:visible > *", state="attached")
