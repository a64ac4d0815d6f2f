"""The origins of dashboards: their pages and what those need; who has no key gets nothing.

Every route is named in ``handlers``. No cookie is looked at, and every answer is sandboxed: a page
has either no origin or that of its dashboard, and shares none with another one.
"""

import mimetypes
from collections.abc import Mapping
from typing import Any

from tornado import web
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from dashops.services.dashboard import (
    addresses,
    capabilities,
    door,
    kernels,
    pages,
    public,
    sandbox,
    showing,
)

PLACE = r"(?:dashboards|dashboards-plain)/[a-z0-9][a-z0-9._-]*|previews/[\w-]{40,400}"
KERNEL = r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
ENDED = {
    "idle": "This page was not used for a while, so its session was closed",
    "left": "This page was closed for a while, so its session ended",
    "crashed": "The program behind this page stopped",
    "lost": "The server behind this page was restarted",
    "logged out": "You have logged out",
    "login over": "Your login has ended, please log in again",
    door.WITHDRAWN: "You may not open this dashboard any more",
    "moved": "The server behind this page was replaced a while ago, so its session has ended",
    "updated": "This dashboard was updated a while ago, so its old version has ended",
}


class Elsewhere(sandbox.Content):
    """A dashboard's address without a key: a link of one page to another, or typed."""

    def get(self, path: str) -> None:
        """Send the browser to the main origin."""
        self.again(path)


class Asset(sandbox.Content):
    """A file of a dashboard that its page refers to."""

    def get(self, token: str, page: str, path: str) -> None:
        """Serve it from the revision that the key's page shows."""
        key = self.held.open(token)
        if key is None or key.path != page:
            raise web.HTTPError(404)
        file = self.settings["store"].asset(key.kernel.visit.revision, path)
        if file is None or not file.is_file():
            raise web.HTTPError(404)
        kind, encoding = mimetypes.guess_type(file.name)
        self.set_header("Content-Type", public.BINARY if encoding else kind or public.BINARY)
        self.set_header("Content-Security-Policy", sandbox.INERT)
        self.finish(file.read_bytes())


class KernelState(sandbox.Content):
    """Tells a page whether its kernel still runs, and if not why."""

    async def get(self, token: str, kernel_id: str) -> None:
        """The kernel's model; 410 with the reason when it ended, 404 for all others.

        ``again`` says whether the page may load itself again without being asked to.
        """
        key, open_kernels = self.held.known(token), self.settings["kernel_manager"]
        if key is None or key.kernel.kernel_id != kernel_id:
            self.set_status(404)
            # A key of before this server was started, most likely.
            self.finish({"reason": "unknown", "message": "", "again": key is None})
            return
        if self.held.is_open(key):
            await open_kernels.asked(key.kernel)
        if self.held.is_open(key):
            self.finish(_model(key.kernel))
        else:
            reason = open_kernels.ended(kernel_id, key.user.username) or "unknown"
            self.set_status(404 if reason == "unknown" else 410)
            again = reason in ("lost", "crashed", "unknown") and self.held.again(key)
            self.finish({"reason": reason, "message": ENDED.get(reason, ""), "again": again})


class Leave(sandbox.Content):
    """What a page calls when its tab is closed."""

    async def post(self, token: str, kernel_id: str) -> None:
        """End the kernel, if it is the key's."""
        key = self.held.open(token)
        if key is None or key.kernel.kernel_id != kernel_id:
            raise web.HTTPError(404)
        await self.settings["kernel_manager"].end(kernel_id, "left")
        self.set_status(204)
        self.finish()


class Channels(sandbox.Discreet, VoilaKernelWebsocketHandler):
    """The websocket of a page; its key says which kernel, wall what passes."""

    def write_error(self, status_code: int, **_: Any) -> None:  # noqa: ARG002 Tornado's signature
        """A refused handshake has no page to show; Jupyter's own would need its static files."""
        self.finish()

    def check_host(self) -> bool:
        """Answer for our own host names only."""
        return bool(self.settings["answers"](self.request.host_name))

    def check_origin(self, origin: str | None = None) -> bool:
        """Only the page that has the key connects."""
        key = self.settings["capabilities"].known(self.path_args[0])
        return bool(
            key and key.fits(self.request.host_name) and (origin or self.get_origin()) == key.origin
        )

    async def get(self, _token: str, kernel_id: str) -> None:
        """Connect; Jupyter knows nothing of keys."""
        await VoilaKernelWebsocketHandler.get(self, kernel_id)

    async def open(self, kernel_id: str) -> None:
        """Start; small messages do not wait for the browser's delayed acknowledgements (40 ms)."""
        self.set_nodelay(True)
        await super().open(kernel_id)

    async def on_message(self, message: str | bytes) -> None:
        """A frame of the browser; the next one is read when this one has gone its way."""
        await self.connection.receive(message)


def handlers(server: Any) -> list[Any]:
    """Every address there is; nothing else is served."""
    key = capabilities.TOKEN
    extensions = {"path": server.labextensions_path, "no_cache_paths": []}
    return [
        (rf"/c/{key}(/(?:{PLACE})/?)", showing.Page),
        (rf"/c/{key}(/(?:{PLACE})/)(.+)", Asset),
        (rf"/c/{key}/api/kernels/{KERNEL}", KernelState),
        (rf"/c/{key}/api/kernels/{KERNEL}/channels", Channels),
        (rf"/c/{key}/voila/api/shutdown/{KERNEL}", Leave),
        (rf"(/(?:{PLACE})/?)", Elsewhere),
        (r"/healthz", pages.Health),
        (rf"{public.PREFIX}/voila/templates/((?!.*\.\.)lab/static/.+)", public.TemplateFile),
        (rf"{public.PREFIX}/voila/static/(.*)", public.StaticFile, {"paths": server.static_paths}),
        (rf"{public.PREFIX}/voila/labextensions/(.*)", public.ExtensionFile, extensions),
    ]


class Missing(sandbox.Content):
    """Every address that is not named."""

    def prepare(self) -> None:
        """Say that there is nothing."""
        super().prepare()
        raise web.HTTPError(404)


def application(server: Any, settings: Mapping[str, Any]) -> web.Application:
    """The application of this origin, on the main one's settings."""
    address = server.dashops.content_address
    names = addresses.hosts(address, server.dashops.hosts)
    own = {
        "answers": lambda host: host in names or addresses.is_own(host, address),
        "identity_provider": capabilities.Holder(parent=server, log=server.log),
        "headers": sandbox.HEADERS,
        "default_handler_class": Missing,
    }
    return web.Application(handlers(server), **{**settings, **own})


def _model(kernel: kernels.ViewerKernel) -> dict[str, Any]:
    """A kernel as Jupyter's REST API describes one."""
    return {
        "id": kernel.kernel_id,
        "name": kernel.visit.revision.kernel,
        "last_activity": kernel.visit.since.isoformat(),
        "execution_state": "idle",
        "connections": len(kernel.visit.pages),
    }
