"""Pages of a live stack, fetched without a browser: no output gets lost, no kernel is left over."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from live import Live, Opened, until

COMING = 6  # viewers
SHOWING = """
import time
from pathlib import Path
import ipywidgets
out = ipywidgets.Output()
out.observe(lambda _: (time.sleep(1), Path({!r}).touch()), "outputs")
with out:
    print("here")
out
"""


def test_no_output_is_left_out_however_large_it_is(live: Live) -> None:
    # Not printed: searching so much text for links takes a browser at the gate most of a minute.
    html = "display({{'text/html': '<p>' + ('{}' * 99 + ' ') * 15_000 + '</p>'}}, raw=True)"
    large = [html.format(letter) for letter in "abc"]
    live.deploy("loud", *large)
    page = live.viewer().open("loud").html
    assert [page.count(letter * 99) for letter in "abc"] == [15_000] * 3


def test_a_page_is_complete_when_its_kernel_has_what_widgets_show(
    live: Live, tmp_path: Path
) -> None:
    # A page asks for it at once, and a snapshot is made then: it was empty for all its viewers.
    taken = tmp_path / "taken"
    live.deploy("shown", SHOWING.format(str(taken)), kernel="fresh")
    taken.unlink()
    live.viewer().open("shown")
    assert taken.exists()


@pytest.mark.parametrize(("mode", "apart"), [("snapshot", 0.02), ("fresh", 0.2)])
def test_removing_a_dashboard_while_it_opens_leaves_no_kernel(
    mode: str, apart: float, live: Live
) -> None:
    viewer = live.viewer()
    live.deploy("fleeting", "x = 1", kernel=mode)

    def come() -> httpx.Response:
        return viewer.http.get("/dashboards/fleeting/", follow_redirects=True)

    with ThreadPoolExecutor(COMING) as pool:
        # Each is further than the next one when the dashboard goes.
        pages = []
        for _ in range(COMING):
            pages.append(pool.submit(come))
            time.sleep(apart)
        live.api("DELETE", "/_api/notebooks/fleeting")
    for page in pages:
        if "kernelId" in page.result().text:
            Opened(str(page.result().url), page.result().text).leave()
    until(lambda: not live.viewers("fleeting"), "the kernels to end")
