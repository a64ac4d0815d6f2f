"""Runs a new revision the way a viewer's page would, before any viewer gets it."""

import asyncio
from collections.abc import Mapping
from typing import Any

from tornado import web

from dashops.services.dashboard import kernels, rendering, store


async def failure(
    settings: Mapping[str, Any], revision: store.Revision, log: Any
) -> dict[str, Any] | None:
    """What is wrong with a revision, or ``None`` when every cell ran and the page was made.

    ``{"phase", "revision", "message", "cell", "source", "traceback"}``, cells counted from 1.

    Raises:
        web.HTTPError: 503 when no gateway can start a kernel.
    """
    dashboards, open_kernels = settings["store"], settings["kernel_manager"]
    kernel = await open_kernels.open(
        revision, kernels.GATE, lambda: dashboards.archive(revision.digest)
    )
    try:
        async with asyncio.timeout(settings["run_timeout"]):
            text = dashboards.notebook_text(revision.digest)
            async for _ in rendering.pieces(settings, log, kernel, text, chrome=True):
                pass
    except TimeoutError:
        limit = settings["run_timeout"]
        return _report(revision, "execute", f"it did not finish within {limit} seconds")
    except rendering.RunFailed as failed:
        return {
            **_report(revision, "execute", failed.detail),
            "cell": failed.cell,
            "source": failed.source,
            "traceback": failed.traceback,
        }
    except web.HTTPError:
        raise
    except Exception as error:
        # Whatever a notebook does to the page must fail here and not before a viewer.
        log.exception("cannot render %s", revision.name)
        return _report(revision, "render", f"its page cannot be made: {error!r}")
    finally:
        await open_kernels.end(kernel.kernel_id, "checked")
    return None


def _report(revision: store.Revision, phase: str, message: str) -> dict[str, Any]:
    return {
        "phase": phase,
        "revision": revision.number,
        "message": message,
        "cell": None,
        "source": "",
        "traceback": "",
    }
