"""What a page gets when it may open and when it has to wait, without a server."""

import asyncio
from types import SimpleNamespace

import pytest
from jupyter_server.auth import User
from tornado import web

from dashops.services.dashboard import admission, gateways, waiting


class Page:
    """Somebody's request; ``template`` is what it was answered with."""

    def __init__(self, room, owner):
        self.settings = {"waiting": room}
        self.current_user = User(username=owner)
        self.headers = {}
        self.status, self.template, self.told = 200, None, None

    def set_status(self, status):
        self.status = status

    def set_header(self, name, value):
        self.headers[name] = value

    def show(self, template, told, **_):
        self.template, self.told = template, told


class House:
    """One dashboard with some places, and what its gateway says."""

    def __init__(self, monkeypatch, places):
        monkeypatch.setattr(waiting, "PATIENCE", 0.05)
        self.taken = []
        limits = admission.Limits(places, per_user=2)
        self.queue = admission.Admission(limits, lambda: self.taken)
        self.room = waiting.Room(self.queue)
        self.failure = None

    async def visit(self, owner):
        page = Page(self.room, owner)

        async def start():
            if self.failure:
                raise self.failure
            self.taken.append((owner, "sales"))
            return "kernel"

        revision = SimpleNamespace(name="sales", title="Sales")
        page.kernel = await waiting.admitted(page, revision, "sales", start)
        return page

    def leave(self, owner):
        self.taken.remove((owner, "sales"))
        self.queue.ended()


@pytest.fixture
def house(monkeypatch):
    return House(monkeypatch, places=1)


def test_who_has_to_wait_is_told_when_to_ask_again(house):
    async def scene():
        assert (await house.visit("ann")).kernel == "kernel"
        bob, cleo = await house.visit("bob"), await house.visit("cleo")
        assert (bob.status, bob.template, bob.kernel) == (503, "waiting.html", None)
        assert int(bob.headers["Retry-After"]) < admission.GONE
        assert [each.told.place for each in (bob, cleo)] == [
            "You are next",
            "You are number 2 in the queue",
        ]

    asyncio.run(scene())


def test_the_first_gets_the_place_of_a_page_that_closes_just_then(house, monkeypatch):
    async def scene():
        monkeypatch.setattr(waiting, "PATIENCE", 60)
        await house.visit("ann")
        again = asyncio.ensure_future(house.visit("ann"))
        await asyncio.sleep(0)
        house.leave("ann")
        assert (await again).kernel == "kernel"

    asyncio.run(scene())


@pytest.mark.parametrize("cause", ["memory", "kernels"])
def test_a_full_gateway_makes_a_viewer_wait_in_front(monkeypatch, cause):
    house = House(monkeypatch, places=9)

    async def scene():
        house.failure = gateways.Full(cause)
        first, second = await house.visit("ann"), await house.visit("bob")
        assert (first.status, first.told.place) == (503, "You are next")
        assert first.told.reason == waiting.REASONS[cause]
        assert second.told.place == "You are number 2 in the queue"
        house.failure = None
        house.queue.ended()
        assert (await house.visit("bob")).kernel is None
        assert (await house.visit("ann")).kernel == "kernel"
        assert (await house.visit("bob")).kernel == "kernel"

    asyncio.run(scene())


def test_a_gateway_that_is_gone_is_an_error_as_before_and_takes_no_place(house):
    async def scene():
        house.failure = web.HTTPError(503)
        with pytest.raises(web.HTTPError):
            await house.visit("ann")
        house.failure = None
        assert (await house.visit("bob")).kernel == "kernel"

    asyncio.run(scene())


def test_who_has_many_pages_open_is_told_to_close_one(monkeypatch):
    house = House(monkeypatch, places=9)

    async def scene():
        await house.visit("ann")
        await house.visit("ann")
        told = (await house.visit("ann")).told
        assert told.place == "This page is next"
        assert told.reason.startswith("You have 2 pages open")
        assert told.reason.endswith("Close one, and this one opens.")

    asyncio.run(scene())


def test_nobody_is_told_to_close_a_page_that_another_one_would_get():
    told = waiting.words(admission.Standing(2, "user", 1, crowded=True))
    assert told.place == "You are number 3 in the queue"
    assert told.reason == "You have 1 page open, and that is as many as one viewer may have."


def test_strangers_of_one_address_wait_in_one_place(house):
    async def scene():
        await house.visit("ann")
        first, again, other = [
            await house.visit(f"{admission.STRANGER}{who}") for who in ("a-1", "a-2", "b-1")
        ]
        assert first.told.place == again.told.place == "You are next", "a reload is no newcomer"
        assert other.told.place == "You are number 2 in the queue"

    asyncio.run(scene())
