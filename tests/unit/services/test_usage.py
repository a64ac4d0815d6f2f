"""What `GET /_api/usage` says, and what becomes of a gateway that has no place."""

import asyncio
import json
from contextlib import asynccontextmanager
from types import SimpleNamespace

import httpx
import pytest
from jupyter_server.auth import User
from pretending import BOB, Gateway, World, play
from test_store import publish
from tornado import httpclient, httpserver, web
from tornado.testing import bind_unused_port

from dashops.client import usage as records
from dashops.client.records import decode
from dashops.services.dashboard import config, gateways, kernels, usage
from dashops.services.dashboard.serving import modes

MB = 2**20


@asynccontextmanager
async def listening(*routes, **settings):
    socket, port = bind_unused_port()
    server = httpserver.HTTPServer(web.Application(list(routes), **settings))
    server.add_sockets([socket])
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
        await server.close_all_connections()
        httpclient.AsyncHTTPClient().close()


def taken(unique, shared=0, **more):
    return {"unique": unique * MB, "shared": shared * MB, **more}


def told(gateway, *, kernels, snapshots=None):
    """What a gateway of these kernels says."""
    machine = {"available": 900 * MB, "limit": 1000 * MB}
    gateway.says = {"memory": machine, "kernels": kernels, "snapshots": snapshots or {}}


async def asked(world, **headers):
    settings = {
        "admission": SimpleNamespace(waiting=lambda _: 0),
        "kernel_manager": world.kernels, "store": world.store, "gateways": world,
        "serving": world.serving, "deploy_token": "right",
        "audit": SimpleNamespace(write=lambda *_, **__: None),
    }  # fmt: skip
    async with (
        listening(("/_api/usage", usage.Usage), **settings) as url,
        httpx.AsyncClient() as it,
    ):
        answer = await it.get(f"{url}/_api/usage", headers=headers)
    return answer


async def read(world):
    answer = await asked(world, Authorization="token right")
    return decode(records.Usage, answer.json())


def test_own_and_shared_memory_and_times_of_a_dashboard_with_forks(tmp_path):
    async def scene(world):
        (gateway,) = world.gateways
        world.published()
        first, fork, other = [await world.visit() for _ in range(3)]
        for each, seconds in ((first, 4), (fork, 0.1), (other, 0.2)):
            each.visit.opened = seconds
            world.kernels.rendered(each)
        (snapshot,) = gateway.there
        told(
            gateway,
            kernels={
                first.kernel_id: taken(80, 10),
                fork.kernel_id: taken(5, 20),
                other.kernel_id: taken(7, 20),
            },
            snapshots={snapshot: taken(3, 40, revision="x", fork=0.012)},
        )
        found = await read(world)
        (shown,) = found.dashboards
        assert (found.viewers, shown.viewers, shown.kernels) == (3, 3, 3)
        assert (shown.mode, shown.revision, shown.waiting) == ("snapshot", 1, 0)
        assert (shown.own, shown.own_each) == (92 * MB, 7 * MB)
        assert shown.shared == (3 + 40 + 10 + 20 + 20) * MB
        assert (shown.fork, shown.open_p95) == (0.012, pytest.approx(4, abs=0.5))
        assert shown.open_p50 == pytest.approx(0.2, abs=0.19)
        assert found.gateways[0].available == 900 * MB

    play(scene, World(tmp_path))


def test_warm_kernels_are_shared_and_the_gates_visits_are_none(tmp_path):
    async def scene(world):
        (gateway,) = world.gateways
        await world.serving.activated(world.published("warm"))
        await world.rest()
        (waiting,) = world.kernels.open_kernels
        world.kernels.rendered(waiting)
        told(gateway, kernels={waiting.kernel_id: taken(60, 5)})
        found = await read(world)
        (shown,) = found.dashboards
        assert (shown.viewers, shown.kernels, shown.own, shown.own_each) == (0, 1, 0, None)
        assert shown.shared == 65 * MB
        assert shown.open_p50 is None, "nobody opened it"

    play(scene, World(tmp_path))


def test_a_gateway_that_does_not_answer_and_a_kernel_nobody_measured_yet(tmp_path):
    async def scene(world):
        one, two = world.gateways
        world.published("fresh")
        await world.visit()
        two.down = True
        told(one, kernels={})
        found = await read(world)
        assert (found.dashboards[0].viewers, found.dashboards[0].own_each) == (1, None)
        assert [each.reachable for each in found.gateways] == [True, False]
        assert found.gateways[1].available is None

    play(scene, World(tmp_path, Gateway("http://one"), Gateway("http://two")))


