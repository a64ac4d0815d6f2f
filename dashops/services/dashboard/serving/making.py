"""Makes kernels of a revision, with its notebook run in them or not; it keeps none of them."""

import contextlib
import functools
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from dashops import bundle as bundles
from dashops.services.dashboard import gateways, kernels, store
from dashops.services.dashboard.serving import kept, modes, running, snapshots, watching

REMEMBERED = 200  # notebooks whose wishes need not be read again


@dataclass(frozen=True)
class Made:
    """A run of a revision: its kernel, what it put out, and how the revision opens.

    In mode snapshot the kernel is none any more, but the snapshot of the same id.
    """

    kernel: kernels.ViewerKernel
    kept: kept.Kept
    mode: modes.Mode


class Making:
    """Runs notebooks of the store in kernels of the gate's."""

    def __init__(self, settings: Mapping[str, Any], log: Any) -> None:
        self._settings = settings
        self._log = log
        self._store: store.Store = settings["store"]
        self._kernels: kernels.Kernels = settings["kernel_manager"]
        self.wants = functools.lru_cache(REMEMBERED)(self._wants)

    async def fresh(
        self,
        revision: store.Revision,
        env: Mapping[str, str],
        at: gateways.Gateway | None = None,
    ) -> kernels.Started:
        """A kernel that ran nothing yet; raises as ``Kernels.start``."""
        archive = functools.partial(self._store.archive, revision.digest)
        return await self._kernels.start(revision, env, archive, at)

    async def freezable(
        self, revision: store.Revision, at: gateways.Gateway | None = None
    ) -> kernels.ViewerKernel:
        """A kernel that can become a snapshot, if the operator wants any.

        Raises:
            EnvironmentFailed, web.HTTPError: when no gateway can start one.
        """

        async def start(env: Mapping[str, str]) -> kernels.Started:
            wanted = self._kernels.settings.snapshots
            return await self.fresh(revision, {**env, **running.FREEZABLE} if wanted else env, at)

        return await self._kernels.open(revision, kernels.GATE, start)

    async def snapshot(self, revision: store.Revision, at: gateways.Gateway) -> Made:
        """Run the notebook and make a snapshot of its kernel, or find out that it can be none.

        Raises whatever goes wrong then.
        """
        kernel = await self.freezable(revision, at)
        async with self._ran(revision, kernel) as book:
            mode = await running.freeze(self._settings, kernel, book)
        return Made(kernel, kernel.kept, mode)

    async def warm(self, revision: store.Revision) -> kernels.ViewerKernel:
        """A kernel that ran the notebook; raises whatever goes wrong then."""
        start = functools.partial(self.fresh, revision)
        kernel = await self._kernels.open(revision, kernels.GATE, start)
        async with self._ran(revision, kernel):
            return kernel

    @contextlib.asynccontextmanager
    async def _ran(
        self, revision: store.Revision, kernel: kernels.ViewerKernel
    ) -> AsyncIterator[running.Notebook]:
        """The notebook, run in a kernel that ends if this or the block fails."""
        try:
            book = running.notebook(self._store, revision)
            kernel.kept = await running.execute(self._settings, self._log, kernel, book)
            yield book
        except BaseException:
            await self._kernels.end(kernel.kernel_id, "failed")
            raise

    async def changed(self, snapshot: snapshots.Snapshot, revision: store.Revision) -> bool:
        """Whether the data has changed since a snapshot was made; raises as ``watching``."""
        fork = await self._kernels.open(revision, kernels.GATE, snapshot.fork)
        try:
            book = running.notebook(self._store, revision)
            return await watching.changed(self._settings, fork, book)
        finally:
            await self._kernels.end(fork.kernel_id, "checked")

    def _wants(self, digest: str) -> bundles.Opening:
        """What the notebook of a revision asks for."""
        return running.wants(json.loads(self._store.notebook_text(digest)))
