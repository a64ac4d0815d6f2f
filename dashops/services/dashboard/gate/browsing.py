"""A look at a revision's page with a real browser's page; what it means says painting."""

import asyncio
import base64
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashops.services.dashboard.gate import painting, verdict, widgets

if TYPE_CHECKING:
    from dashops.services.dashboard.gate.looking import Look

LOOK = 60  # seconds that a complete page may take until it is painted
DRAW = 6  # seconds to wait for a widget that draws nothing, which may be all it wants
POLL = 0.05
SEEN, MOVE = (
    Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("seen.js", "move.js")
)
CLIP = {"x": 0, "y": 0, "width": 1280, "height": 800}
LARGEST = 200_000  # bytes of a thumbnail


async def look(look: "Look", page: Any) -> bytes:
    """Open the page, judge what is painted, take its picture and move a widget."""
    from playwright.async_api import Error

    opening = look.opening
    address = await look.open()
    assert opening.key
    watched = Watched(page, address)
    # Nothing of the page may reach another host, nor what else listens on this one.
    elsewhere = re.compile(f"^(?!{re.escape(opening.key.content)}/|data:|blob:|about:)")
    await page.context.route(elsewhere, lambda route: route.abort())
    going = asyncio.ensure_future(page.goto(address, wait_until="commit", timeout=0))
    await arrive(going, opening.finished, look.settings["run_timeout"])
    watched.stays()
    look.complete()
    states = await look.states()
    seen: Mapping[str, Any] = {}
    try:
        async with asyncio.timeout(LOOK):
            roots = [model for _, model in widgets.views(opening.cells)]
            patience = time.monotonic() + DRAW
            while not painting.ready(seen := await watched.seen(roots)) or (
                painting.empty(seen) and time.monotonic() < patience
            ):
                watched.stays()
                await asyncio.sleep(POLL)
            watched.stays()
    except TimeoutError:
        if watched.asking:
            why = "a script in it may have no end, or it is too large"
            text = f"its page hung for {LOOK} seconds: {why}"
            raise verdict.Unfit("verify", text) from None
    try:
        look.warnings += painting.judge(seen, opening.cells, states, watched.raised)
    except verdict.Unfit:
        look.drawable(states)  # if that is why, it says so better
        raise
    look.drawable(states, hidden=True)
    try:
        async with asyncio.timeout(LOOK):
            picture = await watched.picture()
    except TimeoutError:
        raise verdict.Unfit("verify", f"its page did not paint within {LOOK} seconds") from None

    async def update(model: str, change: Mapping[str, Any]) -> None:
        try:
            await page.evaluate(MOVE, [model, dict(change)])
        except Error as error:
            # A page whose kernel died loads itself again: then that is what is to be said.
            if opening.overheard:
                await opening.overheard.settle()
            raise verdict.Unfit("verify", f"its page broke: {_line(error.message)}") from error

    await look.move(update, states)
    return picture


async def arrive(going: "asyncio.Future[Any]", sent: asyncio.Event, limit: float) -> None:
    """Wait until the page was sent and the browser has it: before, it shows an empty one.

    A short page is sent before the browser has left the empty one, which then breaks under
    whoever looks at it. ``limit`` is in seconds; what is wrong after it is found out later.
    """
    try:
        async with asyncio.timeout(limit):
            await sent.wait()
            await asyncio.wait({going}, timeout=LOOK)
    except TimeoutError:
        pass
    finally:
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)


class Watched:
    """A page and what it did that a viewer would not want.

    ``asking`` is true while it owes an answer: a script without an end lets it give none.
    """

    asking = False

    def __init__(self, page: Any, address: str) -> None:
        self.raised: list[str] = []
        self._page = page
        self._away = ""
        self._visits = 0
        self._own = address
        page.on("pageerror", lambda error: self.raised.append(_line(str(error))))
        page.on("request", self._request)

    async def seen(self, roots: list[str]) -> Mapping[str, Any]:
        """What is painted now."""
        from playwright.async_api import Error

        try:
            self.asking = True
            found: Mapping[str, Any] = await self._page.evaluate(SEEN, roots)
        except Error as error:
            self.stays()
            raise verdict.Unfit("verify", f"its page broke: {_line(error.message)}") from error
        self.asking = False
        return found

    async def picture(self) -> bytes:
        """A small PNG of what is visible; a page that leaves now would never give one."""
        taking = asyncio.ensure_future(thumbnail(self._page))
        try:
            while not taking.done():
                self.stays()
                await asyncio.wait({taking}, timeout=POLL)
            self.stays()
            return taking.result()
        finally:
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)

    def stays(self) -> None:
        """Fail if the page went elsewhere."""
        if self._away:
            where = "itself again" if self._away == self._own else f"`{self._away[:200]}`"
            raise verdict.Unfit("verify", f"a script of the page leaves it and opens {where}")

    def _request(self, request: Any) -> None:
        if request.is_navigation_request() and request.frame == self._page.main_frame:
            self._visits += 1
            if self._visits > 1:
                self._away = request.url


async def thumbnail(page: Any) -> bytes:
    """A small PNG of what is visible."""
    session = await page.context.new_cdp_session(page)
    picture = b""
    for scale in (0.5, 0.25):
        shot = await session.send(
            "Page.captureScreenshot", {"format": "png", "clip": {**CLIP, "scale": scale}}
        )
        picture = base64.b64decode(shot["data"])
        if len(picture) <= LARGEST:
            break
    await session.detach()
    return picture


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
