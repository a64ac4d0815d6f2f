"""The API for programs with a token; cookies and logins count for nothing here."""

import json
import time
from typing import Any

from tornado import web

from dashops import __version__, errors
from dashops.services.dashboard import addresses, scopes, store, tokens

NOT = "the token may not do that"


class Api(web.RequestHandler):
    """JSON in and out; a wrong token is refused before a byte of the body is read."""

    refusal: tuple[int, str, str] | None = None
    bearer = tokens.Bearer("", ())

    def prepare(self) -> None:
        """Check the token, and that it is good for this."""
        handler = f"{type(self).__module__.rpartition('.')[2]}.{type(self).__name__}"
        need = scopes.NEEDS.get(handler, {}).get(self.request.method or "")
        if need is None:
            raise web.HTTPError(405)
        word, _, text = self.request.headers.get("Authorization", "").partition(" ")
        try:
            self.bearer = tokens.bearer(
                self.settings, text.strip() if word.lower() in ("token", "bearer") else ""
            )
        except tokens.Refused as refused:
            self.refusal = (401, str(refused), "")
            self.note("denied access", api=self.request.path, reason=str(refused))
            return
        name = self.about() if need in (scopes.READ, scopes.DEPLOY) else None
        if not scopes.allows(self.bearer.scopes, need, name):
            wanted = scopes.wanted(need, name)
            hint = f"it needs the scope `{wanted}`: `dashops tokens create` makes one that has it"
            self.refusal = (403, f"the token may not do that to `{name}`" if name else NOT, hint)
            self.note("denied access", api=self.request.path, needs=wanted)

    def about(self) -> str | None:
        """The dashboard that the request is about, None if that is not one."""
        return self.path_args[0] if self.path_args else None

    def note(self, event: str, **facts: Any) -> None:
        """Write something that has happened to the audit record."""
        address = addresses.sender(self.settings, self.request)
        self.settings["audit"].write(event, self.bearer.name, address=address, **facts)

    def note_first(self, event: str, **facts: Any) -> None:
        """Write something before it happens, as it must not happen unnoticed."""
        address = addresses.sender(self.settings, self.request)
        self.settings["audit"].require(event, self.bearer.name, address=address, **facts)

    def body(self) -> dict[str, Any]:
        """The JSON object that was sent; SpecError when it is none."""
        try:
            found = json.loads(self.request.body or b"{}")
        except ValueError as error:
            raise errors.SpecError("the body is no JSON") from error
        if not isinstance(found, dict):
            raise errors.SpecError("the body is no JSON object")
        return found

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
            found = self.settings["store"].all()
            seen = [each for each in found if scopes.sees(self.bearer.scopes, each.name)]
            self.finish({"dashboards": [self.describe(each) for each in seen]})


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
