"""One revision on trial: run once, run again for viewers to go on there, looked at as by one."""

import asyncio
import functools
from collections.abc import Mapping
from typing import Any

from tornado import web

from dashops.services.dashboard import gateways, kernels, progress, rendering, serving, store
from dashops.services.dashboard.gate import browser, looking, openings
from dashops.services.dashboard.gate.verdict import Unfit, Verdict
from dashops.services.dashboard.serving import modes, running, snapshots

CRASHED = "it crashed, or wanted more memory than there is"
SECOND = 0.4  # of the verification is the second run

ENDING: set["asyncio.Task[None]"] = set()  # tasks that nobody holds may vanish


class Trial:
    """What is found out about a revision; ``made`` is its second run, when there was one."""

    def __init__(
        self, settings: Mapping[str, Any], revision: store.Revision, log: Any, tell: progress.Report
    ) -> None:
        self._settings = settings
        self._revision = revision
        self._log = log
        self._tell = tell
        self._kernels: kernels.Kernels = settings["kernel_manager"]
        self._serving: serving.Serving = settings["serving"]
        self._book = running.notebook(settings["store"], revision)
        self._warnings: list[str] = []
        self._made: serving.Made | None = None

    async def verdict(self) -> Verdict:
        """Run it, run it again, look at it."""
        good = False
        ahead: asyncio.Task[kernels.ViewerKernel] | None = None
        try:
            ahead = await self._execute()
            mode, thumbnail = await self._verify(ahead)
            good = True
        except Unfit as found:
            return Verdict(found.report(self._revision), tuple(self._warnings))
        finally:
            made, usable = self._made, good and mode.name == modes.SNAPSHOT
            if made and not usable:
                _later(self._serving.discard(made))
            elif ahead and not made:
                _later(self._end_started(ahead))
        return Verdict(None, tuple(self._warnings), thumbnail, mode, made if usable else None)

    async def _execute(self) -> "asyncio.Task[kernels.ViewerKernel]":
        """The first run; what starts meanwhile is the kernel of the second."""

        def watch(number: int, count: int, _: Any) -> None:
            self._tell("execute", f"cell {number} of {count}", number / count)

        self._tell("execute", "starting a kernel")
        kernel = await self._fresh()
        start = self._fresh if self._book.wants.mode == modes.FRESH else self._freezable
        ahead = asyncio.ensure_future(start())
        ahead.add_done_callback(lambda task: task.cancelled() or task.exception())
        try:
            await running.run(self._settings, self._log, kernel, self._book.text, watch)
        except BaseException as error:
            _later(self._end_started(ahead))
            if not isinstance(error, Exception):
                raise
            raise await self._unfit(error, kernel, "execute") from error
        finally:
            _later(self._kernels.end(kernel.kernel_id, "checked"))
        return ahead

    async def _verify(
        self, ahead: "asyncio.Task[kernels.ViewerKernel]"
    ) -> tuple[modes.Mode, bytes | None]:
        """How it opens, and a picture of it."""
        asked = self._book.wants.mode
        if asked == modes.FRESH:
            mode = modes.decide(asked, (), frozen=False)
            return mode, await self._look(functools.partial(self._started, ahead))
        self._made = made = await self._run_again(ahead)
        if made.mode.name != modes.SNAPSHOT:
            return made.mode, await self._look(functools.partial(_at_once, made.kernel))
        try:
            return made.mode, await self._look(functools.partial(self._fork, made))
        except Unfit as unfit:
            # That may be for the fork, so one more run decides whom to blame.
            self._log.warning("a fork of %s does not do: %s", self._revision.name, unfit)
            self._warnings.clear()
            picture = await self._look(self._fresh)
            return modes.Mode(modes.WARM, (f"in a fork of it {unfit}",)), picture

    async def _run_again(self, ahead: "asyncio.Task[kernels.ViewerKernel]") -> serving.Made:
        """The second run, which a viewer could go on from."""

        def watch(number: int, count: int, _: Any) -> None:
            self._tell("verify", f"once more: cell {number} of {count}", SECOND * number / count)

        kernel = await self._started(ahead)
        try:
            kernel.kept = await running.execute(
                self._settings, self._log, kernel, self._book, watch
            )
            mode = await self._freeze(kernel)
        except BaseException as error:
            _later(self._kernels.end(kernel.kernel_id, "checked"))
            if not isinstance(error, Exception):
                raise
            raise await self._unfit(error, kernel, "verify") from error
        return serving.Made(kernel, kernel.kept, mode)

    async def _freeze(self, kernel: kernels.ViewerKernel) -> modes.Mode:
        if not self._serving.freezes:
            return modes.Mode()
        try:
            return await running.freeze(self._settings, kernel, self._book)
        except web.HTTPError as error:
            if not await _kept(kernel):
                raise
            self._log.warning("no snapshot of %s: %s", self._revision.name, error)
            return modes.Mode()

    async def _look(self, start: Any) -> bytes | None:
        """Open its page with that kernel and use it."""
        self._tell("verify", "opening its page", SECOND)
        chromium: browser.Browser = self._settings["browser"]
        with openings.opening(self._settings, self._log, self._revision, start) as opening:
            look = looking.Look(self._settings, opening, self._tell, self._warnings)
            try:
                if chromium.path:
                    try:
                        return await look.with_browser(chromium)
                    except browser.Unavailable as error:
                        self._log.warning("the gate has no browser: %s", error)
                        self._warnings.append(f"checked without a browser: {error}")
                await look.without_browser()
            except looking.Broken as error:
                cause = error.__cause__ or error
                raise await self._unfit(cause, opening.kernel, "verify") from error
            finally:
                if opening.kernel:
                    _later(self._kernels.end(opening.kernel.kernel_id, "checked"))
        return None

    async def _fresh(self) -> kernels.ViewerKernel:
        return await self._serving.open(self._revision, kernels.GATE, pinned=True)

    async def _freezable(self) -> kernels.ViewerKernel:
        return await self._serving.making.freezable(self._revision)

    async def _started(self, ahead: "asyncio.Task[kernels.ViewerKernel]") -> kernels.ViewerKernel:
        try:
            return await ahead
        except web.HTTPError:  # there may be a place by now
            fresh = self._book.wants.mode == modes.FRESH
            return await (self._fresh() if fresh else self._freezable())

    async def _fork(self, made: serving.Made) -> kernels.ViewerKernel:
        async def start(env: Mapping[str, str]) -> kernels.Started:
            try:
                return await snapshots.fork(
                    made.kernel.gateway,
                    made.kernel.kernel_id,
                    self._revision.digest,
                    made.kept,
                    env,
                )
            except gateways.Full:
                raise  # it is not the notebook's fault
            except (gateways.SnapshotGone, web.HTTPError) as error:
                raise Unfit("verify", "no kernel came to life") from error

        return await self._kernels.open(self._revision, kernels.GATE, start)

    async def _end_started(self, ahead: "asyncio.Task[kernels.ViewerKernel]") -> None:
        # One that is still starting can only be ended when it has an id.
        await self._kernels.end((await ahead).kernel_id, "checked")

    async def _unfit(
        self, error: BaseException, kernel: kernels.ViewerKernel | None, phase: str
    ) -> Exception:
        """What to raise for what went wrong while a revision ran."""
        again = "" if phase == "execute" else "it ran once, but not a second time: "
        if isinstance(error, web.HTTPError | Unfit):
            return error
        if isinstance(error, TimeoutError):
            limit = self._settings["run_timeout"]
            return Unfit(phase, f"{again}it did not finish within {limit} seconds")
        if isinstance(error, rendering.RunFailed):
            detail = error.detail
            if error.died:
                if kernel and not await _kept(kernel):
                    return web.HTTPError(503, "the gateway ended while it ran a notebook")
                detail = f"{detail}: {CRASHED}"
            return Unfit(phase, f"{again}{detail}", error.cell, error.source, error.traceback)
        # Whatever a notebook does to the page must fail here and not before a viewer.
        self._log.error("cannot render a page", exc_info=error)
        return Unfit("render", f"its page cannot be made: {error!r}")


async def _at_once(kernel: kernels.ViewerKernel) -> kernels.ViewerKernel:
    return kernel


async def _kept(kernel: kernels.ViewerKernel) -> bool:
    """Whether the gateway lived through the end of a kernel's process, which it starts again."""
    try:
        return kernel.kernel_id in await kernel.gateway.list_kernels()
    except web.HTTPError:
        return False


def _later(doing: Any) -> None:
    """Do it without waiting, as it takes the gateway a moment."""
    task = asyncio.ensure_future(doing)
    ENDING.add(task)
    task.add_done_callback(_done)


def _done(task: "asyncio.Task[None]") -> None:
    ENDING.discard(task)
    if not task.cancelled():
        task.exception()  # a kernel that could not be started needs no end
