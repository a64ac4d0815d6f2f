"""One headless Chromium, started for a look and kept for the next; it knows no dashboards."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

START, STOP = 20, 5  # seconds that Chromium may take
IDLE = 300  # seconds without a look after which it gives back its memory
ARGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
VIEWPORT = {"width": 1280, "height": 800}


class Unavailable(Exception):
    """The browser cannot be started; the text says why, in one line."""


class Browser:
    """Starts when asked for and stops when idle; ``path`` is empty where there is none."""

    def __init__(self, path: str, folder: Path, log: Any) -> None:
        self.path = path
        self._folder = folder
        self._log = log
        self._starting: asyncio.Task[Any] | None = None
        self._playwright: Any = None
        self._looks = 0
        self._idle: asyncio.TimerHandle | None = None
        self._children: set[psutil.Process] = set()

    def warm(self) -> None:
        """Begin to start it, as it will be needed soon."""
        if self.path:
            self._start()

    @asynccontextmanager
    async def page(self) -> AsyncIterator[Any]:
        """A page of a browser that has never been anywhere.

        Raises:
            Unavailable: when there is none.
        """
        self._looks += 1
        if self._idle:
            self._idle.cancel()
        try:
            browser = await self._browser()
            # A page that went wrong must be gone before anything else is.
            async with self._context(browser) as context:
                yield await context.new_page()
        finally:
            self._looks -= 1
            if not self._looks:
                self._idle = asyncio.get_running_loop().call_later(IDLE, self._leave)

    async def close(self) -> None:
        """Stop it; what does not stop by itself is killed."""
        if self._idle:
            self._idle.cancel()
        if self._starting is None:
            return
        starting, self._starting = self._starting, None
        starting.cancel()
        children = self._descendants()
        with contextlib.suppress(Exception):
            async with asyncio.timeout(STOP):
                if starting.done() and not starting.cancelled() and not starting.exception():
                    await starting.result().close()
                if self._playwright:
                    await self._playwright.stop()
        self._playwright = None
        for child in children:
            with contextlib.suppress(psutil.Error):
                child.kill()

    async def _browser(self) -> Any:
        for _ in range(2):
            task = self._start()
            try:
                async with asyncio.timeout(START):
                    browser = await asyncio.shield(task)
            except Exception as error:
                await self.close()
                text = str(error).strip() or f"no answer within {START} seconds"
                raise Unavailable(_told(text)) from error
            if browser.is_connected():
                return browser
            await self.close()  # it crashed since it was used last
        raise Unavailable("it stops as soon as it was started")

    def _start(self) -> "asyncio.Task[Any]":
        if self._starting is None:
            self._starting = asyncio.ensure_future(self._launch())
            # Whoever waits for it gets the error; nobody may be waiting.
            self._starting.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._starting

    async def _launch(self) -> Any:
        from playwright.async_api import async_playwright

        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700, parents=True)
        before = set(psutil.Process().children())
        try:
            with _scratch(self._folder):
                self._playwright = await async_playwright().start()
        finally:
            self._children = set(psutil.Process().children()) - before
        browser = await self._playwright.chromium.launch(
            executable_path=self.path,
            args=list(ARGS),
            # Root has no sandbox of Chromium's; anybody else must have it.
            chromium_sandbox=os.geteuid() != 0,
            # Chromium writes settings and caches into the home of whoever starts it.
            env={**os.environ, "HOME": str(self._folder)},
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
        self._log.info("started %s %s", self.path, browser.version)
        return browser

    @asynccontextmanager
    async def _context(self, browser: Any) -> AsyncIterator[Any]:
        from playwright.async_api import Error

        context = await browser.new_context(
            viewport=VIEWPORT, service_workers="block", accept_downloads=False
        )
        try:
            yield context
        finally:
            try:
                async with asyncio.timeout(STOP):
                    await context.close()
            except (TimeoutError, Error) as error:
                self._log.warning("the browser hangs, it is killed: %r", error)
                await self.close()

    def _leave(self) -> None:
        if not self._looks:
            self._closing = asyncio.ensure_future(self.close())

    def _descendants(self) -> list[psutil.Process]:
        found: list[psutil.Process] = []
        for child in self._children:
            with contextlib.suppress(psutil.Error):
                found += [child, *child.children(recursive=True)]
        return found


@contextlib.contextmanager
def _scratch(folder: Path) -> Iterator[None]:
    """Profiles of a browser that was killed must not pile up in the system's folder."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before


def _told(text: str) -> str:
    """The line of Playwright's long message that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "rror" in line and "logs" not in line.lower()]
    return (telling or lines)[-1 if telling else 0][:300]
