import asyncio
from collections.abc import Mapping
from types import SimpleNamespace

import pytest
from jupyter_server.auth import User
from tornado import web

from dashops.services.dashboard import gateways, kernels

REVISION = SimpleNamespace(name="sales", kernel="python3", digest="0" * 64)


class Gateway:
    """Starts a kernel, or fails as it was told."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure

    async def start_kernel(self, *_: object) -> str:
        if self.failure:
            raise self.failure
        return "made"


def opened(user: User, *found: Gateway) -> str:
    opening = kernels.Kernels()
    opening.settings = SimpleNamespace()
    opening.gateways = SimpleNamespace(usable=lambda: list(found))

    async def start(env: Mapping[str, str]) -> kernels.Started:
        return await opening.start(REVISION, env, bytes)

    return asyncio.run(opening.open(REVISION, user, start)).kernel_id


BAD = gateways.EnvironmentFailed("`x` has no wheel", "try another", "log")


def test_a_viewer_is_served_by_the_next_gateway_and_never_reads_what_the_packages_lack():
    assert opened(User("v"), Gateway(BAD), Gateway()) == "made"
    with pytest.raises(web.HTTPError) as caught:
        opened(User("v"), Gateway(BAD))
    assert caught.value.status_code == 503
    assert "wheel" not in str(caught.value.reason or "")


def test_the_gate_tells_its_author_which_package_it_was():
    with pytest.raises(gateways.EnvironmentFailed, match="no wheel"):
        opened(kernels.GATE, Gateway(BAD))
