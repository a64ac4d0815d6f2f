"""Who comes in at the door of a server: people, strangers, the gate; and who has to leave."""

import asyncio
from types import SimpleNamespace

import pytest
from test_store import publish

from dashops.services.dashboard import admission, door, identity, kernels, store
from dashops.services.dashboard.access import PREVIEW, Grant


class Noted(list):
    """An audit record in memory."""

    def write(self, event, who, **facts):
        self.append((event, who, facts))


class Kernels:
    """Open kernels, each of a visit, and why they ended."""

    def __init__(self):
        self.open_kernels, self.why = [], {}

    def add(self, user, revision, *, pinned=False):
        visit = SimpleNamespace(revision=revision, user_of=user, pinned=pinned)
        kernel_id = f"k{len(self.open_kernels)}"
        self.open_kernels.append(SimpleNamespace(kernel_id=kernel_id, visit=visit))
        return kernel_id

    async def end(self, kernel_id, reason):
        self.why[kernel_id] = reason


def user(name="bob", role="viewer", groups=()):
    person = identity.Person(name, name, frozenset(groups), role)
    return identity.Viewer(name, name, name, person=person)


BOB, ANN, OPS = user(), user("ann"), user("ops", "operator")


@pytest.fixture
def world(tmp_path):
    kept = store.Store(tmp_path)
    for name in ("sales", "hr", "open"):
        publish(kept, name)
    kept.grant("hr", [Grant("user", "ann"), Grant("group", "people")])
    kept.grant("open", [Grant("public")])
    settings = {
        "store": kept,
        "audit": Noted(),
        "kernel_manager": Kernels(),
        "provider": SimpleNamespace(shared=False),
    }
    return SimpleNamespace(door=door.Door(settings, "signed-in"), **settings)


def asking(who):
    return SimpleNamespace(current_user=who, request=SimpleNamespace(remote_ip="10.0.0.1"))


def names(found):
    return [each.name for each in found]


def test_everybody_sees_what_he_may_open(world):
    assert names(world.door.visible(BOB)) == ["open", "sales"]
    assert names(world.door.visible(ANN)) == ["hr", "open", "sales"]
    assert names(world.door.visible(user("eve", groups=["people"]))) == ["hr", "open", "sales"]
    assert names(world.door.visible(OPS)) == ["hr", "open", "sales"]


def test_forbidden_and_missing_look_alike_and_only_one_is_noted(world):
    assert world.door.shown(asking(BOB), "hr") is None
    assert world.door.shown(asking(BOB), "nowhere") is None
    assert world.door.shown(asking(ANN), "hr").name == "hr"
    facts = {"address": "10.0.0.1", "dashboard": "hr", "action": "open"}
    assert world.audit == [("denied access", "bob", facts)]


def test_the_gate_may_open_nothing(world):
    assert world.door.visible(kernels.GATE) == []
    assert not world.door.may(kernels.GATE, "open")


def test_a_stranger_comes_in_only_where_everybody_may(world):
    one, other = world.door.stranger("open", "10.0.0.1"), world.door.stranger("open", "10.0.0.1")
    assert one.username != other.username, "each visit is one of its own"
    assert admission.payer(one.username) == admission.payer(other.username), "but of one address"
    elsewhere = world.door.stranger("open", "10.0.0.2")
    assert admission.payer(one.username) != admission.payer(elsewhere.username)
    assert admission.payer("ann-marie") == "ann-marie"
    assert world.door.person(one) is None
    assert world.door.may(one, "open") and not world.door.may(one, "sales")
    for name in ("sales", "hr", "nowhere"):
        assert world.door.stranger(name, "10.0.0.1") is None
    world.store.remove("open")
    world.store.grant("open", [Grant("public")])
    assert world.door.stranger("open", "10.0.0.1") is None, "it shows nothing"


def test_a_link_to_a_draft_is_for_authors(world):
    revision = world.store.active("sales")
    author = user("dan", "author")
    assert world.door.previewed(asking(author), revision) == revision
    assert world.door.previewed(asking(BOB), revision) is None
    assert world.door.previewed(asking(author), world.store.active("hr")) is None
    assert world.door.previewed(asking(author), None) is None


def test_where_all_share_an_account_the_link_is_enough(world):
    world.provider.shared = True
    assert world.door.previewed(asking(BOB), world.store.active("sales"))
    assert not world.door.may(BOB, "hr", PREVIEW)


def test_whom_a_share_shuts_out_has_to_leave(world):
    hr, sales = world.store.active("hr"), world.store.active("sales")
    bobs = world.kernel_manager.add(BOB, hr)
    strangers = world.kernel_manager.add(world.door.stranger("open", "10.0.0.1"), hr)
    world.kernel_manager.add(ANN, hr)
    world.kernel_manager.add(OPS, hr, pinned=True)
    world.kernel_manager.add(None, hr)
    world.kernel_manager.add(BOB, sales)
    assert asyncio.run(world.door.close("hr")) == 2
    assert world.kernel_manager.why == {bobs: "withdrawn", strangers: "withdrawn"}


def test_labels_are_for_those_who_may_open_it_anyway(world):
    world.store.own("hr", "ann")
    assert world.door.label(OPS, "hr") == "for ann, people"
    assert world.door.label(ANN, "hr") == "for ann, people"
    assert world.door.label(BOB, "open") == "" and world.door.label(OPS, "open") == "public"
    assert world.door.label(OPS, "sales") == ""
    world.store.grant("hr", [Grant("user", each) for each in "abcde"])
    assert world.door.label(OPS, "hr") == "for a, b, c and 2 more"


def test_a_broken_store_lets_nobody_in(world):
    class Broken:
        def grants(self, _):
            raise store.Unavailable("locked")

        def active(self, _):
            return SimpleNamespace(name="sales")

    world.door._store = Broken()
    with pytest.raises(store.Unavailable):
        world.door.shown(asking(BOB), "sales")
