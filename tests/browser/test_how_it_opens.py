"""How dashboards open: forks of a snapshot, warm kernels, cells of each viewer, and what fails."""

import json
import re
from typing import Any

import httpx
import psutil
from conversing import conversation
from live import Live, until
from seats import SLIDER, Seat, Seats, move

IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
THREAD = """
import threading, time
threading.Thread(target=time.sleep, args=(999,), daemon=True, name="ticker").start()
"""
WHO = "import os\nprint(os.environ['REMOTE_USER'], os.environ['QUERY_STRING'], os.getpid())"


BAD_FORKS = """
import os
from pathlib import Path
def forked():
    number = int(Path("forks").read_text()) + 1 if Path("forks").exists() else 1
    Path("forks").write_text(str(number))
    if number >= {}:
        os._exit(1)
os.register_at_fork(after_in_child=forked)
"""


def opening(live: Live, name: str) -> dict[str, Any]:
    found = live.api("GET", "/_api/status").json()["opening"]
    return next(each for each in found if each["dashboard"] == name)


def kind(live: Live, name: str) -> str:
    return str(live.viewers(name)[-1]["kind"])


def snapshots(live: Live) -> list[str]:
    answer = httpx.get(
        f"http://127.0.0.1:{live.ports['gateway']}/api/dashops/snapshots",
        headers={"Authorization": f"token {live.secret('gateway-token')}"},
    )
    return [each["id"] for each in answer.json()]


def process(live: Live, snapshot: str) -> psutil.Process:
    children = psutil.Process(live.pid("gateway")).children()
    return next(each for each in children if snapshot in " ".join(each.cmdline()))


def page(live: Live, name: str, query: str = "") -> tuple[str, str]:
    """A page without its ids, and what kind of kernel it had."""
    opened = live.viewer().open(name, f"?{query}")
    how = kind(live, name)
    opened.leave()
    return IDS.sub("ID", opened.html.replace(opened.path, "/")), how


def test_two_viewers_of_a_snapshot_share_its_page_and_nothing_else(
    live: Live, seats: Seats
) -> None:
    live.deploy("shared", ("markdown", "# Sizes"), SLIDER)
    assert opening(live, "shared")["mode"] == "snapshot"
    first, second = seats.new(), seats.new()
    first.open("shared"), second.open("shared")
    assert [each["kind"] for each in live.viewers("shared")] == ["snapshot", "snapshot"]
    move(first)
    first.page.wait_for_selector("text=size is 4")
    move(second), move(second)
    second.page.wait_for_selector("text=size is 5")
    assert "size is 4" in first.page.inner_text("#rendered_cells")
    assert page(live, "shared") == page(live, "shared")


def test_a_kept_page_is_the_one_that_a_fresh_kernel_gives(live: Live) -> None:
    cells = (
        ("markdown", "# Sums"),
        "print(1)\nprint(2)",
        "1 + 1",
        "import sys; print(3, file=sys.stderr)",
    )
    pages = []
    for mode in ("snapshot", "fresh"):
        live.deploy("same", *cells, kernel=mode)
        text, how = page(live, "same")
        assert how == mode
        pages.append(text)
    assert pages[0] == pages[1]


def test_a_redeploy_swaps_the_snapshot_and_open_pages_go_on(live: Live) -> None:
    live.deploy("swapped", SLIDER, ("markdown", "first edition"))
    old = set(snapshots(live))
    viewer = live.viewer()
    with conversation(viewer, "swapped") as early:
        live.deploy("swapped", SLIDER, ("markdown", "second edition"))
        with conversation(viewer, "swapped") as late:
            assert "first edition" in early.html and "second edition" in late.html
            assert kind(live, "swapped") == "snapshot"
        until(lambda: len(old & set(snapshots(live))) < len(old), "the old one ends")
        slider = next(each for each, model in early.models.items() if "min" in model["state"])
        assert early.move(slider, {"value": 7})
    live.dashops("rollback", "swapped")
    until(lambda: opening(live, "swapped")["snapshots"], "one is made of what is shown again")
    text, how = page(live, "swapped")
    assert "first edition" in text and how == "snapshot"


def test_a_snapshot_that_is_killed_is_made_anew_and_viewers_do_not_notice(live: Live) -> None:
    others = snapshots(live)
    live.deploy("killed", SLIDER)
    (entry,) = opening(live, "killed")["snapshots"]
    assert entry["age"] < 60
    viewer = live.viewer()
    with conversation(viewer, "killed") as seen:
        (snapshot,) = {*snapshots(live)} - {*others}
        process(live, snapshot).kill()
        with conversation(viewer, "killed") as other:
            assert kind(live, "killed") == "fresh" and other.models
        slider = next(each for each, model in seen.models.items() if "min" in model["state"])
        assert seen.move(slider, {"value": 7})
    until(lambda: opening(live, "killed")["snapshots"], "it is made anew", 60)
    with conversation(viewer, "killed"):
        assert kind(live, "killed") == "snapshot"