def test_a_preview_of_what_no_name_shows_is_listed(tmp_path):
    async def scene(world):
        draft = publish(world.store, "draft")
        await world.serving.open(draft, BOB, pinned=True)
        world.store.remove("draft")
        told(world.gateways[0], kernels={})
        (shown,) = (await read(world)).dashboards
        assert (shown.name, shown.revision, shown.viewers) == ("draft", None, 1)

    play(scene, World(tmp_path))


def test_the_token_is_asked_for(tmp_path):
    async def scene(world):
        assert (await asked(world)).status_code == 401

    play(scene, World(tmp_path))


def test_percentiles_are_times_that_somebody_had():
    assert [usage.percentile([3, 1, 2], part) for part in (0.5, 0.95)] == [2, 3]
    assert usage.percentile([], 0.5) is None


class Refusing(web.RequestHandler):
    """A gateway that has no place."""

    def initialize(self, code):
        self.code = code

    def post(self):
        self.set_status(self.code)
        self.finish({"reason": "x", "message": "and why"})


@pytest.mark.parametrize(("code", "cause"), [(403, "kernels"), (507, "memory")])
def test_a_gateway_that_has_no_place_says_of_what(tmp_path, code, cause):
    (tmp_path / "token").write_text("t")

    async def scene():
        async with listening(("/api/kernels", Refusing, {"code": code})) as url:
            gateway = gateways.Gateway(config.GatewayAddress(url, tmp_path / "token"))
            for ask in (
                lambda: gateway.start_kernel("python3", {}, "0" * 64, bytes),
                lambda: gateway.fork("s", {}),
            ):
                with pytest.raises(gateways.Full, match="and why") as full:
                    await ask()
                assert (full.value.cause, full.value.status_code) == (cause, 503)
                assert cause == "memory" or "places" in full.value.reason
            assert gateway.down_until == 0, "it is asked again at once"
            assert gateway.kernels == 0

    asyncio.run(scene())


REVISION = SimpleNamespace(name="sales", kernel="python3", digest="0" * 64)


class Starting:
    """A gateway that fails as it was told."""

    def __init__(self, failure=None):
        self.failure = failure

    async def start_kernel(self, *_):
        if self.failure:
            raise self.failure
        return "made"


def started(*found):
    opening = kernels.Kernels()
    opening.settings = SimpleNamespace(max_viewers=5)
    opening.gateways = SimpleNamespace(usable=lambda: list(found))

    async def start(env):
        return await opening.start(REVISION, env, bytes)

    return asyncio.run(opening.open(REVISION, User("v"), start)).kernel_id


def test_the_next_gateway_serves_when_one_is_full_and_else_the_viewer_can_wait():
    memory, gone = gateways.Full("memory"), web.HTTPError(503)
    assert started(Starting(memory), Starting()) == "made"
    for order in ((memory, gone), (gone, memory)):
        with pytest.raises(gateways.Full) as full:
            started(*map(Starting, order))
        assert full.value.cause == "memory"
    with pytest.raises(web.HTTPError) as caught:
        started(Starting(gone))
    assert not isinstance(caught.value, gateways.Full)


def test_a_warm_kernel_gives_way_to_a_fork_before_it_becomes_a_larger_kernel(tmp_path):
    async def scene(world):
        (gateway,) = world.gateways
        other = publish(world.store, "other")
        await world.serving.activated(world.store.decide(other, "warm", ()))
        await world.rest()
        world.published()
        await world.visit()
        assert (await world.visit()).visit.kind == modes.SNAPSHOT
        gateway.full = True
        assert (await world.visit()).visit.kind == modes.SNAPSHOT
        assert len(gateway.stopped) == 1
        world.store.remove("other")
        await world.sweep()
        gateway.full = True
        with pytest.raises(gateways.Full):
            await world.visit()

    play(scene, World(tmp_path))


def test_the_answer_is_json_without_surprises(tmp_path):
    async def scene(world):
        answer = await asked(world, Authorization="token right")
        empty = {"viewers": 0, "waiting": 0, "dashboards": []}
        assert json.loads(answer.text).items() >= empty.items()
        assert answer.headers["content-type"].startswith("application/json")

    play(scene, World(tmp_path))
