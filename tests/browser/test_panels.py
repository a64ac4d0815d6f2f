"""The panel beside a notebook: what an author reads before, during and after a deploy."""

import httpx
import pytest
from authors import CELL, LONG, PANEL, REVISION, ask, choose, editing, jupyter, picture, written
from live import Live
from playwright.sync_api import Page
from seats import SLIDER, Seats

from dashops.services.notebook import target

OUTCOME = f"{PANEL} .dashops-Deploy .dashops-Outcome"
CELLS = ".jp-CodeCell:visible"


def begin(page: Page) -> None:
    """Choose the entry of the stack, and wait for the panel."""
    choose(page, "Deploy as", "Dashboard on")
    page.wait_for_selector(f"{PANEL} .dashops-Deploy")


def test_errors_hold_a_deploy_until_the_author_decides(live: Live, seats: Seats) -> None:
    file = written(live, "asks", SLIDER, "import pandas\nname = input('Who are you?')")
    page = editing(live, seats, "lab", file)
    begin(page)
    page.wait_for_selector(f"{PANEL} .dashops-Question", timeout=LONG)
    picture(page, "preflight")
    assert "asks" not in [
        each["name"] for each in live.api("GET", "/_api/deploys").json()["deploys"]
    ]

    page.click(f"{PANEL} .dashops-Finding:has-text('keyboard')")
    page.wait_for_selector(f"{CELLS}.jp-mod-active:has-text('Who are you?')")
    page.click(f"{PANEL} >> text=Stop")
    page.wait_for_selector(f"{PANEL} >> text=nothing was sent")

    begin(page)
    page.click(f"{PANEL} >> text=Deploy anyway", timeout=LONG)
    page.wait_for_selector(f"{OUTCOME} >> text=cell 2 failed", timeout=LONG)


def test_the_cell_that_failed_is_marked_until_it_runs_again(live: Live, seats: Seats) -> None:
    page = editing(live, seats, "notebook", written(live, "marked", SLIDER, "1 / 0"))
    begin(page)
    page.wait_for_selector(f"{OUTCOME} >> text=cell 2 failed: ZeroDivisionError", timeout=LONG)
    failed = page.wait_for_selector(f"{CELLS}.dashops-mod-failed")
    assert "1 / 0" in failed.inner_text()
    picture(page, "failed-cell")
    page.click(f"{CELLS}.dashops-mod-failed >> .cm-line")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(f"{CELLS}.dashops-mod-failed", state="detached")


def test_revisions_are_listed_and_shown_again(live: Live, seats: Seats) -> None:
    live.deploy("listed", SLIDER)
    page = editing(live, seats, "lab", "listed.ipynb")
    page.click(f"{CELL} >> .cm-line >> nth=-1")
    page.keyboard.press("Control+End")
    page.keyboard.type('\nlabel.value = "changed"\nlabel')
    begin(page)
    page.wait_for_selector(f"{PANEL} .dashops-Phases li:has-text('execute')", timeout=LONG)
    picture(page, "deploying")
    page.wait_for_selector(f"{OUTCOME} >> text=since revision 1: cell 1 changed", timeout=LONG)
    active = page.wait_for_selector(f"{REVISION % 2} >> text=active")
    assert active.is_visible()
    assert "logged in" in page.inner_text(f"{PANEL} .dashops-Access")
    drawn = f"document.querySelector('{PANEL} .dashops-Revision img').naturalWidth > 100"
    page.wait_for_function(drawn)
    page.click(".jp-Notification-Toast-Close")
    picture(page, "deployed")

    page.click(f"{REVISION % 1} >> text=Show")
    page.click(".jp-Dialog >> text=Cancel")
    page.click(f"{REVISION % 1} >> text=Show")
    picture(page, "show-revision")
    page.click(".jp-Dialog button:has-text('Show revision 1')")
    page.wait_for_selector(f"{REVISION % 1} >> text=active")
    seats.new().open("listed", "text=size is 3")

    live.dashops("remove", "listed", "-y")
    page.click(f"{REVISION % 2} >> text=Show")
    page.click(".jp-Dialog button:has-text('Show revision 2')")
    page.wait_for_selector(".jp-Dialog >> text=there is no revision 2 of")
    page.click(".jp-Dialog >> text=Close")
    page.wait_for_selector(f"{PANEL} >> text=Never deployed there")


def test_a_token_that_is_not_taken_sends_authors_to_the_operator(live: Live) -> None:
    written(live, "asked", "1")
    file = live.folder / ".dashops" / "secrets" / "author-token"
    good = file.read_text()
    file.write_text("wrong")
    try:
        found = ask(live, "GET", "dashboards", params={"path": "asked.ipynb"}).json()
        deployed = ask(live, "POST", "entries/server.0", json={"path": "asked.ipynb"}).text
    finally:
        file.write_text(good)
    (only,) = found["dashboards"]
    assert "token" in only["failed"]
    assert only["hint"] == target.ASK
    assert target.ASK in deployed
    assert "--token-file" not in deployed


@pytest.mark.parametrize(
    ("method", "path", "sent", "code"),
    [
        ("GET", "dashboards?path=../asked.ipynb", None, 404),
        ("GET", "dashboards?path=dashops.yaml", None, 400),
        ("GET", "servers/9/preflight?path=asked.ipynb", None, 404),
        ("GET", "servers/0/rollback?path=asked.ipynb", None, 405),
        ("POST", "servers/0/rollback", {"path": "../asked.ipynb", "revision": 1}, 404),
        ("POST", "servers/0/rollback", {"path": "asked.ipynb", "revision": "1"}, 400),
        ("POST", "servers/0/rollback", [], 400),
        ("GET", "servers/0/thumbnails/nothing/1", None, 404),
        ("GET", "servers/0/thumbnails/..%2f..%2fhealthz/1", None, 404),
    ],
)
def test_what_makes_no_sense_is_refused(
    live: Live, method: str, path: str, sent: object, code: int
) -> None:
    written(live, "asked", "1")
    assert ask(live, method, path, json=sent).status_code == code


def test_a_stranger_learns_and_changes_nothing(live: Live) -> None:
    written(live, "asked", "1")
    here = f"{jupyter(live)}/dashops"
    for path in ("dashboards?path=asked.ipynb", "servers/0/thumbnails/listed/1"):
        assert httpx.get(f"{here}/{path}").status_code == 403
    rollback = {"path": "asked.ipynb", "revision": 1}
    assert httpx.post(f"{here}/servers/0/rollback", json=rollback).status_code == 403
    with httpx.Client(follow_redirects=True) as browser:  # that another site sends here
        assert browser.get(f"{jupyter(live)}/tree?token={live.secret('notebook-token')}").is_success
        assert browser.get(f"{here}/dashboards?path=asked.ipynb").status_code == 200
        forged = browser.post(f"{here}/servers/0/rollback", json=rollback)
    assert (forged.status_code, "_xsrf" in forged.text) == (403, True)