def test_a_fork_that_fails_before_the_gate_is_no_fault_of_the_notebook(live: Live) -> None:
    live.deploy("unforkable", SLIDER, BAD_FORKS.format(2))
    found = opening(live, "unforkable")
    assert found["mode"] == "warm" and "in a fork of it" in found["reasons"][0]
    with conversation(live.viewer(), "unforkable") as seen:
        assert seen.models


def test_a_fork_that_fails_before_a_viewer_is_a_page_all_the_same(live: Live, seat: Seat) -> None:
    live.deploy("failing-forks", SLIDER, BAD_FORKS.format(3))
    assert opening(live, "failing-forks")["mode"] == "snapshot"
    seat.open("failing-forks")
    assert kind(live, "failing-forks") == "fresh"
    move(seat)
    seat.page.wait_for_selector("text=size is 4")
    until(lambda: opening(live, "failing-forks")["mode"] == "warm", "it is found out", 60)


def test_a_notebook_with_a_thread_opens_from_warm_kernels_and_its_author_is_told(
    live: Live,
) -> None:
    live.deploy("ticking", SLIDER, THREAD)
    done = live.try_dashops("deploy-notebook", "ticking.ipynb", "--name", "ticking-too")
    assert "it opens from warm kernels: thread `ticker` is running" in done.stderr
    assert "warm kernels: thread `ticker`" in live.dashops("show", "ticking")
    until(lambda: opening(live, "ticking")["warm"], "one is warm", 60)
    with conversation(live.viewer(), "ticking") as seen:
        assert kind(live, "ticking") == "warm"
        slider = next(each for each, model in seen.models.items() if "min" in model["state"])
        assert seen.move(slider, {"value": 7})
    until(lambda: opening(live, "ticking")["warm"], "another is made", 60)


def test_who_is_viewing_makes_it_fresh_unless_a_cell_of_each_viewer_reads_it(live: Live) -> None:
    live.deploy("reading", SLIDER, WHO)
    assert opening(live, "reading")["mode"] == "fresh"
    assert "REMOTE_USER" in "".join(opening(live, "reading")["reasons"])
    assert "viewer region=north" in page(live, "reading", "region=north")[0]
    path = live.folder / "reading.ipynb"
    book = json.loads(path.read_text())
    book["cells"][1]["metadata"]["tags"] = ["per-viewer"]
    path.write_text(json.dumps(book))
    live.dashops("deploy-notebook", path.name)
    assert opening(live, "reading")["mode"] == "snapshot"
    said = set()
    for region in ("north", "south"):
        text, how = page(live, "reading", f"region={region}")
        found = re.search(rf"viewer region={region} \d+", text)
        assert found and how == "snapshot"
        said.add(found[0])
    assert len(said) == 2


def test_new_data_makes_a_new_snapshot(live: Live) -> None:
    data = live.folder / "amount.txt"
    data.write_text("11")
    path = live.folder / "fresh-data.ipynb"
    cell = f"from pathlib import Path\namount = Path({str(data)!r}).read_text()\namount"
    live.deploy("fresh-data", cell, "print('amount', amount)", refresh_every="10s")
    book = json.loads(path.read_text())
    book["cells"][0]["metadata"]["tags"] = ["refresh"]
    path.write_text(json.dumps(book))
    live.dashops("deploy-notebook", path.name)
    assert "amount 11" in page(live, "fresh-data")[0]
    data.write_text("12")
    until(lambda: "amount 12" in page(live, "fresh-data")[0], "viewers see the new data", 60)
    assert page(live, "fresh-data")[1] == "snapshot"


def test_a_restarted_dashboard_server_goes_on_with_its_snapshots(live: Live) -> None:
    live.deploy("lasting", SLIDER)
    assert opening(live, "lasting")["snapshots"]
    kept = set(snapshots(live))
    psutil.Process(live.pid("dashboard")).kill()
    until(lambda: _alive(live), "it is there again", 60)
    assert set(snapshots(live)) <= kept
    assert opening(live, "lasting")["snapshots"]
    with conversation(live.viewer(), "lasting"):
        assert kind(live, "lasting") == "snapshot"


def _alive(live: Live) -> bool:
    try:
        return httpx.get(f"{live.url}/readyz").status_code == 200
    except httpx.HTTPError:
        return False


def test_a_kernel_mode_that_there_is_not_is_a_mistake_of_the_notebook(live: Live) -> None:
    said = live.deploy("hot", SLIDER, kernel="hot", code=2)
    assert "snapshot, warm or fresh" in said
