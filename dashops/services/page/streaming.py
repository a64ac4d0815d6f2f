"""Sends the pieces of a page to a browser as they come; it knows nothing of what is in them."""

import asyncio
from collections.abc import AsyncGenerator

from tornado import web

HEARTBEAT = 10  # seconds of silence after which a proxy might give up


async def stream(pieces: AsyncGenerator[str, None], to: web.RequestHandler) -> None:
    """Write them; at its end, whatever that is, ``pieces`` is closed.

    Raises:
        Exception: whatever ``pieces`` raise, and what Tornado does when nobody listens any more.
    """
    begun, following = False, asyncio.ensure_future(anext(pieces, None))
    try:
        while True:
            done, _ = await asyncio.wait({following}, timeout=0)
            if not done:
                # Send what there is only when the next piece takes its time: a page has many.
                await to.flush()
                done, _ = await asyncio.wait({following}, timeout=HEARTBEAT)
            if not done:
                # Before its first piece a page may have nothing but white space.
                beat = "<script>window.voila_heartbeat?.()</script>\n"
                to.write(beat if begun else "\n")
            elif (piece := following.result()) is None:
                return
            else:
                begun = True
                to.write(piece)
                following = asyncio.ensure_future(anext(pieces, None))
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await pieces.aclose()
