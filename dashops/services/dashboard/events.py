"""The part of the API that tells how deploys go, as a list and as server-sent events."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from tornado import iostream, web

from dashops.services.dashboard import api, progress, scopes, store

LISTED = 50  # deploys, newest first
SILENCE = 10  # seconds after which a comment keeps proxies from giving up
STILL_HERE = ": still here\n\n"


class Deploys(api.Api):
    """What was deployed lately and what is being deployed, for all names."""

    def get(self) -> None:
        """List it, newest first."""
        if not self.refused():
            found = self.settings["store"].deploys(LISTED)
            seen = [each for each in found if scopes.sees(self.bearer.scopes, each.name)]
            self.finish({"deploys": [describe(each, self._running(each.id)) for each in seen]})

    def _running(self, deploy_id: str) -> progress.Running | None:
        found: progress.Running | None = self.settings["deploys"].get(deploy_id)
        return found


class Events(api.Api):
    """What one deploy says, from its beginning (or from ``Last-Event-ID``) to its end."""

    def about(self) -> str | None:
        """The dashboard that is deployed."""
        running: progress.Running | None = self.settings["deploys"].get(self.path_args[0])
        return running.name if running else None

    async def get(self, deploy_id: str) -> None:
        """Stream events ``phase``, ``log`` and, as the last one, ``end``."""
        if self.refused():
            return
        running = self.settings["deploys"].get(deploy_id)
        if running is None:
            self.fail(404, "nothing more is known of this deploy", "see `dashops deploys`")
            return
        last = self.request.headers.get("Last-Event-ID", "")
        begin(self)
        events = running.follow(int(last) if last.isascii() and last.isdecimal() else 0)
        following: asyncio.Future[Any] = asyncio.ensure_future(anext(events, None))
        try:
            while True:
                done, _ = await asyncio.wait({following}, timeout=SILENCE)
                if not done:
                    self.write(STILL_HERE)
                elif (event := following.result()) is None:
                    return
                else:
                    number, kind, data = event
                    self.write(f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n")
                    following = asyncio.ensure_future(anext(events, None))
                await self.flush()
        except iostream.StreamClosedError:
            return  # the deploy goes on without a listener
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


def begin(handler: web.RequestHandler) -> None:
    """Let the answer be server-sent events, which nothing on the way keeps or holds back."""
    handler.set_header("Content-Type", "text/event-stream")
    handler.set_header("Cache-Control", "no-store")
    handler.set_header("X-Accel-Buffering", "no")


def describe(deploy: store.Deploy, running: progress.Running | None) -> Mapping[str, Any]:
    """A deploy as the API shows it; one that runs tells its phase."""
    live = running is not None and running.outcome is None
    return {
        "id": deploy.id,
        "name": deploy.name,
        "author": deploy.author,
        "state": deploy.state,
        "phase": running.phase if running is not None and live else "",
        "revision": deploy.revision,
        "message": deploy.message,
        "started": deploy.started,
        "finished": deploy.finished,
    }
