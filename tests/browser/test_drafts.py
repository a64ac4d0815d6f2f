"""Looking at a revision before viewers do, and pages that were opened before a redeploy."""

import json
from pathlib import Path

import httpx
from live import Live
from seats import SLIDER, Seats, move

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><title>{}</title></svg>'


def draft(live: Live, name: str, *options: str) -> str:
    return live.dashops("deploy-notebook", f"{name}.ipynb", "--draft", *options).strip()


def test_only_the_link_shows_a_draft_until_it_is_activated(live: Live, seats: Seats) -> None:
    live.deploy("drafted", SLIDER, ("markdown", "first edition"))
    book = live.folder / "drafted.ipynb"
    book.write_text(book.read_text().replace("first edition", "second edition"))
    link = draft(live, "drafted")
    alice, bob = seats.new(), seats.new()
    alice.page.goto(link)
    alice.page.wait_for_selector("text=second edition")
    alice.page.wait_for_selector("text=Preview of revision 2")
    move(alice)
    alice.page.wait_for_selector("text=size is 4")
    bob.open("drafted", "text=first edition")
    said = live.dashops("activate", "drafted@2")
    assert said.strip() == f"{live.url}/dashboards/drafted"
    bob.open("drafted", "text=second edition")
    move(alice)
    alice.page.wait_for_selector("text=size is 5")


def test_a_preview_is_no_way_around_the_login(live: Live) -> None:
    live.deploy("secretly", SLIDER)
    book = live.folder / "secretly.ipynb"
    book.write_text(book.read_text().replace('"name": "python3"', '"name": "python3", "x": 1'))
    link = draft(live, "secretly")
    answer = httpx.get(link)
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (302, "/login")
    viewer = live.viewer()
    assert viewer.http.get(link, follow_redirects=True).status_code == 200
    assert viewer.http.get(f"{link[:-9]}AAAAAAAA/").status_code == 404


def test_files_of_an_open_page_are_those_of_its_revision(live: Live) -> None:
    picture = live.folder / "logo.svg"
    cells = (SLIDER, ("markdown", "![](logo.svg)"))
    picture.write_text(SVG.format("old"))
    live.deploy("pictured", *cells)
    early, late = live.viewer(), live.viewer()
    old = early.open("pictured")
    picture.write_text(SVG.format("new"))
    live.deploy("pictured", *cells)
    new = late.open("pictured")
    assert "old" in httpx.get(f"{old.address}logo.svg").text
    assert "new" in httpx.get(f"{new.address}logo.svg").text


def test_status_and_diff_tell_the_revisions_apart(live: Live, seats: Seats) -> None:
    live.deploy("told", SLIDER)
    seats.new().open("told")
    Path(live.folder / "table.csv").write_text("1\n")
    live.deploy("told", SLIDER, "open('table.csv')", files=(Path("table.csv"),))
    seats.new().open("told")
    viewers = json.loads(live.dashops("status", "--json"))["server"]["viewers"]
    found = {each["revision"]: each["current"] for each in viewers if each["dashboard"] == "told"}
    assert found == {1: False, 2: True}
    changed = json.loads(live.dashops("diff", "told", "1", "2", "--json"))
    assert changed["files"] == [{"name": "table.csv", "old": None, "new": 2}]
    assert "open('table.csv')" in changed["cells"]
