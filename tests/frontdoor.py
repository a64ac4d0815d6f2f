"""The login pages on a loopback server inside a test, with any provider and a store."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
from deployapi import Unread
from live import free_ports
from tornado import httpserver, web
from traitlets import Any as AnyTrait
from traitlets.config import LoggingConfigurable

from dashops.services.dashboard import config, identity, logins, pages, store

LOG = logging.getLogger("test")
PLAIN = {
    "provider": "local",
    "options_file": "",
    "session_idle": 1000,
    "session_lifetime": 10_000,
    "operators": (),
    "authors": (),
    "header_name": "X-Forwarded-User",
    "header_groups": "",
    "header_trusted": ("127.0.0.1/32",),
    "header_key_file": "",
    "oidc_issuer": "",
    "oidc_client_id": "",
    "oidc_client_secret_file": "",
    "oidc_scopes": (),
    "oidc_name_claim": "preferred_username",
    "oidc_groups_claim": "groups",
}


class Server(LoggingConfigurable):
    """What Account reads of the application it is part of."""

    dashops = AnyTrait()


class Who(pages.Page):
    """Tells who one is, as all handlers see it."""

    async def get(self) -> None:
        """As JSON."""
        user, found = self.current_user, identity.person(self.current_user)
        groups = sorted(found.groups)
        shown = {"username": user.username, "name": user.name, "display": user.display_name}
        self.finish({**shown, "role": found.role, "groups": groups, "login": user.login})


@contextmanager
def door(folder: Path, address: str = "", port: int = 0, **named: Any) -> Iterator[str]:
    """The URL of a server with these settings of `identity`, until the block ends."""
    port = port or free_ports(1)[0]
    wanted = config.Identity(**PLAIN | named)
    settings: Any = SimpleNamespace(
        identity=wanted,
        port=port,
        address=address,
        content_port=port + 1,
        content_address="",
        user="viewer",
    )
    dashboards = store.Store(folder)
    account = identity.Account(parent=Server(dashops=settings))
    kernels = SimpleNamespace(open_kernels=(), visits=(), settings=settings)
    queue = SimpleNamespace(withdraw=lambda _: None)
    app = web.Application(
        [
            (r"/", Who),
            (r"/login", logins.Login),
            (r"/login/back", logins.Back),
            (r"/logout", logins.Logout),
        ],
        **identity.parts(settings, dashboards, LOG),
        store=dashboards,
        kernel_manager=kernels,
        admission=queue,
        audit=Unread(),
        identity_provider=account,
        title="Test",
        base_url="/",
        login_url="/login",
        cookie_secret="of one test",
        xsrf_cookies=True,
        allow_remote_access=True,
        jinja2_env=jinja2.Environment(),
        serverapp=None,
    )
    loop, ready = asyncio.new_event_loop(), threading.Event()

    async def serve() -> None:
        server = httpserver.HTTPServer(app)
        server.listen(port, "127.0.0.1")
        stopping["event"] = asyncio.Event()
        ready.set()
        await stopping["event"].wait()
        server.stop()
        await server.close_all_connections()

    stopping: dict[str, asyncio.Event] = {}
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(stopping["event"].set)
        thread.join()
        loop.close()
