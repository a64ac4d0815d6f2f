"""How viewers get their kernels, and what is kept ready, with gateways that are passed in."""

from types import SimpleNamespace

import pytest
from pretending import BOB, HOUR, Gateway, World, play
from test_store import publish
from tornado import web

from dashops import bundle as bundles
from dashops.services.dashboard.serving import kept, modes, shelf


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_the_first_visit_is_fresh_and_those_after_it_are_forks(world):
    async def scene(world):
        world.published()
        first, second = await world.visit(), await world.visit()
        assert (first.visit.kind, second.visit.kind) == ("fresh", "snapshot")
        assert first.kept is None and second.kept.whole
        kind, env = world.gateways[0].started[-1]
        digest = world.store.active("sales").digest
        assert kind == "fork"
        assert env == {"QUERY_STRING": "a=1", "REMOTE_USER": "Bob", "DASHOPS_BUNDLE": digest}

    play(scene, world)


def test_a_revision_nobody_judged_yet_is_judged_by_its_first_visit(world):
    async def scene(world):
        world.published(mode="")
        world.runs.mode = modes.Mode(modes.WARM, ("thread `t` is running",))
        assert (await world.visit()).visit.kind == "fresh"
        assert world.store.active("sales").mode == "warm"
        assert (await world.visit()).visit.kind == "warm", "the run that judged it serves"

    play(scene, world)


def test_what_the_gate_made_serves_and_ends_what_served_before(world):
    async def scene(world):
        (gateway,) = world.gateways
        for _ in range(2):
            revision = world.published(**{f"a{len(gateway.started)}_txt": b"x"})
            made = await world.runs.snapshot(revision, gateway)
            await world.serving.activated(revision, made)
            assert (await world.visit()).visit.kind == "snapshot"
            await world.sweep()
        assert list(gateway.there) == [made.kernel.kernel_id]
        assert len(gateway.ended) == 1

    play(scene, world)


def test_a_preview_and_a_revision_that_asks_for_it_are_fresh(world):
    async def scene(world):
        world.published()
        await world.visit()
        assert (await world.visit(pinned=True)).visit.kind == "fresh"
        world.published("fresh", b_txt=b"")
        assert (await world.visit()).visit.kind == "fresh"
        assert (await world.visit()).visit.kind == "fresh"

    play(scene, world)


def test_a_snapshot_that_died_is_made_anew_and_nobody_waits_for_it(world):
    async def scene(world):
        (gateway,) = world.gateways
        world.published()
        await world.visit()
        gateway.there.clear()
        assert (await world.visit()).visit.kind == "fresh"
        assert (await world.visit()).visit.kind == "snapshot"
        gateway.there.clear()
        await world.sweep()
        assert gateway.there, "nobody had to come for that"
        assert (await world.visit()).visit.kind == "snapshot"

    play(scene, world)


def test_a_fork_that_dies_before_its_page_comes_is_the_last_of_its_snapshot(world):
    async def scene(world):
        world.published()
        await world.visit()
        born, other = await world.visit(), await world.visit()
        world.kernels.page_came(born, lambda: None)
        await world.kernels.end(born.kernel_id, "crashed")
        assert len(world.gateways[0].there) == 1
        await world.kernels.end(other.kernel_id, "crashed")
        assert (await world.visit()).visit.kind == "fresh"
        await world.sweep()
        assert len(world.gateways[0].ended) == 1
        assert (await world.visit()).visit.kind == "snapshot"

    play(scene, world)


def test_a_build_that_fails_is_not_tried_at_every_visit(world):
    async def scene(world):
        world.published()
        world.runs.failing = RuntimeError("no")
        assert (await world.visit()).visit.kind == "fresh"
        world.runs.failing = None
        assert (await world.visit()).visit.kind == "fresh"
        assert not world.gateways[0].there

    play(scene, world)


def test_the_least_loaded_gateway_that_has_one_is_forked(tmp_path):
    async def scene(world):
        one, two = world.gateways
        revision = world.published()
        for gateway in (one, two):
            await world.serving.activated(revision, await world.runs.snapshot(revision, gateway))
        two.kernels = 50
        assert (await world.visit()).gateway is one
        one.full = True
        assert (await world.visit()).gateway is two

    play(scene, World(tmp_path, Gateway("http://one"), Gateway("http://two")))


def test_nobody_came_so_the_memory_is_given_back_until_somebody_does(world):
    async def scene(world):
        world.published()
        await world.visit()
        await world.sweep(HOUR - 9)
        assert world.gateways[0].there
        await world.sweep(20)
        assert not world.gateways[0].there
        await world.sweep()
        assert not world.gateways[0].there
        assert [(await world.visit()).visit.kind for _ in range(2)] == ["fresh", "snapshot"]

    play(scene, world)


