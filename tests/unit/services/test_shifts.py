"""Dashboard servers that take turns, and gateways that come and go, with servers as objects."""

import asyncio
from types import SimpleNamespace

import pytest

from dashops.services.dashboard import config, gateways, shifts

SHIFT = """
[serving]
instance = "{instance}"
[servers]
1 = "http://dashboard-1:8866"
2 = "http://dashboard-2:8866"
"""
GATEWAY = '[[gateways]]\nurl = "http://{name}"\ntoken_file = "{token}"\n'


class Log:
    def __getattr__(self, _):
        return lambda *_, **__: None


@pytest.fixture
def server(tmp_path):
    """A server with the number 1, and how to say whose turn it is."""
    (tmp_path / "token").write_text("secret")
    file = tmp_path / "shift.toml"
    ended = []

    async def work():
        ended.append("work")

    async def rest():
        ended.append("warm")

    kernel_manager = SimpleNamespace(
        replaced=False,
        visits=[],
        settings=SimpleNamespace(shift_file=file, instance="1", store=tmp_path),
    )
    address = config.GatewayAddress("http://gateway-1", tmp_path / "token")
    settings = {
        "kernel_manager": kernel_manager,
        "gateways": gateways.Gateways((address,), "1"),
        "store": SimpleNamespace(forget=lambda: ended.append("read again")),
        "serving": SimpleNamespace(close=work, rest=rest),
        "deploys": SimpleNamespace(number=0),
    }
    turn = shifts.Shifts(settings, Log())

    def say(instance, *names, turns=None):
        """One is wanted, and it is the turn of the other one if another is said."""
        gateway = [GATEWAY.format(name=name, token=tmp_path / "token") for name in names]
        file.write_text(SHIFT.format(instance=instance) + "".join(gateway))
        if turns:
            (tmp_path / "turn").write_text(turns)
        return asyncio.run(turn.look())

    return SimpleNamespace(turn=turn, say=say, settings=settings, ended=ended, store=tmp_path)


def answering(monkeypatch, server, *, ready):
    async def asked(_):
        return ready

    monkeypatch.setattr(server.turn, "_ready", asked)


def test_it_serves_on_until_the_next_one_was_checked_and_is_ready(server, monkeypatch):
    answering(monkeypatch, server, ready=True)
    server.say("1", "gateway-1")
    server.say("2", "gateway-1")
    assert not server.turn.over
    answering(monkeypatch, server, ready=False)
    server.say("2", "gateway-1", turns="2")
    assert not server.turn.over
    answering(monkeypatch, server, ready=True)
    server.say("2", "gateway-1")
    assert server.turn.over
    assert server.ended[-2:] == ["work", "warm"]


def test_it_may_have_another_turn(server, monkeypatch):
    answering(monkeypatch, server, ready=True)
    server.say("2", "gateway-1", turns="2")
    assert server.turn.over
    assert not server.say("1", "gateway-1")
    assert server.turn.over
    server.turn.take()
    assert server.say("1", "gateway-1")
    assert not server.turn.over


def test_the_first_one_has_its_turn_at_once(server):
    assert server.turn.turn == ""
    server.say("1", "gateway-1")
    assert server.turn.turn == "1"


def test_one_that_starts_beside_another_waits_for_its_turn(server, monkeypatch):
    (server.store / "turn").write_text("2")
    answering(monkeypatch, server, ready=True)
    turn = shifts.Shifts(server.settings, Log())
    assert turn.over
    server.say("1", "gateway-1")
    assert server.turn.over


def test_it_serves_in_place_of_one_that_is_gone(server, monkeypatch):
    answering(monkeypatch, server, ready=True)
    server.say("1", "gateway-1", turns="2")
    assert server.turn.over
    answering(monkeypatch, server, ready=False)
    found = [server.say("1", "gateway-1") for _ in range(shifts.MISSED)]
    assert found == [False] * (shifts.MISSED - 1) + [True]
    assert not server.turn.over
    assert server.turn.turn == "2", "the other one may come back"
    # After minutes it is its own turn, so that nobody asks for the other one any more.
    for _ in range(shifts.GONE):
        server.say("1", "gateway-1")
    assert server.turn.turn == "1"


def test_one_that_nobody_checked_gives_way_when_the_other_is_back(server, monkeypatch):
    answering(monkeypatch, server, ready=False)
    (server.store / "turn").write_text("2")
    server.settings["kernel_manager"].replaced = True
    for _ in range(shifts.MISSED):
        server.say("2", "gateway-1")
    assert not server.turn.over
    answering(monkeypatch, server, ready=True)
    server.say("2", "gateway-1")
    assert server.turn.over
    assert server.turn.turn == "2"


def test_what_another_server_may_have_changed_is_read_again(server):
    server.say("1", "gateway-1")
    assert server.ended == ["read again"]


def test_half_a_file_changes_nothing(server):
    (server.store / "shift.toml").write_text("[serving")
    asyncio.run(server.turn.look())
    assert not server.turn.over
    assert len(server.settings["gateways"].all) == 1


def test_only_one_server_is_alone_with_the_store(server):
    other = shifts.Shifts(server.settings, Log())
    assert server.turn.alone()
    assert not other.alone()


def test_pages_and_deploys_keep_it_busy(server):
    assert server.turn.busy == 0
    server.settings["kernel_manager"].visits.append(object())
    server.settings["deploys"].number = 2
    assert server.turn.busy == 3


@pytest.fixture
def several(tmp_path):
    (tmp_path / "token").write_text("secret")
    addresses = [config.GatewayAddress(f"http://{n}", tmp_path / "token") for n in range(3)]
    return SimpleNamespace(addresses=addresses, all=gateways.Gateways(tuple(addresses[:1])))


def test_a_new_gateway_is_used_when_it_has_answered(several):
    several.all.change(several.addresses[:2])
    old, new = several.all.all
    assert several.all.usable() == [old]
    new.met = True
    old.kernels = 1
    assert several.all.usable() == [new, old]


def test_one_that_leaves_gets_kernels_only_while_no_other_answers(several):
    several.all.change(several.addresses[1:2])
    old, new = several.all.all
    assert several.all.usable() == [old]
    new.met = True
    assert several.all.usable() == [new]


def test_one_that_left_and_is_gone_is_forgotten(several):
    several.all.change(several.addresses[1:2])
    old, new = several.all.all
    new.met, old.silent_since = True, -gateways.GONE
    asyncio.run(several.all.greet())
    assert several.all.all == [new]


def test_kernels_of_a_silent_gateway_are_lost_only_when_there_is_another(several):
    (old,) = several.all.all
    old.silent_since = -gateways.GONE
    assert not several.all.lost(old)
    several.all.change(several.addresses[:2])
    several.all.all[1].met = True
    assert several.all.lost(old)


def test_a_gateway_lists_the_kernels_of_its_own_server_only(several, monkeypatch):
    (gateway,) = several.all.all
    gateway.owner = "2"

    async def fetched(*_, **__):
        return SimpleNamespace(body='[{"id": "a", "owner": "1"}, {"id": "b", "owner": "2"}]')

    monkeypatch.setattr(gateway, "_fetch", fetched)
    assert asyncio.run(gateway.list_kernels()) == ["b"]
