"""Alice's story from the menus: one click publishes the open notebook, another makes it an app."""

import json
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from live import Live, notebook
from playwright.sync_api import Page, TimeoutError
from seats import SLIDER, Seats

TOAST = ".Toastify__toast"
# A workspace for each notebook: the one all share opens those of the tests before, too.
PLACES = {"lab": "/lab/workspaces/{1}/tree/{0}", "notebook": "/notebooks/{0}"}
LONG = 90_000  # milliseconds for JupyterLab to start a kernel, and for a deploy
IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
CELL = ".jp-CodeCell:visible >> nth=0"  # JupyterLab has other notebooks in tabs behind


def written(live: Live, name: str, *cells: str) -> str:
    """A notebook in the folder of the stack's JupyterLab."""
    path = live.folder / f"{name}.ipynb"
    path.write_text(json.dumps(notebook(*cells)))
    return path.name


def editing(live: Live, seats: Seats, place: str, file: str) -> Page:
    """The notebook, open in JupyterLab or Notebook, as its author has it."""
    page = seats.visitor().page
    there = PLACES[place].format(file, file.removesuffix(".ipynb"))
    page.goto(f"{jupyter(live)}{there}?token={live.secret('notebook-token')}")
    try:
        page.wait_for_selector(f"{IDLE}:visible", timeout=LONG)
    except TimeoutError as error:
        raise AssertionError(f"{there} shows: {page.inner_text('body')[:2000]}") from error
    return page


def jupyter(live: Live) -> str:
    return f"http://127.0.0.1:{live.ports['notebook']}"


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


@pytest.mark.parametrize("place", PLACES)
def test_one_click_publishes_and_a_second_one_the_change(
    live: Live, seats: Seats, place: str
) -> None:
    name = f"from-{place}"
    page = editing(live, seats, place, written(live, name, SLIDER))
    assert "revision 1 is published" in deploy(page)
    assert not page.query_selector("text=Jupyter news")
    viewer = seats.new()
    viewer.open(name, "text=size is 3")

    page.click(".jp-Notification-Toast-Close")
    page.wait_for_selector(TOAST, state="detached")
    page.click(f"{CELL} >> .cm-line >> nth=-1")
    page.keyboard.press("Control+End")
    page.keyboard.type('\nlabel.value = "changed"\nlabel')
    assert "revision 2 is published" in deploy(page)  # what was typed is saved first
    viewer.open(name, "text=changed")


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


def ask(live: Live, method: str, path: str, **more: Any) -> httpx.Response:
    headers = {"Authorization": f"token {live.secret('notebook-token')}"}
    return httpx.request(method, f"{jupyter(live)}/dashops/{path}", headers=headers, **more)


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
