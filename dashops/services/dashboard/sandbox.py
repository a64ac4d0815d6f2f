"""What every answer of the content origin has: a sandbox, and no trace of its key in logs."""

import re
from typing import Any

from tornado import web

from dashops.services.dashboard import addresses, capabilities, pages

# What a page may do that a document without any right may not. `allow-same-origin` only where no
# other dashboard has its origin; elsewhere all pages would be of one, and of that of their files.
SANDBOX = (
    "sandbox allow-scripts allow-forms allow-modals allow-popups "
    "allow-popups-to-escape-sandbox allow-downloads"
)
OWN = f"{SANDBOX} allow-same-origin"
# An author's page needs inline scripts; nothing may come from or go to another host, nor to
# another page of this one. `'self'` is not used, as a sandboxed page has no self.
POLICY = (
    "{sandbox}; default-src {own} 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "connect-src {own} {socket}; object-src 'none'; base-uri {own}; "
    "form-action {own} {main}/dashboards/ {main}/dashboards-plain/; frame-ancestors {ancestors}"
)
# An image or PDF opened by itself must not run the author's scripts.
INERT = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src 'self'"
HEADERS = {
    "Content-Security-Policy": f"{INERT}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # an address holds a key
    "Cache-Control": "no-store",
}
KEY = re.compile(r"^/c/[^/?]*")


def shown(path: str) -> str:
    """A path as logs may have it."""
    return KEY.sub("/c/...", path)


def policy(key: capabilities.Capability, public: str) -> str:
    """What a page may load, and where it may connect: its own path only, and public files."""
    return POLICY.format(
        sandbox=OWN if key.own else SANDBOX,
        own=f"{key.content}{public} {key.content}{key.base}",
        socket=f"ws{key.content.removeprefix('http')}{key.base}",
        main=key.main,
        ancestors="'none'" if key.chrome else key.main,
    )


class Discreet(web.RequestHandler):
    """Writes no key into a log."""

    def _request_summary(self) -> str:
        request = self.request
        return f"{request.method} {shown(request.path)} ({request.remote_ip})"

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """As Tornado, but for the request, which it would print as a whole."""
        if isinstance(value, web.HTTPError):
            super().log_exception(typ, value, tb)
        else:
            error = (typ, value, tb)
            self.settings["log"].error("failed: %s", self._request_summary(), exc_info=error)


class Content(Discreet):
    """Any address of this origin; errors say no more than their number."""

    @property
    def log(self) -> Any:
        """The server's log."""
        return self.settings["log"]

    @property
    def held(self) -> capabilities.Capabilities:
        """All keys."""
        found: capabilities.Capabilities = self.settings["capabilities"]
        return found

    def set_default_headers(self) -> None:
        """Nothing is allowed that a handler does not allow."""
        for name, value in HEADERS.items():
            self.set_header(name, value)
        # Pages have no origin, which browsers call `null`.
        if self.request.headers.get("Origin") == "null":
            self.set_header("Access-Control-Allow-Origin", "null")

    def prepare(self) -> None:
        """Answer for our own host names only, and there for the keys that belong there."""
        if not self.settings["answers"](self.request.host_name):
            raise web.HTTPError(403)
        key = self.held.known(self.path_args[0]) if self.path_args else None
        if key and not key.fits(self.request.host_name):
            raise web.HTTPError(404)

    def check_xsrf_cookie(self) -> None:
        """No cookie is ever looked at, so there is nothing to forge."""

    def write_error(self, status_code: int, **details: Any) -> None:
        """Show an error page."""
        main = addresses.of(self.settings, self.request).main
        said = pages.error(self.log, shown(self.request.path), status_code, details)
        page = pages.TEMPLATES.get_template("error.html")
        self.finish(page.render(title=self.settings["title"], home=main, **said))

    def again(self, path: str, main: str = "") -> None:
        """Send the browser to where it gets a page: the main origin asks who it is."""
        query = f"?{self.request.query}" if self.request.query else ""
        main = main or addresses.of(self.settings, self.request).main
        self.redirect(f"{main}{path}{query}", status=303)
