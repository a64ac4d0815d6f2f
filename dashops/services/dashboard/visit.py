"""A viewer opens a dashboard: start his kernel, stream the page, free the kernel if it fails."""

import asyncio
import mimetypes
import uuid
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from jupyter_server.auth import User
from jupyter_server.base.handlers import APIHandler
from tornado import iostream, web
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from dashops.services.dashboard import (
    access,
    admission,
    door,
    kernels,
    pages,
    previews,
    rendering,
    serving,
    store,
    waiting,
)

HEARTBEAT = 10  # seconds of silence after which a proxy might give up
BINARY = "application/octet-stream"
# An image or PDF opened by itself must not run the author's scripts as this server.
INERT = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src 'self'"
ENDED = {
    "idle": "This page was not used for a while, so its session was closed",
    "left": "This page was closed for a while, so its session ended",
    "crashed": "The program behind this page stopped",
    "lost": "The server behind this page was restarted",
    "logged out": "You have logged out",
    "login over": "Your login has ended, please log in again",
    door.WITHDRAWN: "You may not open this dashboard any more",
    "updated": "This dashboard was updated a while ago, so its old version has ended",
}


class Visit(pages.Page):
    """The page of a dashboard; each load is a visit with a kernel of its own."""

    def stranger(self) -> User | None:
        """Who asks, if he has not logged in and need not."""
        return self.settings["door"].stranger(self.path_args[0], self.request.remote_ip)

    def initialize(self, *, chrome: bool) -> None:
        """``chrome``: whether to show the bar with title and links."""
        self.chrome = chrome
        self._task: asyncio.Task[None] | None = None

    async def get(self, name: str) -> None:
        """Stream the page of what the name shows."""
        revision = self.settings["door"].shown(self, name)
        if revision is None:
            # Who waited for it holds up nobody else.
            self.settings["admission"].withdraw(admission.payer(self.current_user.username), name)
        await self.show_revision(revision)

    async def show_revision(self, revision: store.Revision | None, *, pinned: bool = False) -> None:
        """Stream the page of a revision, or that of the queue for it.

        ``pinned``: whatever its name shows later.
        """
        if revision is None:
            raise web.HTTPError(404)
        if not self.request.path.endswith("/"):
            # Links of the notebook to its own files are relative to it.
            self.redirect(self.request.path + "/")
            return
        dashboards, open_kernels = self.settings["store"], self.settings["kernel_manager"]
        # Before there is a kernel: nobody would end it when the revision is removed meanwhile.
        text = dashboards.notebook_text(revision.digest)
        kernel = await self.open_kernel(revision, pinned=pinned)
        if kernel is None:
            return
        kernel.visit.pinned = pinned
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self._task = asyncio.ensure_future(self._stream(kernel, text))
        try:
            async with asyncio.timeout(self.settings["run_timeout"]):
                await self._task
        except TimeoutError:
            await self._fail(kernel, "It did not finish in time", "run_timeout")
        except rendering.RunFailed as failure:
            await self._fail(kernel, failure.text, f"{failure.detail}\n{failure.traceback}")
        except (asyncio.CancelledError, iostream.StreamClosedError):
            await open_kernels.end(kernel.kernel_id, "left")
        except Exception as error:
            # Whatever else goes wrong inside Voilà or a template must not leave an endless page.
            self.log.exception("cannot render %s", revision.name)
            await self._fail(kernel, "It could not be shown", repr(error))
        else:
            open_kernels.rendered(kernel)

    def on_connection_close(self) -> None:
        """The viewer went away before the page was complete."""
        if self._task:
            self._task.cancel()

    async def open_kernel(
        self, revision: store.Revision, *, pinned: bool
    ) -> kernels.ViewerKernel | None:
        """A kernel for this visit; none when it has to wait, and was answered with that."""
        opener: serving.Serving = self.settings["serving"]
        user, query, passing = self.current_user, self.request.query, self.settings["door"]

        async def start() -> kernels.ViewerKernel:
            kernel = await opener.open(revision, user, query, pinned=pinned)
            kernel.visit.user_of = user
            # That took a while, and who may open it may be others now.
            if not passing.may(user, revision.name, access.PREVIEW if pinned else access.OPEN):
                await self.settings["kernel_manager"].end(kernel.kernel_id, door.WITHDRAWN)
                raise web.HTTPError(404)
            return kernel

        # A preview is another page than the dashboard of its name.
        key = f"{revision.name}@{revision.number}" if pinned else revision.name
        return await waiting.admitted(self, revision, key, start)

    def pieces(self, kernel: kernels.ViewerKernel, notebook_text: str) -> AsyncGenerator[str, None]:
        """The page, piece by piece."""
        make = kernel.kept.pieces if kernel.kept else rendering.pieces
        pieces: AsyncGenerator[str, None] = make(
            self.settings, self.log, kernel, notebook_text, chrome=self.chrome
        )
        return pieces

    async def _stream(self, kernel: kernels.ViewerKernel, notebook_text: str) -> None:
        pieces = self.pieces(kernel, notebook_text)
        begun, following = False, asyncio.ensure_future(anext(pieces, None))
        try:
            while True:
                done, _ = await asyncio.wait({following}, timeout=0)
                if not done:
                    # Send what there is only when the next piece takes its time: a page has many.
                    await self.flush()
                    done, _ = await asyncio.wait({following}, timeout=HEARTBEAT)
                if not done:
                    # Before its first piece a page may have nothing but white space.
                    beat = "<script>window.voila_heartbeat?.()</script>\n"
                    self.write(beat if begun else "\n")
                elif (piece := following.result()) is None:
                    return
                else:
                    begun = True
                    self.write(piece)
                    following = asyncio.ensure_future(anext(pieces, None))
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await pieces.aclose()

    async def _fail(self, kernel: kernels.ViewerKernel, text: str, detail: str) -> None:
        reference = uuid.uuid4().hex[:8]
        self.log.error(
            "reference %s: dashboard %s failed: %s", reference, kernel.visit.revision.name, detail
        )
        await self.settings["kernel_manager"].end(kernel.kernel_id, "failed")
        page = pages.TEMPLATES.get_template("failed.html")
        self.finish(page.render(text=text, reference=reference, dashboard=kernel.visit.revision))


