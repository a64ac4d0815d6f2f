"""Streams the page of a dashboard to whoever has its key, once; frees the kernel if it fails."""

import asyncio
import uuid
from collections.abc import AsyncGenerator

from tornado import iostream

from dashops.services.dashboard import capabilities, pages, rendering, sandbox
from dashops.services.page import streaming


class Page(sandbox.Content):
    """The page that a key was made for, once."""

    _task: asyncio.Task[None] | None = None

    async def get(self, token: str, path: str) -> None:
        """Stream it; a reload starts at the main origin again."""
        key = self.held.claim(token, path)
        if key is None:
            known = self.held.known(token)
            self.again(path, known.main if known else "")
            return
        text, key.text = key.text, ""
        failure: Exception | None = None
        try:
            failure = await self._show(key, text)
        finally:
            key.done(failure)

    def on_connection_close(self) -> None:
        """The viewer went away before the page was complete."""
        if self._task:
            self._task.cancel()

    async def _show(self, key: capabilities.Capability, text: str) -> Exception | None:
        """Stream the page; what went wrong, if anything did."""
        kernel, open_kernels = key.kernel, self.settings["kernel_manager"]
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", sandbox.policy(key, self.settings["public"]))
        self._task = asyncio.ensure_future(streaming.stream(self._pieces(key, text), self))
        try:
            async with asyncio.timeout(self.settings["run_timeout"]):
                await self._task
        except TimeoutError as error:
            await self._fail(key, "It did not finish in time", "run_timeout")
            return error
        except rendering.RunFailed as failure:
            await self._fail(key, failure.text, f"{failure.detail}\n{failure.traceback}")
            return failure
        except (asyncio.CancelledError, iostream.StreamClosedError):
            await open_kernels.end(kernel.kernel_id, "left")
            return None
        except Exception as error:
            # Whatever else goes wrong inside Voilà or a template must not leave an endless page.
            self.log.exception("cannot render %s", kernel.visit.revision.name)
            await self._fail(key, "It could not be shown", repr(error))
            return error
        open_kernels.rendered(kernel)
        return None

    def _pieces(self, key: capabilities.Capability, text: str) -> AsyncGenerator[str, None]:
        if key.pieces:
            return key.pieces(key.kernel, text)
        kept = key.kernel.kept
        make = kept.pieces if kept else rendering.pieces
        made: AsyncGenerator[str, None] = make(
            self.settings, self.log, key.kernel, text, chrome=key.chrome
        )
        return made

    async def _fail(self, key: capabilities.Capability, text: str, detail: str) -> None:
        reference = uuid.uuid4().hex[:8]
        revision = key.kernel.visit.revision
        self.log.error("reference %s: dashboard %s failed: %s", reference, revision.name, detail)
        await self.settings["kernel_manager"].end(key.kernel.kernel_id, "failed")
        page = pages.TEMPLATES.get_template("failed.html")
        again = {"here": f"{key.main}{key.path}", "home": f"{key.main}/", "site": "All dashboards"}
        self.finish(
            page.render(text=text, reference=reference, traceback="", title=revision.title, **again)
        )
