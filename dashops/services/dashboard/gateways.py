"""The kernel gateways this server may use, and which of them gets the next kernel."""

import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from tornado import web

from dashops.bundle import Dependencies
from dashops.services.dashboard import config, environments
from dashops.services.dashboard.gateway import Frozen, Full, Gateway, SnapshotGone

__all__ = ["EnvironmentFailed", "Frozen", "Full", "Gateway", "Gateways", "SnapshotGone"]

EnvironmentFailed = environments.EnvironmentFailed

GONE = 20.0  # seconds without an answer after which a gateway is not waited for

Answer = TypeVar("Answer")


class Gateways:
    """All gateways of this server, least loaded first."""

    def __init__(self, addresses: tuple[config.GatewayAddress, ...], owner: str = "") -> None:
        self.all = [Gateway(address, owner) for address in addresses]
        self._owner = owner

    def usable(self) -> list[Gateway]:
        """Those worth asking now; all of them when every one has failed lately.

        One that leaves is asked only while no other answers.
        """
        now = time.monotonic()
        up = [gateway for gateway in self.all if gateway.met and gateway.down_until <= now]
        staying = [gateway for gateway in up if not gateway.leaving]
        return sorted(staying or up or self.all, key=lambda gateway: gateway.kernels)

    def change(self, addresses: Sequence[config.GatewayAddress]) -> None:
        """Use these from now on: a new one as soon as it answers; one that is not named leaves."""
        urls = {address.url for address in addresses}
        for gateway in self.all:
            gateway.leaving = gateway.url not in urls
        known = {gateway.url for gateway in self.all}
        for address in addresses:
            if address.url not in known:
                new = Gateway(address, self._owner)
                new.met = False
                self.all.append(new)

    async def greet(self) -> None:
        """Ask those that never answered, and forget those that left for good."""
        for gateway in [each for each in self.all if not each.met]:
            with contextlib.suppress(web.HTTPError):
                await gateway.list_kernels()
        now = time.monotonic()
        self.all = [each for each in self.all if not (each.leaving and each.silent(now) > GONE)]

    def lost(self, gateway: Gateway) -> bool:
        """Whether it has been silent for so long that its kernels are given up for another's."""
        others = [each for each in self.usable() if each is not gateway and not each.leaving]
        return bool(others) and gateway.silent(time.monotonic()) > GONE

    async def kernelspecs(self) -> dict[str, Any]:
        """The kernelspecs of the first gateway that answers; raises HTTPError 503."""
        return await self._first(lambda gateway: gateway.kernelspecs())

    async def lock(self, wanted: Dependencies, tell: Callable[[str], None]) -> str:
        """As of a gateway: the first that answers resolves, as all are made alike."""
        return await self._first(lambda gateway: gateway.lock(wanted, tell))

    async def build(
        self, revision: str, archive: Callable[[], bytes], tell: Callable[[str], None]
    ) -> None:
        """As of a gateway: the first that answers builds, the others when a viewer needs it."""
        await self._first(lambda gateway: gateway.build(revision, archive, tell))

    async def _first(self, ask: Callable[[Gateway], Awaitable[Answer]]) -> Answer:
        failure: web.HTTPError | None = None
        for gateway in self.usable():
            try:
                return await ask(gateway)
            except web.HTTPError as error:
                failure = error
        raise web.HTTPError(503, "no gateway answers") from failure
