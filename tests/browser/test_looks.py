"""How pages look where a viewer's screen is small or dark."""

import os
import signal

import httpx
from live import Live, until
from seats import SLIDER, Seat, later

BACKGROUND = "element => getComputedStyle(element).backgroundColor"
PHONE = {"width": 390, "height": 800}


def test_a_failed_page_is_dark_as_a_whole(live: Live, seat: Seat) -> None:
    live.deploy("darkly", later("1 / 0"), kernel="fresh")
    seat.page.emulate_media(color_scheme="dark")
    seat.page.goto(f"{live.url}/dashboards/darkly/")
    seat.page.wait_for_selector("text=could not be shown")
    shown = seat.page.eval_on_selector("body", BACKGROUND)
    seat.page.goto(f"{live.url}/nowhere")
    assert shown == seat.page.eval_on_selector("body", BACKGROUND)


def test_the_notice_fits_a_phone(live: Live, seat: Seat) -> None:
    live.deploy("narrow", SLIDER)
    seat.page.set_viewport_size(PHONE)
    seat.open("narrow")
    os.kill(live.pid("gateway"), signal.SIGKILL)
    box = seat.page.wait_for_selector("#dashops-notice >> text=Connection lost").bounding_box()
    assert box is not None
    assert box["width"] > 0.7 * PHONE["width"]
    assert box["height"] < 100
    # Tests after this one want a gateway; the page itself shows its old state all the while.
    until(lambda: ready(live), "the gateway is there again", 60)


def ready(live: Live) -> bool:
    healthy = all(each["state"] == "healthy" for each in live.slots())
    return healthy and httpx.get(f"{live.url}/readyz").status_code == 200
