"""Opens a revision's page as a viewer would and uses it; it starts no browser of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from nbconvert.filters import strip_ansi
from tornado import httpclient, httputil, websocket

from dashops.services.dashboard import progress, talking, wall
from dashops.services.dashboard.gate import (
    browser,
    browsing,
    frontends,
    openings,
    verdict,
    widgets,
)

SLACK = 60  # seconds for all that is not the notebook's own running time


class Broken(Exception):
    """The page was not completed; the cause is in ``__cause__``."""


class Look:
    """One look at one revision; ``warnings`` grows by what its author should know."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        opening: openings.Opening,
        tell: progress.Report,
        warnings: list[str],
    ) -> None:
        self.settings = settings
        self.opening = opening
        self.tell = tell
        self.warnings = warnings
        self.config = settings["kernel_manager"].settings

    async def without_browser(self) -> None:
        """Fetch the page and speak over its websocket.

        Raises:
            Broken: when the page did not come to its end.
            verdict.Unfit: when something of it cannot be shown or used.
        """
        await self._fetch()
        async with talking.talk(await self._connect()) as viewer:
            await self.timed(viewer.settle(), "opening its page")
            states = await self.states(viewer)
            self.drawable(states)
            await self.move(viewer.update, states)

    async def with_browser(self, chromium: browser.Browser) -> bytes | None:
        """Open the page in a browser; the result is a picture of it.

        Raises:
            browser.Unavailable: when there is no browser after all; nothing was opened then.
            Broken, verdict.Unfit: as without one.
        """
        async with chromium.page() as page:
            self.tell("verify", "opening its page")
            return await browsing.look(self, page)

    async def states(self, asked: talking.Talk | None = None) -> widgets.States:
        """Every widget there is, if the page shows any."""
        if not widgets.views(self.opening.cells):
            return {}
        asked = asked or self.opening.overheard
        assert asked is not None
        states: widgets.States = await self.timed(asked.states(), "asking for its widgets")
        self.judge(states)
        return states

    def judge(self, states: widgets.States) -> None:
        """Compare what the page wants to show with what there is."""
        cells = self.opening.cells
        for number in widgets.lost(cells, states):
            raise verdict.at(cells, number, f"cell {number} shows a widget that was closed")
        for number, output in widgets.failed(cells, states):
            traceback = self._traceback(output)
            what = f"{traceback.strip().splitlines()[-1]}" if traceback else "an error"
            raise verdict.at(cells, number, f"cell {number} shows an error: {what}", traceback)

    def drawable(self, states: widgets.States, *, hidden: bool = False) -> None:
        """See that browsers get the scripts of all widgets; ``hidden``: only of unseen ones."""
        cells = self.opening.cells
        on_page = widgets.shown(cells, states)
        needed = widgets.modules(states)
        for module in frontends.missing(list(needed), self.settings["labextensions"]):
            advice = f"this server lacks the widgets of `{module}`: {frontends.advice(module)}"
            seen = [on_page[model] for model in needed[module] if model in on_page]
            if not seen:
                self.warnings.append(advice)
            elif not hidden:
                text = f"cell {seen[0]} cannot be drawn: {advice}"
                raise verdict.at(cells, seen[0], text)

    async def move(
        self,
        update: Callable[[str, Mapping[str, Any]], Awaitable[None]],
        states: widgets.States,
    ) -> None:
        """Change one widget, and see that the notebook takes it."""
        overheard = self.opening.overheard
        assert overheard is not None
        move = widgets.move(self.opening.cells, states)
        if move is None:
            return
        doing = f"moving {move.label}"
        self.tell("verify", doing)
        before = len(overheard.errors)
        changing = overheard.during(update(move.model, move.change))
        await self.timed(changing, doing, move.cell)
        # What the kernel said while it handled the change has arrived when this is answered.
        await self.timed(overheard.settle(), doing, move.cell)
        self._raised(overheard.errors[before:], doing, move.cell)

    def _raised(self, errors: Sequence[talking.Message], doing: str, cell: int) -> None:
        """Fail if the kernel reported an error while something was done."""
        for error in errors:
            content = error["content"]
            what = f"{content.get('ename')}: {content.get('evalue')}"
            traceback = strip_ansi("\n".join(content.get("traceback", ())))
            message = f"{doing} raised {what}"
            raise verdict.at(self.opening.cells, cell, message, traceback)

    async def timed(self, doing: Any, what: str, cell: int = 0) -> Any:
        """Wait for an answer of the kernel, but not for ever."""
        limit = self.config.cell_timeout
        cells = self.opening.cells
        try:
            async with asyncio.timeout(limit):
                return await doing
        except TimeoutError as error:
            text = f"{what}: the kernel did not answer within {limit} seconds"
            raise verdict.at(cells, cell, text) from error
        except talking.Gone as error:
            raise verdict.at(cells, cell, f"{what}: the kernel died") from error

    def _traceback(self, output: Mapping[str, Any]) -> str:
        """What the kernel said of an error that a widget shows; the page hides it from viewers."""
        overheard = self.opening.overheard
        told = overheard.errors[-1]["content"] if overheard and overheard.errors else output
        return str(strip_ansi("\n".join(told.get("traceback", ()))))

    async def open(self) -> str:
        """The address of the page; raises Broken when there is no kernel for it."""
        try:
            return await self.opening.open()
        except Exception as error:
            raise Broken from error

    async def _fetch(self) -> None:
        request = httpclient.HTTPRequest(
            await self.open(),
            connect_timeout=SLACK,
            request_timeout=self.settings["run_timeout"] + SLACK,
            streaming_callback=lambda _: None,
        )
        await httpclient.AsyncHTTPClient().fetch(request, raise_error=False)
        self.complete()

    def complete(self) -> None:
        """Raise Broken if the page did not come to its end."""
        if self.opening.failure:
            raise Broken from self.opening.failure
        if not self.opening.finished.is_set():
            raise Broken from TimeoutError()

    async def _connect(self) -> websocket.WebSocketClientConnection:
        kernel, key = self.opening.kernel, self.opening.key
        assert kernel and key
        url = httputil.url_concat(
            f"ws{key.content.removeprefix('http')}{key.base}api/kernels/{kernel.kernel_id}/channels",
            {"session_id": "gate"},
        )
        request = httpclient.HTTPRequest(url, headers={"Origin": key.origin})
        return await websocket.websocket_connect(request, subprotocols=[wall.PROTOCOL])
