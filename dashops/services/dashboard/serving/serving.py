"""Opens a kernel for each viewer in the way of its revision, and keeps ready what that needs."""

import functools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_server.auth import User
from tornado import web

from dashops.services.dashboard import gateways, kernels, store
from dashops.services.dashboard.serving import (
    background,
    kept,
    modes,
    running,
    shelf,
    snapshots,
    warm,
)

COMPARE = 20.0  # seconds between two looks whether a gateway still has its snapshots


@dataclass(frozen=True)
class Made:
    """A run of a revision: its kernel, what it put out, and how the revision opens.

    In mode snapshot the kernel is none any more, but the snapshot of the same id.
    """

    kernel: kernels.ViewerKernel
    kept: kept.Kept
    mode: modes.Mode


class Serving:
    """What is ready for viewers, by revision."""

    def __init__(self, settings: Mapping[str, Any], log: Any) -> None:
        self._settings = settings
        self._log = log
        self._store: store.Store = settings["store"]
        self._kernels: kernels.Kernels = settings["kernel_manager"]
        self._config = self._kernels.settings
        self._work = background.Background(log)
        self._chores = background.Background(log, longest=COMPARE)
        self._snapshots = snapshots.Snapshots(shelf.Shelf(self._config.store / "kept"), log)
        self._pools = warm.Pools(self._kernels, self._warmed, self._work)
        self._compared = time.monotonic()

    @property
    def snapshots(self) -> bool:
        """Whether the operator wants any."""
        return bool(self._config.snapshots)

    def mode(self, revision: store.Revision) -> modes.Mode:
        """How a revision opens now."""
        found = modes.Mode(revision.mode, revision.reasons)
        config = self._config
        return modes.current(found, snapshots=config.snapshots, warm=config.warm_kernels > 0)

    def state(self, revision: store.Revision) -> dict[str, Any]:
        """What is ready for viewers of a revision, for programs."""
        mode, now = self.mode(revision), time.time()
        return {
            "mode": mode.name,
            "reasons": list(mode.reasons),
            "snapshots": [
                {"gateway": each.entry.gateway, "age": round(now - each.entry.created)}
                for each in self._snapshots.of(revision)
            ],
            "warm": self._pools.count(revision),
            "building": any(self._work.running(self._key(revision, each)) for each in self._all),
        }

    async def open(
        self, revision: store.Revision, user: User, query: str = "", *, pinned: bool = False
    ) -> kernels.ViewerKernel:
        """A kernel for one visit; ``pinned``: of whatever revision, so nothing is ready for it.

        Raises:
            web.HTTPError: 503 when all places are taken or no gateway can start one.
        """
        start = self._fresh if pinned else self._ready
        return await self._kernels.open(revision, user, functools.partial(start, revision), query)

    async def run(
        self, revision: store.Revision, at: gateways.Gateway | None = None
    ) -> kernels.ViewerKernel:
        """A kernel of the gate's, started so that it can become a snapshot.

        Raises:
            EnvironmentFailed, web.HTTPError: when no gateway can start one.
        """

        async def start(env: Mapping[str, str]) -> kernels.Started:
            env = {**env, **running.FREEZABLE} if self._config.snapshots else env
            return await self._kernels.start(revision, env, self._archive(revision), at)

        return await self._kernels.open(revision, kernels.GATE, start)

    async def activated(self, revision: store.Revision, made: Made | None = None) -> None:
        """The name shows this revision now; ``made`` is a run of it that can serve."""
        if made and made.mode.name == modes.SNAPSHOT:
            await self._add(revision, made)
        self._prepare(revision)

    async def discard(self, made: Made) -> None:
        """End a run that serves nobody."""
        if made.mode.name == modes.SNAPSHOT:
            await self._snapshots.end_at(made.kernel.gateway, made.kernel.kernel_id)
        else:
            await self._kernels.end(made.kernel.kernel_id, "checked")

    async def adopt(self) -> None:
        """Go on with the snapshots of an earlier life of this server."""
        await self._snapshots.adopt(self._all, self._shown)

    def sweep(self) -> None:
        """Begin to end what is not needed any more, and to make what is missing."""
        self._chores.start("sweep", self._sweep)

    async def close(self) -> None:
        """Stop all work; snapshots stay, for the next life of this server."""
        await self._chores.close()
        await self._work.close()

    @property
    def _all(self) -> list[gateways.Gateway]:
        found: gateways.Gateways = self._settings["gateways"]
        return found.all

    @property
    def _shown(self) -> dict[str, store.Revision]:
        return {each.name: each for each in self._store.all()}

    def _archive(self, revision: store.Revision) -> Any:
        return functools.partial(self._store.archive, revision.digest)

    def _key(self, revision: store.Revision, gateway: gateways.Gateway) -> tuple[Any, ...]:
        return "snapshot", revision.name, revision.number, gateway.url

    async def _ready(self, revision: store.Revision, env: Mapping[str, str]) -> kernels.Started:
        mode = self.mode(revision).name
        found = None
        if mode == modes.SNAPSHOT:
            found = await self._snapshots.fork(revision, env)
        elif mode == modes.WARM:
            found = await self._pools.take(revision)
        if found:
            return found
        started = await self._fresh(revision, env)
        if mode in (modes.SNAPSHOT, modes.UNDECIDED):
            self._build(revision, started.gateway)
        return started

    async def _fresh(self, revision: store.Revision, env: Mapping[str, str]) -> kernels.Started:
        start = functools.partial(self._kernels.start, revision, env, self._archive(revision))
        try:
            return await start()
        except web.HTTPError:
            # Viewers come before kernels that only may be wanted.
            if not await self._pools.give_way():
                raise
            return await start()

    def _prepare(self, revision: store.Revision) -> None:
        mode = self.mode(revision).name
        if mode == modes.WARM:
            self._pools.fill(revision)
        elif mode != modes.FRESH and not self._snapshots.of(revision):
            self._build(revision, next(iter(self._settings["gateways"].usable())))

    def _build(self, revision: store.Revision, gateway: gateways.Gateway) -> None:
        key = self._key(revision, gateway)
        self._work.start(key, lambda: self._make(revision, gateway))

    async def _make(self, revision: store.Revision, gateway: gateways.Gateway) -> None:
        """Make a snapshot, or find out that there can be none."""
        kernel = await self.run(revision, gateway)
        try:
            book = running.notebook(self._store, revision)
            kernel.kept = await running.execute(self._settings, self._log, kernel, book)
            mode = await running.freeze(self._settings, kernel, book)
        except BaseException:
            await self._kernels.end(kernel.kernel_id, "failed")
            raise
        made = Made(kernel, kernel.kept, mode)
        shown = self._store.active(revision.name)
        if shown is None or shown.number != revision.number:
            await self.discard(made)
            return
        decided = self._store.decide(revision, mode.name, mode.reasons)
        self._log.info("%s revision %d %s", revision.name, revision.number, mode)
        if mode.name == modes.SNAPSHOT:
            await self._add(decided, made)
        elif self.mode(decided).name == modes.WARM:
            await self._pools.put(decided, kernel)
        else:
            await self.discard(made)

    async def _warmed(self, revision: store.Revision) -> kernels.ViewerKernel:
        """A kernel that ran the notebook of a revision."""

        async def start(env: Mapping[str, str]) -> kernels.Started:
            return await self._kernels.start(revision, env, self._archive(revision))

        kernel = await self._kernels.open(revision, kernels.GATE, start)
        try:
            book = running.notebook(self._store, revision)
            kernel.kept = await running.execute(self._settings, self._log, kernel, book)
        except BaseException:
            await self._kernels.end(kernel.kernel_id, "failed")
            raise
        return kernel

    async def _add(self, revision: store.Revision, made: Made) -> None:
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

    async def _sweep(self) -> None:
        shown, config = self._shown, self._config
        await self._pools.sweep(
            [each for each in shown.values() if self.mode(each).name == modes.WARM]
        )
        now = time.monotonic()
        for each in self._snapshots:
            revision = shown.get(each.entry.name)
            if revision is None or not each.of(revision) or not config.snapshots:
                await self._snapshots.end(each)
            elif now - each.opened > config.snapshot_idle:
                self._log.info("nobody opened %s lately, its snapshot ends", revision.name)
                await self._snapshots.end(each)
            elif (
                config.snapshot_max_age
                and time.time() - each.entry.created > config.snapshot_max_age
            ):
                self._build(revision, each.gateway)
        if now - self._compared > COMPARE:
            self._compared = now
            for each in await self._snapshots.compare(self._all):
                revision = shown.get(each.entry.name)
                if revision and each.of(revision):
                    self._build(revision, each.gateway)
