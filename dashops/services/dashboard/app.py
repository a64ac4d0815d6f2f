"""The dashboard server: Voilà's application with our own routes, kernels and identity."""

import asyncio
import contextlib
import functools
import logging
from pathlib import Path
from typing import Any

from tornado import httpclient, httpserver, ioloop
from voila.app import Voila

from dashops.services.dashboard import (
    about,
    addresses,
    administering,
    admission,
    api,
    audit,
    backups,
    capabilities,
    config,
    connection,
    content,
    deploys,
    door,
    events,
    gate,
    gateways,
    history,
    identity,
    kernels,
    logins,
    pages,
    previews,
    public,
    sandbox,
    serving,
    shifts,
    store,
    uploads,
    usage,
    users,
    visit,
    waiting,
    wall,
)
from dashops.services.page import rendering

SWEEP = 2000  # milliseconds between looks for kernels nobody needs
FORM = 2**20  # bytes of a request's body; uploads have a limit of their own
NAME = r"([a-z0-9][a-z0-9._-]*)"
TOKEN = r"([A-Za-z0-9_-]{40,400})"


class DashboardServer(Voila):
    """Serves the dashboards of one store with kernels of one or more gateways."""

    dashops: config.Config

    def init_settings(self) -> dict[str, Any]:
        """Voilà's settings and what our handlers use."""
        httpclient.AsyncHTTPClient.configure(None, max_clients=200)
        settings: dict[str, Any] = super().init_settings()
        self.kernel_manager.settings = self.dashops
        instance = self.dashops.instance
        self.kernel_manager.gateways = gateways.Gateways(self.dashops.gateways, instance)
        self.kernel_manager.groups = lambda user: identity.person(user).groups
        self.kernel_manager.claims.publish(self.dashops.claims_file)
        places = (self.dashops.store, self.dashops.database, self.dashops.files)
        dashboards = store.Store(*places, instance=instance)

        def collect() -> None:
            open_kernels = self.kernel_manager.open_kernels
            in_use = {kernel.visit.revision.digest for kernel in open_kernels}
            dashboards.collect(in_use, self.dashops.keep_revisions)

        collect()
        # In a folder that every start of the server empties.
        scratch = Path(self.connection_dir_root) / "browser"
        self.chromium = gate.browser.Browser(self.dashops.browser, scratch, self.log)
        settings |= {
            "title": self.dashops.title,
            "store": dashboards,
            "collect": collect,
            "gateways": self.kernel_manager.gateways,
            "capabilities": capabilities.Capabilities(self.kernel_manager),
            "browser": self.chromium,
            "environments": self.dashops.environments,
            "labextensions": self.labextensions_path,
            "proxied": self.dashops.proxied,
            "public": public.version(
                (*self.labextensions_path, *self.static_paths, *self.template_paths),
                self.dashops.instance,
            ),
            "deploy_token": config.secret(self.dashops.deploy_token_file),
            "author_token": config.secret(self.dashops.author_token_file),
            "admin_token": config.secret(self.dashops.admin_token_file),
            "audit": audit.Audit(self.dashops.store / "audit", self.log),
            "upload_limit": self.dashops.upload_limit,
            "run_timeout": self.dashops.run_timeout,
            "concurrent_deploys": self.dashops.concurrent_deploys,
            "preview_timeout": self.dashops.preview_timeout,
            "voila_configuration": self.voila_configuration,
            "traitlet_config": self.config,
            "template_paths": self.template_paths,
            "xsrf_cookie_kwargs": {"samesite": "Lax"},
            "allow_remote_access": False,
            "websocket_max_message_size": wall.FRAME,
            "local_hostnames": [
                *addresses.hosts(self.dashops.address, ("localhost", *self.dashops.hosts))
            ],
            "headers": pages.HEADERS,
            "log": self.log,
            "default_handler_class": pages.Missing,
            "log_function": self._log_request,
            **identity.parts(self.dashops, dashboards, self.log),
        }
        queue = admission.Admission(
            admission.Limits(
                self.dashops.max_viewers,
                self.dashops.viewers_per_dashboard,
                self.dashops.viewers_per_user,
            ),
            taken=lambda: self.kernel_manager.places,
        )
        self.kernel_manager.freed = queue.ended
        settings |= {"admission": queue, "waiting": waiting.Room(queue)}
        settings["door"] = door.Door(settings, self.dashops.access)
        runs = serving.Making(settings, self.log)
        settings["serving"] = serving.Serving(settings, runs, self.log)
        settings["gate"] = lambda revision, tell: gate.check(settings, revision, self.log, tell)
        settings["preview"] = functools.partial(previews.link, settings)
        settings["deploys"] = deploys.Deploys(settings, self.log)
        settings["shifts"] = shifts.Shifts(settings, self.log)
        return settings

    def init_handlers(self) -> list[Any]:
        """Every address of the main origin, see docs/decisions/0002; for others see content."""
        return [
            (r"/", pages.Gallery),
            (rf"/thumbnails/{NAME}", pages.Thumbnail),
            (r"/login", logins.Login),
            (r"/login/back", logins.Back),
            (r"/logout", logins.Logout),
            (r"/healthz", pages.Health),
            (r"/readyz", pages.Ready),
            (r"/servingz", shifts.Serving),
            (rf"/dashboards/{NAME}/?", visit.Visit, {"chrome": True}),
            (rf"/dashboards-plain/{NAME}/?", visit.Visit, {"chrome": False}),
            (rf"/previews/{TOKEN}/?", visit.Preview, {"chrome": True}),
            (r"/(waiting\.js)", pages.Script),
            (r"/_waiting/([a-z0-9][a-z0-9._-]*(?:@[0-9]+)?)", waiting.Events),
            (r"/_api/notebooks", api.Notebooks),
            (r"/_api/notebooks/([^/]+)", uploads.Notebook),
            (r"/_api/notebooks/([^/]+)/access", administering.Access),
            (r"/_api/notebooks/([^/]+)/revisions", history.Revisions),
            (r"/_api/notebooks/([^/]+)/revisions/([0-9]{1,9})", history.Revision),
            (r"/_api/notebooks/([^/]+)/revisions/([0-9]{1,9})/bundle", history.Bundle),
            (r"/_api/notebooks/([^/]+)/revisions/([0-9]{1,9})/thumbnail", history.Thumbnail),
            (r"/_api/notebooks/([^/]+)/activate", history.Switch),
            (r"/_api/notebooks/([^/]+)/rollback", history.Rollback),
            (r"/_api/deploys", events.Deploys),
            (r"/_api/deploys/([0-9a-f]{32})/events", events.Events),
            (r"/_api/backup", backups.Backup),
            (r"/_api/restore", backups.Restore),
            (r"/_api/status", api.Status),
            (r"/_api/turn", shifts.Turn),
            (r"/_api/tokens", administering.Tokens),
            (r"/_api/tokens/([0-9a-f]{1,16})", administering.Token),
            (r"/_api/audit", administering.Audit),
            (r"/_api/about", about.About),
            (r"/_api/usage", usage.Usage),
            (r"/_api/users", users.Users),
            (r"/_api/users/([^/]{1,600})", users.User),
            (r"/_api/users/([^/]{1,600})/logout", users.Logout),
        ]

    def listen(self) -> None:
        """Serve until stopped; a taken port is an error, never another port."""
        tls = config.tls(self.dashops)
        server = httpserver.HTTPServer(self.app, max_body_size=FORM, ssl_options=tls)
        pages_of = content.application(self, self.app.settings)
        dashboards = httpserver.HTTPServer(pages_of, max_body_size=FORM, ssl_options=tls)
        loop = ioloop.IOLoop.current()
        loop.run_sync(self.kernel_manager.reap)
        loop.run_sync(self._begin)
        dashboards.listen(self.dashops.content_port, self.dashops.ip)
        server.listen(self.dashops.port, self.dashops.ip)
        ioloop.PeriodicCallback(self._sweep, SWEEP).start()
        where = (
            f"http{'s' if tls else ''}",
            self.dashops.ip,
            self.dashops.port,
            self.dashops.content_port,
        )
        self.log.info("listening on %s://%s:%s, dashboards on port %s", *where)
        self.ioloop = loop
        try:
            loop.start()
        finally:
            server.stop()
            dashboards.stop()
            self.stop()

    async def _begin(self) -> None:
        """Go on where the server before stopped, unless it is another one's turn."""
        turn = self.app.settings["shifts"]
        if turn.several and turn.alone():
            self.app.settings["store"].recover()
        await turn.look()
        if not turn.over:
            await self.app.settings["serving"].adopt()

    def stop(self) -> None:
        """End the kernels of all viewers, and the gate's browser."""
        self.ioloop.run_sync(self.app.settings["serving"].close)
        self.ioloop.run_sync(self.chromium.close)
        self.ioloop.run_sync(self.kernel_manager.shutdown_all)
        self.app.settings["audit"].close()

    async def _sweep(self) -> None:
        """End what nobody needs, or may need any longer."""
        turn = self.app.settings["shifts"]
        with contextlib.suppress(store.Unavailable):  # those of old revisions then stay
            if await turn.look():
                await self.app.settings["serving"].adopt()
            names = {visit.revision.name for visit in self.kernel_manager.visits}
            found = (self.app.settings["store"].active(name) for name in names)
            self.kernel_manager.drain({each.name: each.number for each in found if each})
        self.app.settings["admission"].settle()
        await identity.sweep(self.app.settings)
        await self.kernel_manager.sweep()
        if turn.over:
            await turn.watch()
        else:
            self.app.settings["serving"].sweep()

    def _log_request(self, handler: Any) -> None:
        """One line a request: no key, and no query, which may hold what a viewer typed."""
        request = handler.request
        write = self.log.info if handler.get_status() < 500 else self.log.warning
        if isinstance(handler, shifts.Serving):
            write = self.log.debug  # the proxy asks every second
        write("%s %s %s", handler.get_status(), request.method, sandbox.shown(request.path))


def serve(settings: config.Config, kind: type[DashboardServer] = DashboardServer) -> None:
    """Run the server; returns when it is told to stop by a signal."""
    # Jupyter Server gives Tornado milliseconds where it wants seconds, at every connection.
    logging.getLogger("tornado.general").addFilter(
        lambda record: "websocket_ping_timeout" not in record.getMessage()
    )
    # The store empties it at each start, but not that of another server.
    scratch = settings.store / f"incoming{settings.instance and '-'}{settings.instance}"
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    traits = rendering.traits()
    traits.VoilaConfiguration.multi_kernel_manager_class = kernels.Kernels
    traits.VoilaExecutor.timeout = settings.cell_timeout
    asyncio.set_event_loop(asyncio.new_event_loop())
    server = kind(
        log_format="%(asctime)s %(levelname)s %(message)s",
        config=traits,
        open_browser=False,
        connection_dir_root=str(scratch),
        cookie_secret=config.secret(settings.cookie_secret_file).encode(),
        identity_provider_class=identity.Account,
        authorizer_class=capabilities.OwnKernel,
        kernel_websocket_connection_class=connection.Connection,
    )
    server.dashops = settings
    server.initialize([])
    server.start()
