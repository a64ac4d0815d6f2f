"""The server's own pages: gallery and errors; neither dashboards nor the login."""

import base64
import functools
import hashlib
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from dashops.services import page
from dashops.services.dashboard import addresses

HERE = Path(__file__).parent
TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader((HERE / "html", page.HTML)),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
)
# Nothing runs here that is not a file of ours, and nobody shows these pages inside of his.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src {style}; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self' {content}; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
WORDS = {
    403: ("Not allowed", "This page is not for you."),
    404: ("Not found", "There is no dashboard or page of that name here."),
    405: ("Not allowed", "This address does not take that kind of request."),
    503: ("Not available right now", "Please try again in a moment."),
}


@functools.cache
def style() -> str:
    """The one style sheet that pages have within them, as a policy names it."""
    text = TEMPLATES.get_template("style.css").render()
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def error(log: Any, path: str, status_code: int, details: Mapping[str, Any]) -> dict[str, str]:
    """What an error page says: ``heading``, ``text`` and, of our own errors, a ``reference``."""
    heading, text = WORDS.get(
        status_code, ("Something went wrong", "The people who run this server can look it up.")
    )
    raised = details.get("exc_info", (None, None))[1]
    if isinstance(raised, web.HTTPError) and raised.reason:
        text = raised.reason
    reference = ""
    if status_code >= 500:
        reference = uuid.uuid4().hex[:8]
        log.error("reference %s: %s %s: %s", reference, status_code, path, raised)
    return {"heading": heading, "text": text, "reference": reference}


class Page(JupyterHandler):
    """A page for people who are logged in; errors are pages with a reference, never details."""

    @property
    def content_security_policy(self) -> str:
        """What browsers let this page do. A login may lead on to a dashboard."""
        content = addresses.of(self.settings, self.request).content
        return POLICY.format(style=style(), content=content)

    async def prepare(self, **settings: Any) -> None:
        """Check the login; also hand out the XSRF cookie that the page's scripts need."""
        request = self.request
        elsewhere = addresses.main_elsewhere(self.settings, request)
        if elsewhere and request.method in ("GET", "HEAD"):
            query = f"?{request.query}" if request.query else ""
            self.redirect(f"{elsewhere}{request.path}{query}")
            return
        await super().prepare(**settings)
        if not self._finished:
            _ = self.xsrf_token

    def show(self, template: str, **values: Any) -> None:
        """Answer with one of our templates."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        page = TEMPLATES.get_template(template)
        self.finish(page.render(title=self.settings["title"], user=self.current_user, **values))

    def write_error(self, status_code: int, **details: Any) -> None:
        """Show an error page."""
        said = error(self.log, self.request.path, status_code, details)
        self.show("error.html", home="", **said)


class Script(Page):
    """The script of a page that has one: here none may stand within a page."""

    @allow_unauthenticated
    async def get(self, name: str) -> None:
        """Send it."""
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.finish((HERE / "html" / name).read_bytes())


class Gallery(Page):
    """All dashboards this viewer may open."""

    async def get(self) -> None:
        """List them."""
        door, user = self.settings["door"], self.current_user
        dashboards = door.visible(user)
        labels = {each.name: door.label(user, each.name) for each in dashboards}
        self.show(
            "gallery.html",
            dashboards=dashboards,
            labels=labels,
            xsrf=self.xsrf_token.decode(),
            leaves=bool(user.login),
            alone=user.username == user.name,
        )


class Thumbnail(Page):
    """What a dashboard looked like when it was checked, for the gallery."""

    async def get(self, name: str) -> None:
        """Send the picture of the revision that the name shows."""
        store = self.settings["store"]
        revision = self.settings["door"].shown(self, name)
        picture = store.thumbnail(revision.digest) if revision and revision.thumbnail else None
        if picture is None:
            raise web.HTTPError(404)
        self.set_header("Content-Type", "image/png")
        # The gallery names the revision in the query, so a new one has a new address.
        self.set_header("Cache-Control", "private, max-age=86400")
        self.finish(picture)


class Missing(Page):
    """Every address that is not another page's."""

    async def get(self) -> None:
        """Say that there is nothing; those who are not logged in are sent to the login first."""
        raise web.HTTPError(404)


class Health(web.RequestHandler):
    """For supervisors and load balancers, without a login and without touching a kernel."""

    def get(self) -> None:
        """Answer as long as the process lives."""
        self.finish({"status": "ok"})


class Ready(web.RequestHandler):
    """Whether a visitor could be served now."""

    async def get(self) -> None:
        """200 when a gateway answers, else 503."""
        for gateway in self.settings["gateways"].usable():
            try:
                await gateway.list_kernels()
            except web.HTTPError:
                continue
            self.finish({"status": "ready", **self._within()})
            return
        self.set_status(503)
        self.finish({"status": "no gateway answers", **self._within()})

    def _within(self) -> dict[str, Any]:
        """What the container's own health check is told, where servers take turns."""
        turn, request = self.settings["shifts"], self.request
        if not turn.several or request.remote_ip != "127.0.0.1":
            return {}
        if "X-Forwarded-For" in request.headers:
            return {}
        return {"serving": not turn.over, "busy": turn.busy}
