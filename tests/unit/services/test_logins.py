"""Logins: who gets in, for how long, and what a cookie is worth afterwards."""

import asyncio
import hashlib
import logging
import sqlite3
from types import SimpleNamespace

import pytest
from frontdoor import Server
from pretending import Clock

from dashops.services.dashboard import identity, store
from dashops.services.dashboard.identity import local, passwords, provider, sessions
from dashops.services.dashboard.store import people

LOG = logging.getLogger("test")
IDLE, LIFETIME = 100, 1000
ALICE = identity.Person("alice", "Alice", frozenset({"sales"}), "author")


@pytest.fixture
def clock():
    return Clock(1_000_000.0)


@pytest.fixture
def kept(tmp_path):
    made = store.Store(tmp_path)
    return people.People(made.reading, made.writing)


@pytest.fixture
def logins(kept, clock):
    return server(kept, clock)


def server(kept, clock, provider="local"):
    return sessions.Sessions(kept, provider, IDLE, LIFETIME, LOG, clock)


def begun(logins, person=ALICE):
    return asyncio.run(logins.begin(person, "10.0.0.1"))


def found(logins, cookie):
    return asyncio.run(logins.find(cookie))


def test_a_login_is_found_again_with_all_that_was_known(logins):
    assert found(logins, begun(logins)).person == ALICE


def test_it_outlives_the_server(kept, clock, logins):
    cookie = begun(logins)
    assert found(server(kept, clock), cookie).person == ALICE


def test_two_logins_of_one_person_are_told_apart(logins):
    one, other = found(logins, begun(logins)), found(logins, begun(logins))
    assert one.login != other.login


def test_neither_the_database_nor_a_login_name_tells_the_cookie(tmp_path, logins):
    cookie = begun(logins)
    assert len(cookie) == 43, "256 bits"
    with sqlite3.connect(tmp_path / "store.db") as connection:
        dump = "\n".join(connection.iterdump())
    assert cookie not in dump and hashlib.sha256(cookie.encode()).hexdigest() in dump
    assert found(logins, cookie).login not in cookie


@pytest.mark.parametrize("cookie", ["", "x", "ü" * 50, "x" * 100_000, "\ud800"])
def test_other_cookies_are_none(logins, cookie):
    assert found(logins, cookie) is None


def test_a_login_ends_when_it_is_not_used(clock, logins):
    cookie = begun(logins)
    for _ in range(3):
        clock.now += IDLE - 1
        assert found(logins, cookie)
    clock.now += IDLE
    assert found(logins, cookie) is None


def test_a_login_ends_however_much_it_is_used(clock, logins):
    cookie, began = begun(logins), clock.now
    while clock.now < began + LIFETIME - 50:
        clock.now += 50
        found(logins, cookie)
    clock.now = began + LIFETIME
    assert found(logins, cookie) is None


def test_a_restart_makes_no_login_longer(kept, clock, logins):
    cookie = begun(logins)
    clock.now += IDLE
    assert found(server(kept, clock), cookie) is None


def test_who_was_seen_is_noted_and_the_rest_forgotten(kept, clock, logins):
    used, unused = begun(logins), begun(logins)
    clock.now += 90
    found(logins, used)
    clock.now += 20
    asyncio.run(logins.sweep())
    assert [each.seen for each in kept.logins()] == [int(clock.now) - 20]
    assert found(server(kept, clock), used) and not found(server(kept, clock), unused)


def test_who_was_seen_is_not_written_at_every_request(kept, clock, logins, monkeypatch):
    cookie, notes = begun(logins), []
    real = kept.note
    monkeypatch.setattr(kept, "note", lambda *facts: (notes.append(facts), real(*facts)))
    for _ in range(30):
        clock.now += 3
        found(logins, cookie)
        asyncio.run(logins.sweep())
    assert len(notes) == 1


def test_whoever_moves_a_slider_all_day_is_not_idle(clock, logins):
    cookie = begun(logins)
    name = found(logins, cookie).login
    for _ in range(5):
        clock.now += IDLE - 10
        assert logins.over({name: 5.0}) == set()
    clock.now += IDLE - 10
    assert logins.over({name: 500.0}) == set(), "it was used after that"
    clock.now += 10
    assert logins.over({name: 500.0}) == {name}


def test_a_login_that_ended_is_over_at_once_and_after_a_restart(kept, clock, logins):
    cookie, other = begun(logins), begun(logins)
    asyncio.run(logins.end(found(logins, cookie).login))
    assert found(logins, cookie) is None and found(logins, other)
    assert found(server(kept, clock), cookie) is None


def test_all_logins_of_a_person_end_and_nobody_elses(kept, clock, logins):
    bob = identity.Person("bob", "Bob")
    cookies, bobs = [begun(logins), begun(logins)], begun(logins, bob)
    assert len(asyncio.run(server(kept, clock).end_all("alice"))) == 2, "also unread ones"
    assert [found(server(kept, clock), each) for each in cookies] == [None, None]
    assert found(logins, bobs).person == bob


def test_a_login_that_ends_while_it_is_read_does_not_come_back(kept, clock, logins, monkeypatch):
    cookie = begun(logins)
    other = server(kept, clock)
    real = kept.login

    def slow(login_id):
        row = real(login_id)
        if row:
            asyncio.run_coroutine_threadsafe(other.end_all("alice"), loop).result()
        return row

    async def scene():
        nonlocal loop
        loop = asyncio.get_running_loop()
        return await other.find(cookie)

    loop = None
    monkeypatch.setattr(kept, "login", slow)
    assert asyncio.run(scene()) is None


