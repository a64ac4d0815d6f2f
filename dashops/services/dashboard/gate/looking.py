"""Opens a revision's page as a viewer would and uses it; it starts no browser of its own."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from nbconvert.filters import strip_ansi
from tornado import httpclient, httputil, websocket

from dashops.services.dashboard import wall
from dashops.services.dashboard.gate import frontends, openings, talking, verdict, widgets

SLACK = 60  # seconds for all that is not the notebook's own running time
CHUNKS = 200 * 2**20  # bytes of a page

Tell = Callable[[str, str], None]


class Broken(Exception):
    """The page was not completed; the cause is in ``__cause__``."""


class Look:
    """One look at one revision; ``warnings`` grows by what its author should know."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        opening: openings.Opening,
        tell: Tell,
        warnings: list[str],
    ) -> None:
        self.settings = settings
        self.opening = opening
        self.tell = tell
        self.warnings = warnings
        self.config = settings["kernel_manager"].settings
        limit = settings["run_timeout"] + self.config.cell_timeout + SLACK
        self.cookie = openings.cookie(settings, limit)
        self.url = f"http://127.0.0.1:{self.config.port}"

    async def without_browser(self) -> None:
        """Fetch the page and speak over its websocket.

        Raises:
            Broken: when the page did not come to its end.
            verdict.Unfit: when something of it cannot be shown or used.
        """
        await self._fetch()
        async with talking.talk(await self._connect()) as viewer, self.overhear() as overheard:
            await viewer.settle()
            if not widgets.views(self.opening.cells):
                return
            states = await self.timed(viewer.states(), "asking for its widgets")
            self.judge(states)
            await self.move(viewer.update, states, overheard)

    def overhear(self) -> Any:
        """A second connection, which shows tracebacks too."""
        return _Overhearing(self.opening)

    def judge(self, states: widgets.States) -> None:
        """Compare what the page wants to show with what there is and what browsers can draw."""
        cells = self.opening.cells
        for number in widgets.lost(cells, states):
            raise verdict.at(cells, number, f"cell {number} shows a widget that was closed")
        on_page = widgets.shown(cells, states)
        needed = widgets.modules(states)
        for module in frontends.missing(list(needed), self.settings["labextensions"]):
            advice = frontends.advice(module)
            for model in needed[module]:
                if model in on_page:
                    number = on_page[model]
                    text = f"cell {number} cannot be drawn: this server lacks the widgets of"
                    raise verdict.at(cells, number, f"{text} `{module}`: {advice}")
            self.warnings.append(f"this server lacks the widgets of `{module}`: {advice}")

    async def move(
        self,
        update: Callable[[str, Mapping[str, Any]], Any],
        states: widgets.States,
        overheard: talking.Talk,
    ) -> None:
        """Change one widget, and see that the notebook takes it."""
        cells = self.opening.cells
        self.raised(overheard, "opening the page", 0)
        move = widgets.move(cells, states)
        if move is None:
            return
        self.tell("verify", f"moving {move.label}")
        await self.timed(update(move.model, move.change), f"moving {move.label}", move.cell)
        # What the kernel said while it handled the change has arrived when this is answered.
        await self.timed(overheard.settle(), f"moving {move.label}", move.cell)
        self.raised(overheard, f"moving {move.label}", move.cell)

    def raised(self, overheard: talking.Talk, doing: str, cell: int) -> None:
        """Fail if the kernel reported an error while something was done."""
        for error in overheard.errors:
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

    async def _fetch(self) -> None:
        request = httpclient.HTTPRequest(
            self.url + self.opening.path,
            headers=self._headers,
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
        assert self.opening.kernel is not None
        url = httputil.url_concat(
            f"ws{self.url.removeprefix('http')}/api/kernels/{self.opening.kernel.kernel_id}/channels",
            {"session_id": self.opening.token},
        )
        request = httpclient.HTTPRequest(url, headers={**self._headers, "Origin": self.url})
        return await websocket.websocket_connect(request, subprotocols=[wall.PROTOCOL])

    @property
    def _headers(self) -> dict[str, str]:
        return {"Cookie": "=".join(self.cookie)}


class _Overhearing:
    def __init__(self, opening: openings.Opening) -> None:
        self._opening = opening

    async def __aenter__(self) -> talking.Talk:
        kernel = self._opening.kernel
        assert kernel is not None
        socket = await kernel.gateway.connect(kernel.kernel_id, f"gate-{self._opening.token}")
        self._talk = talking.Talk(socket)
        return self._talk

    async def __aexit__(self, *_: object) -> None:
        self._talk.close()
