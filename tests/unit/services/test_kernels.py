"""Which visits end and when, with a gateway that is passed in."""

import asyncio
import time
from types import SimpleNamespace

import pytest
from jupyter_server.auth import User
from tornado import web

from dashops.services.dashboard import kernels
from dashops.services.dashboard.store import Revision

LIMITS = SimpleNamespace(idle_timeout=99, reconnect_grace=9, drain_timeout=60, instance="")


class Gateway:
    def __init__(self):
        self.stopped = []
        self.kernels = 0
        self.leaving = False
        self.down = self.empty = False

    async def start_kernel(self, *_):
        self.kernels += 1
        return f"k{self.kernels}"

    async def list_kernels(self):
        if self.down:
            raise web.HTTPError(503)
        return [] if self.empty else [f"k{each + 1}" for each in range(self.kernels)]

    async def stop_kernel(self, kernel_id):
        self.stopped.append(kernel_id)


def revision(number, name="sales"):
    text = dict.fromkeys(("title", "kernel", "language", "created", "author", "commit"), "")
    about = {"digest": f"{number}" * 64, "state": "good", "size": 1, "assets": (), "failure": None}
    return Revision(name=name, number=number, **text, **about)


@pytest.fixture
def opened():
    """A manager with a gateway, and how to let somebody open a revision."""
    manager = kernels.Kernels()
    manager.settings, gateway = LIMITS, Gateway()
    manager.gateways = SimpleNamespace(
        usable=lambda: [gateway], all=[gateway], lost=lambda _: False
    )

    def open_(number, owner="bob", name="sales"):
        user = User(username=owner, name=owner)
        wanted = revision(number, name)

        async def start(env):
            return await manager.start(wanted, env, bytes)

        kernel = asyncio.run(manager.open(wanted, user, start))
        manager.rendered(kernel)
        manager.page_came(kernel, lambda: None)
        return kernel

    return manager, gateway, open_


def pass_time(kernel, seconds):
    kernel.visit.outdated -= seconds


def test_an_old_revision_ends_at_the_drain_deadline_and_not_before(opened):
    manager, gateway, open_ = opened
    old, new = open_(1), open_(2)
    manager.drain({"sales": 2})
    pass_time(old, 59)
    asyncio.run(manager.sweep())
    assert gateway.stopped == []
    pass_time(old, 2)
    asyncio.run(manager.sweep())
    assert gateway.stopped == [old.kernel_id]
    assert manager.ended(old.kernel_id, "bob") == "updated"
    assert manager.owned(new.kernel_id, "bob")


def test_a_rollback_stops_the_clock(opened):
    manager, gateway, open_ = opened
    kernel = open_(1)
    manager.drain({"sales": 2})
    pass_time(kernel, 61)
    manager.drain({"sales": 1})
    asyncio.run(manager.sweep())
    assert gateway.stopped == []
    manager.drain({"sales": 2})
    assert time.monotonic() - kernel.visit.outdated < 5


def test_a_preview_is_never_old(opened):
    manager, _, open_ = opened
    kernel = open_(3)
    kernel.visit.pinned = True
    manager.drain({"sales": 2})
    assert kernel.visit.outdated is None


def test_a_dashboard_that_was_removed_drains_too(opened):
    manager, _, open_ = opened
    kernel = open_(1)
    manager.drain({})
    assert kernel.visit.outdated is not None


def cut_off(manager, kernel):
    """Its page has lost its connection, longer ago than the grace."""
    manager.page_left(kernel, next(iter(kernel.visit.pages)))
    kernel.visit.left -= LIMITS.reconnect_grace + 1


def test_a_page_that_asks_is_not_closed_however_long_the_gateway_is_away(opened):
    manager, gateway, open_ = opened
    kernel = open_(1)
    cut_off(manager, kernel)
    gateway.down = True
    asyncio.run(manager.asked(kernel))
    asyncio.run(manager.sweep())
    assert manager.owned(kernel.kernel_id, "bob")


def test_a_page_that_asks_is_told_at_once_that_its_kernel_is_lost(opened):
    manager, gateway, open_ = opened
    kernel = open_(1)
    cut_off(manager, kernel)
    gateway.empty = True
    asyncio.run(manager.asked(kernel))
    assert manager.ended(kernel.kernel_id, "bob") == "lost"


def test_a_page_that_asks_no_more_is_closed(opened):
    manager, _, open_ = opened
    kernel = open_(1)
    cut_off(manager, kernel)
    asyncio.run(manager.asked(kernel))
    kernel.visit.left -= kernels.ASKS + 1
    asyncio.run(manager.sweep())
    assert manager.ended(kernel.kernel_id, "bob") == "left"


def test_the_gate_may_look_longer_than_viewers_may_idle(opened):
    manager, gateway, open_ = opened
    viewers, gates = open_(1), open_(1, owner=kernels.GATE.username)
    for each in (viewers, gates):
        each.visit.active -= LIMITS.idle_timeout + 1
    asyncio.run(manager.sweep())
    assert gateway.stopped == [viewers.kernel_id]
