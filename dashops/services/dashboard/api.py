"""The deploy API, for programs with the deploy token; cookies and logins count for nothing here."""

import hmac
import json
import time
from typing import Any

from tornado import web

from dashops import __version__
from dashops.services.dashboard import store


class Api(web.RequestHandler):
    """JSON in and out; a wrong token is refused before a byte of the body is read."""

    refusal: tuple[int, str, str] | None = None

    def prepare(self) -> None:
        """Check the token."""
        word, _, token = self.request.headers.get("Authorization", "").partition(" ")
        right = hmac.compare_digest(token.strip().encode(), self.settings["deploy_token"].encode())
        if word.lower() not in ("token", "bearer") or not right:
            self.refusal = (401, "the deploy token is missing or wrong", "")

    def check_xsrf_cookie(self) -> None:
        """No cookie is ever looked at, so there is nothing to forge."""

    def fail(self, status: int, message: str, hint: str = "") -> None:
        """Answer with an error."""
        self.set_status(status)
        self.finish({"message": message, "hint": hint})

    def write_error(self, status_code: int, **details: Any) -> None:
        """Unexpected errors are JSON too, without details."""
        error = details.get("exc_info", (None, None))[1]
        if isinstance(error, store.Unavailable):
            self.fail(507 if error.full else 503, error.message, error.hint)
            return
        known = isinstance(error, web.HTTPError) and status_code != 500
        self.finish({"message": str(error) if known else self._reason, "hint": ""})

    def refused(self) -> bool:
        """Send the refusal found earlier, if there was one."""
        if self.refusal:
            self.fail(*self.refusal)
        return self.refusal is not None

    def describe(self, shown: store.Revision) -> dict[str, Any]:
        """A dashboard as the API shows it: the revision that its name shows now."""
        visits = self.settings["kernel_manager"].visits
        return {
            "name": shown.name,
            "title": shown.title,
            "link": self.link(shown.name),
            "revision": shown.number,
            "digest": shown.digest,
            "updated": shown.activated,
            "size": shown.size,
            "kernel": shown.kernel,
            "viewers": sum(visit.revision.name == shown.name for visit in visits),
        }

    def link(self, name: str) -> str:
        """Where people open a dashboard."""
        return f"{self.address}/dashboards/{name}"

    @property
    def address(self) -> str:
        """The URL of this server as the client sees it."""
        return f"{self.request.protocol}://{self.request.host}"


class Notebooks(Api):
    """All dashboards."""

    def get(self) -> None:
        """List them."""
        if not self.refused():
            dashboards = self.settings["store"].all()
            self.finish({"dashboards": [self.describe(each) for each in dashboards]})


class Status(Api):
    """What the server is doing, for `dashops status`."""

    async def get(self) -> None:
        """Dashboards, viewers and gateways."""
        if self.refused():
            return
        gateways = []
        for gateway in self.settings["gateways"].all:
            try:
                kernels: int | None = len(await gateway.list_kernels())
            except web.HTTPError:
                kernels = None
            gateways.append(
                {"url": gateway.url, "reachable": kernels is not None, "kernels": kernels}
            )
        visits = self.settings["kernel_manager"].visits
        dashboards = self.settings["store"].all()
        shown = {each.name: each.number for each in dashboards}
        opener = self.settings["serving"]
        answer = {
            "version": __version__,
            "dashboards": len(dashboards),
            "opening": [
                {"dashboard": each.name, "revision": each.number, **opener.state(each)}
                for each in dashboards
            ],
            "viewers": [
                {
                    "dashboard": visit.revision.name,
                    "revision": visit.revision.number,
                    "current": shown.get(visit.revision.name) == visit.revision.number,
                    "user": visit.user,
                    "since": visit.since.isoformat(timespec="seconds"),
                    "idle": round(time.monotonic() - visit.active),
                    "connected": bool(visit.pages),
                    "kind": visit.kind,
                    "opened": round(visit.opened, 3),
                }
                for visit in visits
            ],
            "gateways": gateways,
        }
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(answer))
