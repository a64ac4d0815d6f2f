"""The snapshots there are, one a gateway for each revision, and their forks; it builds none."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tornado import web

from dashops.services.dashboard import claims, gateways, kernels, store
from dashops.services.dashboard.serving import kept, modes, shelf


@dataclass
class Snapshot:
    """A snapshot, when somebody opened it last and when its data was looked at last.

    Times are ``time.monotonic()`` seconds.
    """

    entry: shelf.Entry
    gateway: gateways.Gateway
    opened: float = field(default_factory=time.monotonic)
    looked: float = field(default_factory=time.monotonic)

    def of(self, revision: store.Revision) -> bool:
        """Whether it is one of that revision."""
        mine = (self.entry.name, self.entry.number, self.entry.digest)
        return mine == (revision.name, revision.number, revision.digest)

    async def fork(self, env: Mapping[str, str]) -> kernels.Started:
        """A fork of it.

        Raises:
            SnapshotGone, web.HTTPError: when it or its gateway cannot give one.
        """
        entry = self.entry
        return await fork(self.gateway, entry.id, entry.digest, entry.kept, env)


class Snapshots:
    """Those in use, by id; on disk there is the same."""

    def __init__(self, on_disk: shelf.Shelf, log: Any) -> None:
        self._shelf = on_disk
        self._log = log
        self._all: dict[str, Snapshot] = {}
        # A gateway that did not answer has these still.
        self._ending: dict[str, gateways.Gateway] = {}
        # A gateway that never answered may have some of an earlier life.
        self._unknown: list[gateways.Gateway] = []

    def __iter__(self) -> Iterator[Snapshot]:
        return iter(list(self._all.values()))

    def of(self, revision: store.Revision) -> list[Snapshot]:
        """Those of a revision where viewers may come, the least loaded gateway's first."""
        found = [each for each in self if each.of(revision) and not each.gateway.leaving]
        return sorted(found, key=lambda each: each.gateway.kernels)

    async def fork(
        self, revision: store.Revision, env: Mapping[str, str]
    ) -> kernels.Started | None:
        """A fork of one of them, if there is one that can.

        Raises:
            Full: when none can, and one only because its gateway has no place now.
        """
        full = None
        for each in self.of(revision):
            each.opened = time.monotonic()
            try:
                return await each.fork(env)
            except gateways.SnapshotGone as gone:
                self._log.warning("no fork of %s: %s is gone", revision.name, gone)
                self.doubt(each)
            except web.HTTPError as error:
                self._log.warning("no fork of %s: %s", revision.name, error)
                full = error if isinstance(error, gateways.Full) else full
        if full:
            raise full
        return None

    async def add(self, entry: shelf.Entry, gateway: gateways.Gateway) -> None:
        """From now on this is the one of its revision there; an older one ends."""
        older = [each for each in self if _place(each.entry) == _place(entry)]
        self._shelf.put(entry)
        self._all[entry.id] = new = Snapshot(entry, gateway)
        for each in older:
            new.opened = each.opened  # that it was made anew is no visit
            await self.end(each)

    def lose(self, snapshot: Snapshot) -> None:
        """Forget one that is gone."""
        self._all.pop(snapshot.entry.id, None)
        self._shelf.drop(snapshot.entry.id)

    def doubt(self, snapshot: Snapshot) -> None:
        """Forget one whose forks do not live; if it is still there, ``compare`` ends it."""
        self.lose(snapshot)
        self._ending[snapshot.entry.id] = snapshot.gateway

    async def end(self, snapshot: Snapshot) -> None:
        """Give back its memory; its forks live on."""
        self.lose(snapshot)
        await self.end_at(snapshot.gateway, snapshot.entry.id)

    async def end_at(self, gateway: gateways.Gateway, snapshot_id: str) -> None:
        """End one that nobody knows; a gateway that does not answer is asked again later."""
        self._ending[snapshot_id] = gateway
        try:
            await gateway.end_snapshot(snapshot_id)
        except web.HTTPError as error:
            self._log.warning("cannot end snapshot %s: %s", snapshot_id, error)
        else:
            self._ending.pop(snapshot_id, None)

    async def compare(
        self, known: list[gateways.Gateway], shown: Mapping[str, store.Revision]
    ) -> list[Snapshot]:
        """Look what is still there; those that are not are forgotten, and returned."""
        await self.adopt(self._unknown, shown)
        for snapshot_id, gateway in list(self._ending.items()):
            await self.end_at(gateway, snapshot_id)
        lost = []
        for gateway in known:
            mine = [each for each in self if each.gateway is gateway]
            if not mine:
                continue
            try:
                there = await gateway.snapshots()
            except web.HTTPError:
                continue  # it may only be busy
            lost += [each for each in mine if each.entry.id not in there]
        for each in lost:
            self.lose(each)
        return lost

    async def adopt(
        self, known: list[gateways.Gateway], shown: Mapping[str, store.Revision]
    ) -> None:
        """Go on with those of an earlier life that are still good, and end the others.

        A gateway that does not answer is asked again by ``compare``.
        """
        if not known:
            return
        entries = {each.id: each for each in self._shelf.entries()}
        self._unknown = []
        for gateway in known:
            try:
                there = await gateway.snapshots()
            except web.HTTPError:
                self._unknown.append(gateway)
                continue
            for snapshot_id in there.keys() - self._all.keys():
                entry = entries.get(snapshot_id)
                revision = shown.get(entry.name) if entry else None
                if entry and revision and Snapshot(entry, gateway).of(revision):
                    self._all[snapshot_id] = Snapshot(entry, gateway)
                else:
                    await self.end_at(gateway, snapshot_id)
        if not self._unknown:
            self._shelf.retain(self._all)


async def fork(
    gateway: gateways.Gateway,
    snapshot: str,
    digest: str,
    put_out: kept.Kept,
    env: Mapping[str, str],
) -> kernels.Started:
    """A fork of a snapshot that is there; raises as ``Snapshot.fork``."""
    kernel_id = await gateway.fork(snapshot, {"DASHOPS_BUNDLE": digest, **env}, claims.of(env))
    return kernels.Started(gateway, kernel_id, modes.SNAPSHOT, put_out)


def _place(entry: shelf.Entry) -> tuple[str, int, str]:
    return entry.name, entry.number, entry.gateway