@pytest.mark.parametrize("how", ["age", "data", "no change"])
def test_old_snapshots_are_swapped(tmp_path, how):
    async def scene(world):
        (gateway,) = world.gateways
        world.runs.differs = how == "data"
        world.published()
        await world.visit()
        old = set(gateway.there)
        (snapshot,) = world.serving._snapshots
        object.__setattr__(snapshot.entry, "created", snapshot.entry.created - 100)
        await world.sweep(100)
        await world.rest()
        assert (set(gateway.there) == old) is (how == "no change")
        assert len(gateway.there) == 1
        # Being made anew is no visit.
        await world.sweep(HOUR - 50)
        assert not gateway.there

    world = World(tmp_path, snapshot_max_age=50 if how == "age" else 0)
    asked = bundles.Opening(None, 1, None, 60, () if how == "age" else (0,))
    world.runs._wants = lambda _: asked
    world.runs.wants = world.runs._wants
    play(scene, world)


def test_a_restarted_server_goes_on_with_what_is_good_and_ends_the_rest(tmp_path):
    gateway = Gateway()

    async def first(world):
        world.published()
        await world.visit()

    async def second(world):
        gateway.there["stranger"] = "0" * 64
        await world.serving.adopt()
        assert gateway.ended == ["stranger"]
        assert (await world.visit()).visit.kind == "snapshot"

    async def third(world):
        world.published(c_txt=b"new")
        await world.serving.adopt()
        assert not gateway.there
        assert not list(shelf.Shelf(tmp_path / "kept").entries())

    for scene in (first, second, third):
        play(scene, World(tmp_path, gateway))


def test_a_gateway_that_starts_later_than_the_server_is_asked_again(tmp_path):
    gateway = Gateway()

    async def first(world):
        world.published()
        await world.visit()

    async def second(world):
        gateway.down = True
        await world.serving.adopt()
        gateway.down = False
        await world.sweep()
        assert (await world.visit()).visit.kind == "snapshot"
        assert not gateway.ended

    for scene in (first, second):
        play(scene, World(tmp_path, gateway))


def test_one_that_could_not_be_ended_is_ended_later(world):
    async def scene(world):
        (gateway,) = world.gateways
        world.published()
        await world.visit()
        gateway.down = True
        world.store.remove("sales")
        await world.sweep()
        assert gateway.there
        gateway.down = False
        await world.sweep()
        assert not gateway.there

    play(scene, world)


def test_warm_kernels_are_handed_over_once_and_made_again(world):
    async def scene(world):
        revision = world.published("warm")
        await world.serving.activated(revision)
        await world.rest()
        one, two = await world.visit(), await world.visit()
        assert (one.visit.kind, two.visit.kind) == ("warm", "warm")
        assert one.kernel_id != two.kernel_id and one.kept
        assert one.visit.owner == "bob" and len(world.kernels.visits) == 2
        (told,) = world.gateways[0].sockets[one.kernel_id].told
        assert "'QUERY_STRING': 'a=1', 'REMOTE_USER': 'Bob'" in told

    play(scene, world)


def test_a_warm_kernel_that_died_or_is_old_is_not_handed_over(world):
    async def scene(world):
        (gateway,) = world.gateways
        revision = world.published("warm")
        await world.serving.activated(revision)
        await world.rest()
        (waiting,) = gateway.sockets
        gateway.sockets[waiting].die()
        assert (await world.visit()).kernel_id != waiting
        assert waiting in gateway.stopped
        (pool,) = world.serving._pools._all.values()
        (old,) = pool.ready
        old.made -= HOUR + 1
        await world.sweep()
        assert old.kernel.kernel_id in gateway.stopped and len(pool.ready) == 1

    play(scene, world)


def test_warm_kernels_make_way_for_viewers_and_end_with_their_revision(world):
    async def scene(world):
        (gateway,) = world.gateways
        await world.serving.activated(world.published("warm"))
        await world.rest()
        fresh = publish(world.store, "other")
        world.store.decide(fresh, "fresh", ())
        gateway.full = True
        kernel = await world.serving.open(world.store.active("other"), BOB)
        assert kernel.visit.kind == "fresh" and len(gateway.stopped) == 1
        await world.sweep()
        world.store.remove("sales")
        await world.sweep()
        assert len(gateway.stopped) == 2
        gateway.full = True
        with pytest.raises(web.HTTPError):
            await world.serving.open(world.store.active("other"), BOB)

    play(scene, world)


def test_a_page_has_gaps_for_what_is_a_viewers_own_and_all_are_filled():
    page = kept._cut("a-K-b-U-c-K-B-M", {"kernel": "K", "user": "U", "base": "B", "main": "M"})
    visit = SimpleNamespace(user="<Bob>", base="/c/1/", main="http://x")
    shown = page.of(SimpleNamespace(kernel_id="id", visit=visit))
    assert shown == "a-id-b-&lt;Bob&gt;-c-id-/c/1/-http://x"


def test_what_is_damaged_on_disk_is_none(tmp_path):
    made = shelf.Shelf(tmp_path)
    entry = shelf.Entry("id", "http://one", "sales", 1, "0" * 64, 1.0, kept.Kept([[]], whole=True))
    made.put(entry)
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "odd.json").write_text('{"kept": [1]}')
    assert [each.id for each in made.entries()] == ["id"]
    made.retain(["id"])
    assert [path.name for path in tmp_path.iterdir()] == ["id.json"]
