"""A server's parts around one dashboard with gateways that only pretend, and time that passes."""

import asyncio
import logging
from types import SimpleNamespace

from jupyter_client.session import Session
from jupyter_server.auth import User
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from test_store import publish
from tornado import web

from dashops import bundle as bundles
from dashops.services.dashboard import gateways, kernels, serving, store
from dashops.services.dashboard.serving import kept, modes

LOG = logging.getLogger("test")
BOB = User(username="bob", name="Bob")
HOUR = 3600


class Clock:
    """Shows the time it is given."""

    def __init__(self, now=0.0):
        self.now = now

    def __call__(self):
        return self.now


class Socket:
    """A kernel that answers, until it is dead."""

    def __init__(self):
        self.dead = False
        self.told = []
        self._answers = asyncio.Queue()
        self._session = Session(key=b"")

    def write_message(self, frame, **_):
        _, parts = deserialize_msg_from_ws_v1(frame)
        parent = self._session.unpack(parts[0])
        kind = parent["msg_type"].replace("request", "reply")
        answer = self._session.msg(kind, {}, parent=parent)
        if kind == "execute_reply":
            self.told.append(self._session.unpack(parts[3])["code"])
        if not self.dead:
            self._answers.put_nowait(serialize_msg_to_ws_v1(answer, "shell", self._session.pack))

    async def read_message(self):
        return await self._answers.get()

    def die(self):
        self.dead = True
        self._answers.put_nowait(None)

    def close(self):
        pass


class Gateway:
    """Starts kernels and forks snapshots; ``full`` and ``down`` as they say."""

    def __init__(self, url="http://one"):
        self.url = url
        self.kernels = 0
        self.leaving = False
        self.full = self.down = False
        self.there = {}
        self.says = {"memory": {"available": 1, "limit": 2}, "kernels": {}, "snapshots": {}}
        self.started, self.stopped, self.ended = [], [], []
        self.sockets = {}

    def _take(self, kind, env):
        if self.full:
            raise gateways.Full("kernels")
        if self.down:
            raise web.HTTPError(503)
        self.kernels += 1
        self.started.append((kind, dict(env)))
        return f"{kind}-{self.url[7:]}-{len(self.started)}"

    async def start_kernel(self, _name, env, _revision, _archive):
        return self._take("kernel", env)

    async def fork(self, snapshot, env, _claims=""):
        if snapshot not in self.there:
            raise gateways.SnapshotGone(snapshot)
        return self._take("fork", env)

    async def stop_kernel(self, kernel_id):
        self.stopped.append(kernel_id)
        self.full = False

    async def usage(self):
        if self.down:
            raise web.HTTPError(503)
        return self.says

    async def snapshots(self):
        if self.down:
            raise web.HTTPError(503)
        return dict(self.there)

    async def end_snapshot(self, snapshot):
        if self.down:
            raise web.HTTPError(503)
        self.ended.append(snapshot)
        self.there.pop(snapshot, None)

    async def connect(self, kernel_id, _session):
        self.sockets[kernel_id] = Socket()
        return self.sockets[kernel_id]


class Runs(serving.Making):
    """Runs nothing, and says of each run what it was told to."""

    def __init__(self, settings):
        super().__init__(settings, LOG)
        self.mode = modes.Mode(modes.SNAPSHOT)
        self.asked = {}
        self.failing = None
        self.differs = False

    async def snapshot(self, revision, at):
        if self.failing:
            raise self.failing
        kernel = await self.freezable(revision, at)
        kernel.kept = Quick([[]], whole=True)
        if self.mode.name == modes.SNAPSHOT:
            self._kernels.forget(kernel.kernel_id)
            at.there[kernel.kernel_id] = revision.digest
        return serving.Made(kernel, kernel.kept, self.mode)

    async def warm(self, revision):
        async def start(env):
            return await self.fresh(revision, env)

        kernel = await self._kernels.open(revision, kernels.GATE, start)
        kernel.kept = Quick([[]], whole=True)
        return kernel

    async def changed(self, *_):
        return self.differs

    def _wants(self, _digest):
        return bundles.opening({"metadata": {"dashops": self.asked}, "cells": []})


class Quick(kept.Kept):
    """Needs no Voilà for its page."""

    async def prepare(self, *_):
        pass


class World:
    """A server's parts around one dashboard, and time that passes when told."""

    def __init__(self, folder, *found, **changes):
        limits = {
            "snapshots": True, "snapshot_max_age": 0, "warm_kernels": 2,
            "snapshot_idle": HOUR, "warm_max_age": HOUR, "store": folder,
        }  # fmt: skip
        self.limits = SimpleNamespace(**limits | changes)
        self.gateways = found or (Gateway(),)
        self.kernels = kernels.Kernels()
        self.kernels.settings = self.limits
        self.kernels.gateways = self
        self.store = store.Store(folder)
        settings = {"store": self.store, "kernel_manager": self.kernels, "gateways": self}
        self.runs = Runs(settings)
        self.serving = serving.Serving(settings, self.runs, LOG)

    @property
    def all(self):
        return list(self.gateways)

    def usable(self):
        return sorted(self.gateways, key=lambda each: each.kernels)

    def published(self, mode="snapshot", **files):
        return self.store.decide(publish(self.store, "sales", **files), mode, ())

    async def visit(self, **more):
        kernel = await self.serving.open(self.store.active("sales"), BOB, "a=1", **more)
        await self.rest()
        return kernel

    async def rest(self):
        for _ in range(20):
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)

    async def sweep(self, seconds=0):
        for each in self.serving._snapshots:
            each.opened -= seconds
            each.looked -= seconds
        self.serving._compared -= 99
        self.serving.sweep()
        await self.rest()


def play(scene, *arguments):
    async def whole():
        world = arguments[0]
        try:
            return await scene(*arguments)
        finally:
            await world.serving.close()

    return asyncio.run(whole())
