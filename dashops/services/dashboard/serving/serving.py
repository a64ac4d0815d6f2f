"""Opens a kernel for each viewer in the way of its revision, and keeps ready what that needs."""

import contextlib
import functools
import time
from collections.abc import Mapping
from typing import Any

from jupyter_server.auth import User
from tornado import web

from dashops.services.dashboard import gateways, kernels, store
from dashops.services.dashboard.serving import (
    background,
    making,
    modes,
    shelf,
    snapshots,
    warm,
    watching,
)

COMPARE = 20.0  # seconds between two looks whether a gateway still has its snapshots


class Serving:
    """What is ready for viewers, by revision."""

    def __init__(self, settings: Mapping[str, Any], runs: making.Making, log: Any) -> None:
        self._settings = settings
        self._log = log
        self._store: store.Store = settings["store"]
        self._gateways: gateways.Gateways = settings["gateways"]
        self._kernels: kernels.Kernels = settings["kernel_manager"]
        self._config = self._kernels.settings
        self._work = background.Background(log)
        self._chores = background.Background(log, longest=COMPARE)
        self.making = runs
        self._snapshots = snapshots.Snapshots(shelf.Shelf(self._config.store / "kept"), log)
        self._pools = warm.Pools(self._kernels, self.making.warm, self._warm_age, self._work)
        self._compared = time.monotonic()
        self._kernels.stillborn = self._stillborn

    @property
    def freezes(self) -> bool:
        """Whether the operator wants snapshots."""
        return bool(self._config.snapshots)

    def mode(self, revision: store.Revision) -> modes.Mode:
        """How a revision opens now."""
        found = modes.Mode(revision.mode, revision.reasons)
        return modes.current(found, snapshots=self.freezes, warm=self._config.warm_kernels > 0)

    @property
    def forkable(self) -> list[snapshots.Snapshot]:
        """The snapshots there are."""
        return list(self._snapshots)

    def state(self, revision: store.Revision) -> dict[str, Any]:
        """What is ready for viewers of a revision, for programs; ages in seconds."""
        now = time.time()
        return {
            **self.mode(revision).answer(),
            "snapshots": [
                {"gateway": each.entry.gateway, "age": round(now - each.entry.created)}
                for each in self._snapshots.of(revision)
            ],
            "warm": self._pools.count(revision),
            "building": any(
                self._work.running(_key(revision, each)) for each in self._gateways.all
            ),
        }

    async def open(
        self, revision: store.Revision, user: User, query: str = "", *, pinned: bool = False
    ) -> kernels.ViewerKernel:
        """A kernel for one visit; ``pinned``: of whatever revision, so nothing is ready for it.

        Raises:
            web.HTTPError: 503 when no gateway can start one.
        """
        start = self._fresh if pinned else self._ready
        return await self._kernels.open(revision, user, functools.partial(start, revision), query)

    async def activated(self, revision: store.Revision, made: making.Made | None = None) -> None:
        """The name shows this revision now; ``made`` is a snapshot of it, if there is one."""
        if made:
            await self._add(revision, made)
        mode = self.mode(revision).name
        if mode == modes.WARM:
            self._pools.fill(revision)
        elif mode != modes.FRESH and not self._snapshots.of(revision):
            self._build(revision, self._gateways.usable()[0])

    async def discard(self, made: making.Made) -> None:
        """End a run that serves nobody."""
        if made.mode.name == modes.SNAPSHOT:
            await self._snapshots.end_at(made.kernel.gateway, made.kernel.kernel_id)
        else:
            await self._kernels.end(made.kernel.kernel_id, "checked")

    async def adopt(self) -> None:
        """Go on with the snapshots of an earlier life of this server."""
        await self._snapshots.adopt(self._gateways.all, self._shown)

    def sweep(self) -> None:
        """Begin to end what is not needed any more, and to make what is missing."""
        self._chores.start("sweep", self._sweep)

    async def rest(self) -> None:
        """End the kernels that wait for viewers, as nobody will come."""
        await self._pools.sweep(())

    async def close(self) -> None:
        """Stop all work; snapshots stay, for the next life of this server."""
        await self._chores.close()
        await self._work.close()

    @property
    def _shown(self) -> dict[str, store.Revision]:
        return {each.name: each for each in self._store.all()}

    async def _ready(self, revision: store.Revision, env: Mapping[str, str]) -> kernels.Started:
        mode = self.mode(revision).name
        found = None
        if mode == modes.SNAPSHOT:
            found = await self._fork(revision, env)
        elif mode == modes.WARM:
            found = await self._pools.take(revision, env)
        if found:
            return found
        started = await self._fresh(revision, env)
        if mode in (modes.SNAPSHOT, modes.UNDECIDED):
            self._build(revision, started.gateway)
        return started

    async def _fork(
        self, revision: store.Revision, env: Mapping[str, str]
    ) -> kernels.Started | None:
        """A fork, if there is a snapshot that can and a place for it."""
        with contextlib.suppress(gateways.Full):
            return await self._snapshots.fork(revision, env)
        # One that waits for nobody gives way before this viewer gets a slower and larger kernel.
        if await self._pools.give_way():
            with contextlib.suppress(gateways.Full):
                return await self._snapshots.fork(revision, env)
        return None

    async def _fresh(self, revision: store.Revision, env: Mapping[str, str]) -> kernels.Started:
        try:
            return await self.making.fresh(revision, env)
        except web.HTTPError:
            # Viewers come before kernels that only may be wanted.
            if not await self._pools.give_way():
                raise
            return await self.making.fresh(revision, env)

    def _stillborn(self, kernel: kernels.ViewerKernel) -> None:
        """A kernel died before its page came: if it was a fork, no other shall be made of that."""
        revision = kernel.visit.revision
        for each in self._snapshots.of(revision):
            if kernel.visit.kind == modes.SNAPSHOT and each.gateway is kernel.gateway:
                self._log.warning("a fork of %s died at once", revision.name)
                self._snapshots.doubt(each)
                self._build(revision, each.gateway)

    def _build(self, revision: store.Revision, gateway: gateways.Gateway) -> None:
        self._work.start(_key(revision, gateway), lambda: self._make(revision, gateway))

    async def _make(self, revision: store.Revision, gateway: gateways.Gateway) -> None:
        """Make a snapshot, or note that there can be none."""
        made = await self.making.snapshot(revision, gateway)
        shown = self._store.active(revision.name)
        if shown is None or shown.number != revision.number:
            await self.discard(made)
            return
        mode = made.mode
        decided = self._store.decide(revision, mode.name, mode.reasons)
        self._log.info("%s revision %d %s", revision.name, revision.number, mode)
        if mode.name == modes.SNAPSHOT:
            await self._add(decided, made)
        elif self.mode(decided).name == modes.WARM:
            await self._pools.put(decided, made.kernel)
        else:
            await self.discard(made)

    async def _add(self, revision: store.Revision, made: making.Made) -> None:
        kernel = made.kernel
        entry = shelf.Entry(
            id=kernel.kernel_id,
            gateway=kernel.gateway.url,
            name=revision.name,
            number=revision.number,
            digest=revision.digest,
            created=time.time(),
            kept=made.kept,
        )
        await self._snapshots.add(entry, kernel.gateway)
        # The first viewer shall not wait until the page is made.
        text = self._store.notebook_text(revision.digest)
        await made.kept.prepare(self._settings, self._log, kernel, text)

    async def _sweep(self) -> None:
        shown, now = self._shown, time.monotonic()
        warmed = [each for each in shown.values() if self.mode(each).name == modes.WARM]
        await self._pools.sweep(warmed)
        for each in self._snapshots:
            revision = shown.get(each.entry.name)
            if revision is None or not each.of(revision) or not self.freezes:
                await self._snapshots.end(each)
            elif now - each.opened > self._config.snapshot_idle:
                self._log.info("nobody opened %s lately, its snapshot ends", revision.name)
                await self._snapshots.end(each)
            elif each.gateway.leaving:
                self._spread(revision)
                await self._snapshots.end(each)
            else:
                self._refresh(each, revision)
                self._spread(revision)
        if now - self._compared > COMPARE:
            self._compared = now
            for each in await self._snapshots.compare(self._gateways.all, shown):
                revision = shown.get(each.entry.name)
                if revision and each.of(revision):
                    self._build(revision, each.gateway)

    def _spread(self, revision: store.Revision) -> None:
        """Begin to make a snapshot on each gateway that has none of it, if there is one at all."""
        has = {each.entry.gateway for each in self._snapshots if each.of(revision)}
        for gateway in self._gateways.usable():
            if has and not gateway.leaving and gateway.url not in has:
                self._build(revision, gateway)

    def _refresh(self, snapshot: snapshots.Snapshot, revision: store.Revision) -> None:
        """Begin to make a snapshot anew that is too old, or to look at its data again."""
        wants, now = self.making.wants(revision.digest), time.monotonic()
        oldest = watching.limit(self._config.snapshot_max_age, wants.refresh)
        if oldest is not None and time.time() - snapshot.entry.created > oldest:
            self._build(revision, snapshot.gateway)
        elif wants.watched and now - snapshot.looked > wants.every:
            key = ("data", *_key(revision, snapshot.gateway))
            if self._work.start(key, lambda: self._look(snapshot, revision)):
                snapshot.looked = now

    async def _look(self, snapshot: snapshots.Snapshot, revision: store.Revision) -> None:
        if await self.making.changed(snapshot, revision):
            self._log.info("the data of %s has changed", revision.name)
            self._build(revision, snapshot.gateway)

    def _warm_age(self, revision: store.Revision) -> float | None:
        wants = self.making.wants(revision.digest)
        return watching.limit(self._config.warm_max_age, wants.refresh)


def _key(revision: store.Revision, gateway: gateways.Gateway) -> tuple[Any, ...]:
    return "snapshot", revision.name, revision.number, gateway.url
