"""The server's own pages: gallery and errors; neither dashboards nor the login."""

import uuid
from pathlib import Path
from typing import Any

import jinja2
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

HERE = Path(__file__).parent
TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE / "html"), autoescape=True, undefined=jinja2.StrictUndefined
)
WORDS = {
    403: ("Not allowed", "This page is not for you."),
    404: ("Not found", "There is no dashboard or page of that name here."),
    405: ("Not allowed", "This address does not take that kind of request."),
    503: ("Not available right now", "Please try again in a moment."),
}


class Page(JupyterHandler):
    """A page for people who are logged in; errors are pages with a reference, never details."""

    async def prepare(self, **settings: Any) -> None:
        """Check the login; also hand out the XSRF cookie that the page's scripts need."""
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
        heading, text = WORDS.get(
            status_code, ("Something went wrong", "The people who run this server can look it up.")
        )
        error = details.get("exc_info", (None, None))[1]
        if isinstance(error, web.HTTPError) and error.reason:
            text = error.reason
        reference = ""
        if status_code >= 500:
            reference = uuid.uuid4().hex[:8]
            self.log.error(
                "reference %s: %s %s: %s", reference, status_code, self.request.path, error
            )
        self.show("error.html", heading=heading, text=text, reference=reference)


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
            self.finish({"status": "ready"})
            return
        self.set_status(503)
        self.finish({"status": "no gateway answers"})