def test_another_provider_does_not_honour_the_logins_of_before(kept, clock, logins):
    assert found(server(kept, clock, "oidc"), begun(logins)) is None


def test_no_more_logins_are_in_memory_than_it_may(logins, monkeypatch):
    monkeypatch.setattr(sessions, "REMEMBERED", 3)
    cookies = [begun(logins) for _ in range(6)]
    assert len(logins._known) == 3
    assert all(found(logins, each) for each in cookies), "the others are read again"


def test_a_page_that_took_long_to_open_is_not_for_who_has_logged_out_meanwhile(logins):
    named = SimpleNamespace(operators=(), authors=())
    settings = SimpleNamespace(identity=named, address="", port=1)
    account = identity.Account(parent=Server(dashops=settings))
    cookie = begun(logins)
    handler = SimpleNamespace(
        get_cookie=lambda *_: cookie, settings={"sessions": logins, "provider": object()}
    )

    async def scene():
        user = await account.get_user(handler)
        good = await account.still(handler, user)
        await logins.end(user.login)
        return good, await account.still(handler, user)

    assert asyncio.run(scene()) == (True, False)


# Passwords


def checking(kept, *asked):
    async def scene():
        hashing = passwords.Hashing()
        if not kept.by_name("alice"):
            hashed = await hashing.made("correct horse")
            kept.add(people.person("alice", "Alice", hashed, "author", ["sales"]))
        means = provider.Means(None, kept, hashing)
        try:
            return [await local.Local(means).check(*each, known=False) for each in asked]
        finally:
            hashing.close()

    return asyncio.run(scene())


def test_a_person_gets_in_with_his_password_only(kept):
    tried = [("alice", "correct horse"), (" Alice", "correct horse"), ("alice", "correct horse ")]
    assert checking(kept, *tried) == [ALICE, ALICE, None]


@pytest.mark.parametrize("name", ["bob", "", "alice'--", "x" * 100_000])
def test_nobody_is_nobody(kept, name):
    assert checking(kept, (name, "correct horse"), (name, "")) == [None, None]


def test_a_disabled_person_does_not_get_in(kept):
    checking(kept)
    kept.change("alice", {"disabled": True})
    assert checking(kept, ("alice", "correct horse")) == [None]


def test_an_unknown_name_costs_as_much_as_a_known_one(kept, monkeypatch):
    checking(kept)
    compared = []
    real = passwords._same
    monkeypatch.setattr(
        passwords, "_same", lambda *pair: (compared.append(pair[0]), real(*pair))[1]
    )
    checking(kept, ("alice", "wrong"), ("bob", "wrong"))
    assert len(compared) == 2
    costs = {each.rpartition("$")[0].rpartition("$")[0] for each in compared}
    assert len(costs) == 1, "the same parameters"


def test_the_nobody_hash_is_no_way_in(kept):
    assert checking(kept, ("bob", "nobody has this password")) == [None]


def test_a_password_typed_on_another_keyboard_is_the_same(kept):
    async def scene():
        hashing = passwords.Hashing()
        kept.add(people.person("zoe", "Zoë", await hashing.made("Zoe\u0308 12345"), "viewer", []))
        hashing.close()

    asyncio.run(scene())
    assert checking(kept, ("zoe", "Zoë 12345"))[0].name == "zoe"


def test_the_database_holds_no_password(kept, tmp_path):
    checking(kept)
    assert kept.by_name("alice").password.startswith("$argon2id$")
    with sqlite3.connect(tmp_path / "store.db") as connection:
        assert "correct horse" not in "\n".join(connection.iterdump())


def test_a_hash_of_an_older_dashops_is_made_anew(kept):
    import argon2

    weak = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    kept.add(people.person("alice", "Alice", weak.hash("correct horse"), "author", ["sales"]))
    assert checking(kept, ("alice", "correct horse")) == [ALICE]
    assert "m=1024" not in kept.by_name("alice").password
    assert checking(kept, ("alice", "correct horse")) == [ALICE]


def test_a_crowd_of_strangers_is_sent_away_and_whoever_was_here_is_not():
    async def scene():
        hashing = passwords.Hashing()
        strangers = [hashing.right(None, "guess", known=False) for _ in range(30)]
        answers = asyncio.gather(*strangers, return_exceptions=True)
        await asyncio.sleep(0)
        right = await hashing.right(passwords._nobody(), "nobody has this password", known=True)
        told = await answers
        hashing.close()
        return right, [type(each) for each in told]

    right, told = asyncio.run(scene())
    assert right
    assert told.count(passwords.Busy) == 30 - passwords.WAITING


# Names and roles


@pytest.mark.parametrize(
    "name", ["", " ", "/gate", "a/b", "a\nb", "x" * 300, "\0", " bob", "bob\t"]
)
def test_what_could_be_taken_for_something_else_is_no_name(name):
    assert provider.checked(identity.Person(name, "x")) is None


def test_a_name_of_another_provider_is_kept_as_it_is():
    for name in ("Bob", "bob@example.com", "Zoë Müller", "EXAMPLE\\bob", "a"):
        assert provider.checked(identity.Person(name, "")).name == name
        assert provider.checked(identity.Person(name, "")).display == name


def test_roles_come_from_settings_unless_the_provider_knows_them():
    person = identity.Person("bob", "Bob", frozenset({"ops"}))
    assert provider.role(person, ["group:ops"], ["bob"]) == "operator"
    assert provider.role(person, ["ops"], ["bob"]) == "author"
    assert provider.role(person, [], []) == "viewer"
    assert provider.role(ALICE, ["alice"], []) == "author", "as the provider says"
