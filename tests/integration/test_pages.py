"""Pages of a live stack, fetched without a browser: no output gets lost, no kernel is left over."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

from live import Live, until


def test_no_output_is_left_out_however_large_it_is(live: Live) -> None:
    large = [f"print(('{letter}' * 99 + chr(10)) * 15_000)" for letter in "abc"]
    live.deploy("loud", *large)
    page = live.viewer().http.get("/dashboards/loud/").text
    assert [page.count(letter * 99) for letter in "abc"] == [15_000] * 3


def test_removing_a_dashboard_while_it_opens_leaves_no_kernel(live: Live) -> None:
    viewer = live.viewer()
    xsrf = {"X-XSRFToken": viewer.http.cookies["_xsrf"]}
    for moment in range(12):
        live.deploy("fleeting", f"x = {moment}")
        with ThreadPoolExecutor(1) as pool:
            page = pool.submit(viewer.http.get, "/dashboards/fleeting/")
            time.sleep(moment / 100)
            live.api("DELETE", "/_api/notebooks/fleeting")
        if found := re.search(r'"kernelId": "([0-9a-f-]{36})"', page.result().text):
            viewer.http.post(f"/voila/api/shutdown/{found[1]}", headers=xsrf)
    until(lambda: not live.viewers("fleeting"), "the kernels to end")
