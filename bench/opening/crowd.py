"""Many viewers without browsers, on a thread of their own; they come, move sliders and leave."""

import asyncio
import threading
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from bench.opening.client import Client, listen
from bench.opening.result import Opened

Found = TypeVar("Found")
PATIENCE = 240.0
"""Seconds until a viewer who is not in gives up."""


class Crowd:
    """Those who have come stay until `leave`, or the end of the block."""

    def __init__(self, url: str, cookies: Mapping[str, str]) -> None:
        self._url = url
        self._cookies = dict(cookies)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._inside: list[Client] = []

    def __enter__(self) -> Self:
        self._thread.start()
        self._http = self._do(self._client())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.leave()
        self._do(self._http.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def come(self, count: int) -> Future[list[Opened | str]]:
        """So many come at the same moment; how it went for each, or why he is not in."""
        return asyncio.run_coroutine_threadsafe(self._come(count), self._loop)

    def move(self, seconds: float, pause: float) -> list[float]:
        """Everybody inside moves his slider for a while; the seconds of each move."""
        return self._do(self._move(seconds, pause))

    def leave(self) -> None:
        """All close their pages."""
        self._do(self._leave())

    def _do(self, work: Coroutine[Any, Any, Found]) -> Found:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(2 * PATIENCE)

    async def _client(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        return httpx.AsyncClient(cookies=self._cookies, limits=limits, timeout=PATIENCE)

    async def _come(self, count: int) -> list[Opened | str]:
        clients = [Client(self._http, self._url) for _ in range(count)]
        self._inside += clients
        return await asyncio.gather(*(self._one(each) for each in clients))

    async def _one(self, client: Client) -> Opened | str:
        try:
            async with asyncio.timeout(PATIENCE):
                return await client.come()
        except Exception as error:  # noqa: BLE001 whatever it was, the others are measured
            return f"{type(error).__name__}: {error}"

    async def _move(self, seconds: float, pause: float) -> list[float]:
        until, count = time.monotonic() + seconds, len(self._inside)
        # Not all in step: people do not move their sliders at the same moment.
        moves = (
            listen(each, until, pause, pause * number / count)
            for number, each in enumerate(self._inside)
        )
        found = await asyncio.gather(*moves)
        return [move for each in found for move in each]

    async def _leave(self) -> None:
        leaving, self._inside = self._inside, []
        await asyncio.gather(*(each.leave() for each in leaving), return_exceptions=True)
