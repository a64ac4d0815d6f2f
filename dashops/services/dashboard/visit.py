"""A viewer asks for a dashboard: start his kernel, and send him to its page on the other origin."""

from jupyter_server.auth import User
from tornado import web

from dashops.services.dashboard import (
    access,
    addresses,
    admission,
    capabilities,
    door,
    kernels,
    pages,
    previews,
    serving,
    store,
    waiting,
)


class Visit(pages.Page):
    """The address of a dashboard; each visit gets a kernel of its own."""

    gone = False

    def stranger(self) -> User | None:
        """Who asks, if he has not logged in and need not."""
        address = addresses.sender(self.settings, self.request)
        return self.settings["door"].stranger(self.path_args[0], address)

    def initialize(self, *, chrome: bool) -> None:
        """``chrome``: whether to show the bar with title and links."""
        self.chrome = chrome

    async def get(self, name: str) -> None:
        """Open what the name shows."""
        revision = self.settings["door"].shown(self, name)
        if revision is None:
            # Who waited for it holds up nobody else.
            self.settings["admission"].withdraw(admission.payer(self.current_user.username), name)
        await self.show_revision(revision)

    async def show_revision(self, revision: store.Revision | None, *, pinned: bool = False) -> None:
        """Open a revision, or show the queue for it.

        ``pinned``: whatever its name shows later.
        """
        if revision is None:
            raise web.HTTPError(404)
        if not self.request.path.endswith("/"):
            # Links of the notebook to its own files are relative to it.
            self.redirect(self.request.path + "/")
            return
        # Before there is a kernel: nobody would end it when the revision is removed meanwhile.
        text = self.settings["store"].notebook_text(revision.digest)
        kernel = await self.open_kernel(revision, pinned=pinned)
        if kernel is None:
            return
        kernel.visit.pinned = pinned
        await self.show_page(kernel, text)

    def on_connection_close(self) -> None:
        """The viewer went away before he was sent on."""
        self.gone = True

    async def open_kernel(
        self, revision: store.Revision, *, pinned: bool
    ) -> kernels.ViewerKernel | None:
        """A kernel for this visit; none when it has to wait, and was answered with that."""
        opener: serving.Serving = self.settings["serving"]
        user, query, passing = self.current_user, self.request.query, self.settings["door"]

        async def start() -> kernels.ViewerKernel:
            kernel = await opener.open(revision, user, query, pinned=pinned)
            kernel.visit.user_of = user
            # That took a while, and who is logged in or may open it may be others now.
            if not await self.identity_provider.still(self, user):
                await self.settings["kernel_manager"].end(kernel.kernel_id, "logged out")
                raise web.HTTPError(404)
            if not passing.may(user, revision.name, access.PREVIEW if pinned else access.OPEN):
                await self.settings["kernel_manager"].end(kernel.kernel_id, door.WITHDRAWN)
                raise web.HTTPError(404)
            return kernel

        # A preview is another page than the dashboard of its name.
        key = f"{revision.name}@{revision.number}" if pinned else revision.name
        return await waiting.admitted(self, revision, key, start)

    async def show_page(self, kernel: kernels.ViewerKernel, text: str) -> None:
        """Send the viewer to the page of a kernel, with the key to it."""
        if self.gone:
            await self.settings["kernel_manager"].end(kernel.kernel_id, "left")
            return
        to = addresses.of(self.settings, self.request)
        held: capabilities.Capabilities = self.settings["capabilities"]
        key = held.grant(
            capabilities.Capability(
                user=self.current_user,
                kernel=kernel,
                text=text,
                path=self.request.path,
                main=to.main,
                content=to.of(kernel.visit.revision.name),
                own=addresses.ANY in to.content,
                chrome=self.chrome,
            )
        )
        query = f"?{self.request.query}" if self.request.query else ""
        self.set_header("Cache-Control", "no-store")
        self.redirect(f"{key.content}{key.base.rstrip('/')}{key.path}{query}", status=303)


class Preview(Visit):
    """The address of a revision that no name shows, for whoever has its link and a login."""

    async def get(self, token: str) -> None:
        """Open it."""
        found = previews.revision(self.settings, token)
        await self.show_revision(self.settings["door"].previewed(self, found), pinned=True)
