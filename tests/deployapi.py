"""The deploy API on a loopback server inside a test, with a store and gateways passed in."""

import asyncio
import functools
import json
import logging
from types import SimpleNamespace

import httpx
from tornado import httpserver, web
from tornado.testing import bind_unused_port

from dashops.services.dashboard import (
    administering,
    api,
    deploys,
    door,
    events,
    gateways,
    history,
    previews,
    serving,
    uploads,
)
from dashops.services.dashboard.gate import Verdict
from dashops.services.dashboard.store import people

TOKEN = {"Authorization": "token right"}
ADMIN = {"Authorization": "token admin"}
BOOK = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
SPECS = {
    "default": "python3",
    "kernelspecs": {"python3": {"spec": {"display_name": "Python 3", "language": "python"}}},
}
LOCK = f"humanize==4.9.0 \\\n    --hash=sha256:{'0' * 64}\n"


class Gateways:
    """Gateways that resolve everything to one lock, and note what they were asked to build."""

    all = ()

    def __init__(self):
        self.built = []

    async def kernelspecs(self):
        return SPECS

    async def lock(self, _, tell):
        tell("Resolved 1 package")
        return LOCK

    async def build(self, digest, archive, tell):
        self.built.append((digest, archive()))
        tell("Installed 1 package")


class NoGateway(Gateways):
    async def kernelspecs(self):
        raise web.HTTPError(503)


class Unresolvable(Gateways):
    async def lock(self, _, tell):
        tell("no solution")
        raise gateways.EnvironmentFailed("`nope` is not on the index", "check it", "no solution")


class Unbuildable(Gateways):
    async def build(self, *_):
        raise gateways.EnvironmentFailed("`humanize` cannot be built", "", "no compiler")


class Opener:
    """What makes kernels ready for viewers; it notes what it was told to use or to end."""

    def __init__(self):
        self.used, self.ended = [], []

    def mode(self, revision):
        return serving.Mode(revision.mode, revision.reasons)

    def state(self, revision):
        return {"mode": revision.mode}

    async def activated(self, revision, made=None):
        self.used.append((revision.number, made))

    async def discard(self, made):
        self.ended.append(made)


class Unread:
    """A record that nobody reads."""

    def write(self, *_, **__):
        pass

    require = write


class Viewers:
    visits = open_kernels = ()
    named = SimpleNamespace(provider="header", operators=(), authors=("group:writers",))
    settings = SimpleNamespace(identity=named)


async def passes(_revision, tell):
    tell("execute", "cell 1 of 1")
    return Verdict(None)


async def fails(revision, _tell):
    where = {"phase": "execute", "revision": revision.number, "cell": 2}
    failure = {**where, "message": "cell 2 failed: E: x", "source": "1", "traceback": "E: x"}
    return Verdict(failure)


async def unreachable(_revision, _tell):
    raise web.HTTPError(503)


async def no_memory(_revision, _tell):
    raise gateways.Full("memory")


def talk(dashboards, conversation, at=None, *, limit=1000, gate=passes, **parts):
    """Run a server that has just these parts, and `await conversation(client)` with it."""
    routes = [
        (r"/_api/notebooks", api.Notebooks),
        (r"/_api/notebooks/([^/]+)", uploads.Notebook),
        (r"/_api/notebooks/([^/]+)/access", administering.Access),
        (r"/_api/tokens", administering.Tokens),
        (r"/_api/tokens/([0-9a-f]{1,16})", administering.Token),
        (r"/_api/audit", administering.Audit),
        (r"/_api/notebooks/([^/]+)/revisions", history.Revisions),
        (r"/_api/notebooks/([^/]+)/revisions/([0-9]+)", history.Revision),
        (r"/_api/notebooks/([^/]+)/revisions/([0-9]+)/bundle", history.Bundle),
        (r"/_api/notebooks/([^/]+)/revisions/([0-9]+)/thumbnail", history.Thumbnail),
        (r"/_api/notebooks/([^/]+)/activate", history.Switch),
        (r"/_api/notebooks/([^/]+)/rollback", history.Rollback),
        (r"/_api/deploys", events.Deploys),
        (r"/_api/deploys/([0-9a-f]{32})/events", events.Events),
    ]
    application = web.Application(
        routes,
        store=dashboards,
        gateways=at or Gateways(),
        kernel_manager=Viewers(),
        people=people.People(dashboards.reading, dashboards.writing),
        deploy_token="right",
        admin_token="admin",
        audit=parts.get("record") or Unread(),
        cookie_secret="secret",
        preview_timeout=60,
        upload_limit=limit,
        environments=True,
        concurrent_deploys=parts.get("turns", "wait"),
        collect=lambda: None,
        gate=gate,
        serving=parts.get("opener") or Opener(),
    )
    settings = application.settings
    settings["preview"] = functools.partial(previews.link, settings)
    settings["door"] = door.Door(settings, "signed-in")
    settings["deploys"] = deploys.Deploys(settings, logging.getLogger("test"))

    async def serve():
        socket, port = bind_unused_port()
        server = httpserver.HTTPServer(application)
        server.add_sockets([socket])
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                return await conversation(client)
        finally:
            server.stop()
            await server.close_all_connections()

    return asyncio.run(serve())


def ask(dashboards, *requests, **parts):
    """Send requests one after the other; return the answers."""

    async def conversation(client):
        return [await client.request(*request, **more) for request, more in requests]

    return talk(dashboards, conversation, **parts)


def edition(number, **metadata):
    return json.dumps({**BOOK, "metadata": {"edition": number, **metadata}}).encode()


def upload(name="sales", data=None, fields=None, **more):
    content = edition(0) if data is None else data
    return ("POST", f"/_api/notebooks/{name}"), {
        "files": {"file": ("x", content)},
        "data": fields,
        "headers": TOKEN,
        **more,
    }


def get(path):
    return ("GET", f"/_api/{path}"), {"headers": TOKEN}


def post(path, number=None):
    return ("POST", f"/_api/{path}"), {"headers": TOKEN, "json": {"revision": number}}
