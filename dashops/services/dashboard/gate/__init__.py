"""Runs a new revision and looks at its page the way a viewer would, before any viewer gets it."""

import asyncio
import functools
from collections.abc import Coroutine, Mapping
from typing import Any, cast

from tornado import web

from dashops.services.dashboard import kernels, progress, rendering, store
from dashops.services.dashboard.gate import browser, looking, openings
from dashops.services.dashboard.gate.verdict import Unfit, Verdict

__all__ = ["Verdict", "browser", "check", "openings"]

CRASHED = "it crashed, or wanted more memory than there is"

ENDING: set["asyncio.Task[None]"] = set()  # tasks that nobody holds may vanish


async def check(
    settings: Mapping[str, Any], revision: store.Revision, log: Any, tell: progress.Report
) -> Verdict:
    """Run every cell, then open the page with a fresh kernel and use it.

    ``tell`` gets the phase, ``execute`` or ``verify``, and what is being done.

    Raises:
        web.HTTPError: 503 when no gateway can start a kernel or the one that ran it is gone.
    """
    warnings: list[str] = []
    settings["browser"].warm()
    with openings.opening(settings, revision) as opening:
        try:
            await _execute(settings, opening, log, tell)
            thumbnail = await _verify(settings, opening, log, tell, warnings)
        except Unfit as found:
            return Verdict(found.report(revision), tuple(warnings))
        finally:
            _end(settings, *([opening.ahead] if opening.ahead else []), opening.kernel)
    return Verdict(None, tuple(warnings), thumbnail)


async def _execute(
    settings: Mapping[str, Any], opening: openings.Opening, log: Any, tell: progress.Report
) -> None:
    dashboards, open_kernels = settings["store"], settings["kernel_manager"]
    revision = opening.revision

    def start() -> Coroutine[Any, Any, kernels.ViewerKernel]:
        archive = functools.partial(dashboards.archive, revision.digest)
        return cast(
            Coroutine[Any, Any, kernels.ViewerKernel],
            open_kernels.open(revision, kernels.GATE, archive),
        )

    def watch(number: int, count: int, _: Any) -> None:
        tell("execute", f"cell {number} of {count}", number / count)

    tell("execute", "starting a kernel")
    kernel = await start()
    # The kernel of the second run starts while the first one works.
    opening.ahead = asyncio.ensure_future(start())
    opening.ahead.add_done_callback(lambda task: task.cancelled() or task.exception())
    try:
        async with asyncio.timeout(settings["run_timeout"]):
            text = dashboards.notebook_text(revision.digest)
            pieces = rendering.pieces(settings, log, kernel, text, chrome=False, watch=watch)
            async for _ in pieces:
                pass
    except Exception as error:
        raise await _unfit(settings, log, error, kernel, "execute") from error
    finally:
        _end(settings, kernel)


async def _verify(
    settings: Mapping[str, Any],
    opening: openings.Opening,
    log: Any,
    tell: progress.Report,
    warnings: list[str],
) -> bytes | None:
    tell("verify", "opening its page")
    chromium: browser.Browser = settings["browser"]
    look = looking.Look(settings, opening, tell, warnings)
    try:
        if chromium.path:
            try:
                return await look.with_browser(chromium)
            except browser.Unavailable as error:
                log.warning("the gate has no browser: %s", error)
                warnings.append(f"checked without a browser: {error}")
        await look.without_browser()
    except looking.Broken as error:
        cause = error.__cause__ or error
        raise await _unfit(settings, log, cause, opening.kernel, "verify") from error
    return None


def _end(settings: Mapping[str, Any], *ended: Any) -> None:
    """End kernels without waiting for it, which takes the gateway a moment."""

    async def end(each: Any) -> None:
        # One that is still starting can only be ended when it has an id.
        kernel = await each if asyncio.isfuture(each) else each
        await settings["kernel_manager"].end(kernel.kernel_id, "checked")

    for each in ended:
        if each:
            task = asyncio.ensure_future(end(each))
            ENDING.add(task)
            task.add_done_callback(_ended)


def _ended(task: "asyncio.Task[None]") -> None:
    ENDING.discard(task)
    if not task.cancelled():
        task.exception()  # a kernel that could not be started needs no end


async def _unfit(
    settings: Mapping[str, Any],
    log: Any,
    error: BaseException,
    kernel: kernels.ViewerKernel | None,
    phase: str,
) -> Exception:
    """What to raise for what went wrong while a revision ran."""
    again = "" if phase == "execute" else "it ran once, but not a second time: "
    if isinstance(error, web.HTTPError):
        return error
    if isinstance(error, TimeoutError):
        limit = settings["run_timeout"]
        return Unfit(phase, f"{again}it did not finish within {limit} seconds")
    if isinstance(error, rendering.RunFailed):
        detail = error.detail
        if error.died:
            if kernel and not await _kept(kernel):
                return web.HTTPError(503, "the gateway ended while it ran a notebook")
            detail = f"{detail}: {CRASHED}"
        return Unfit(phase, f"{again}{detail}", error.cell, error.source, error.traceback)
    # Whatever a notebook does to the page must fail here and not before a viewer.
    log.error("cannot render a page", exc_info=error)
    return Unfit("render", f"its page cannot be made: {error!r}")


async def _kept(kernel: kernels.ViewerKernel) -> bool:
    """Whether the gateway lived through the end of a kernel's process, which it starts again."""
    try:
        return kernel.kernel_id in await kernel.gateway.list_kernels()
    except web.HTTPError:
        return False