class Preview(Visit):
    """The page of a revision that no name shows, for whoever has its link and a login."""

    async def get(self, token: str) -> None:
        """Stream the page."""
        found = previews.revision(self.settings, token)
        await self.show_revision(self.settings["door"].previewed(self, found), pinned=True)


class Asset(pages.Page):
    """A file of a dashboard that its page refers to."""

    def stranger(self) -> User | None:
        """Who asks, if he has not logged in and need not."""
        return self.settings["door"].stranger(self.path_args[0], self.request.remote_ip)

    async def get(self, name: str, path: str) -> None:
        """Serve it from the revision this viewer has open, as its page was made for that one."""
        opened = self.settings["kernel_manager"].opened_by(self.current_user.username, name)
        await self.send_asset([*opened, self.settings["door"].shown(self, name)], path)

    async def send_asset(self, revisions: Sequence[store.Revision | None], path: str) -> None:
        """Serve the file of the first revision that lists it."""
        dashboards = self.settings["store"]
        found = (dashboards.asset(each, path) for each in revisions if each)
        file = next((each for each in found if each), None)
        if file is None or not file.is_file():
            raise web.HTTPError(404)
        kind, encoding = mimetypes.guess_type(file.name)
        self.set_header("Content-Type", BINARY if encoding else kind or BINARY)
        self.set_header("Content-Security-Policy", INERT)
        self.finish(file.read_bytes())


class PreviewAsset(Asset):
    """A file of a revision that is previewed."""

    async def get(self, token: str, path: str) -> None:
        """Serve it, if the revision lists it."""
        found = previews.revision(self.settings, token)
        await self.send_asset([self.settings["door"].previewed(self, found)], path)


class Channels(VoilaKernelWebsocketHandler):
    """The websocket of a page; who may open it says identity.OwnKernel, what passes says wall."""

    def stranger(self) -> User | None:
        """Who asks, if his page is that of somebody who has not logged in."""
        return self.settings["door"].stranger_of(self.path_args[0])

    def write_error(self, status_code: int, **_: Any) -> None:  # noqa: ARG002 Tornado's signature
        """A refused handshake has no page to show; Jupyter's own would need its static files."""
        self.finish()

    async def open(self, kernel_id: str) -> None:
        """Start; small messages do not wait for the browser's delayed acknowledgements (40 ms)."""
        self.set_nodelay(True)
        await super().open(kernel_id)


class KernelState(APIHandler):
    """Tells a page whether its kernel still runs, and if not why."""

    stranger = Channels.stranger

    async def get(self, kernel_id: str) -> None:
        """The kernel's model; 410 with the reason when it ended, 404 for all others."""
        open_kernels, owner = self.settings["kernel_manager"], self.current_user.username
        kernel = open_kernels.owned(kernel_id, owner)
        if kernel:
            self.finish(_model(kernel))
            return
        reason = open_kernels.ended(kernel_id, owner)
        self.set_status(410 if reason else 404)
        self.finish({"reason": reason or "unknown", "message": ENDED.get(reason or "", "")})


class Leave(APIHandler):
    """What a page calls when its tab is closed."""

    stranger = Channels.stranger

    async def post(self, kernel_id: str) -> None:
        """End the kernel, if it is this viewer's."""
        open_kernels = self.settings["kernel_manager"]
        if not open_kernels.owned(kernel_id, self.current_user.username):
            raise web.HTTPError(404)
        await open_kernels.end(kernel_id, "left")
        self.set_status(204)
        self.finish()


def _model(kernel: kernels.ViewerKernel) -> dict[str, Any]:
    """A kernel as Jupyter's REST API describes one."""
    return {
        "id": kernel.kernel_id,
        "name": kernel.visit.revision.kernel,
        "last_activity": kernel.visit.since.isoformat(),
        "execution_state": "idle",
        "connections": len(kernel.visit.pages),
    }
