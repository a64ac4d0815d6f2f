"""Logins: made with a new secret, found again by it, ended; the store has only hashes of them."""

import asyncio
import contextlib
import hashlib
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from dashops.services.dashboard import store
from dashops.services.dashboard.identity.provider import Person
from dashops.services.dashboard.store.people import Login, People

REMEMBERED = 10_000  # logins in memory; others are read again
NOTED = 60  # seconds between notes in the store of who was seen
PREFIX = 16  # characters of an id that name a login elsewhere


@dataclass
class Session:
    """A login that is good; moments are seconds since 1970."""

    id: str
    person: Person
    seen: float
    expires: float
    noted: float = field(default=0.0)

    @property
    def login(self) -> str:
        """What names it elsewhere; nobody can make its cookie from that."""
        return self.id[:PREFIX]


class Sessions:
    """The logins of one server, which is the only one that uses its store.

    ``idle`` and ``lifetime`` in seconds: how long a login lasts unused, and at all.
    """

    def __init__(
        self,
        people: People,
        provider: str,
        idle: int,
        lifetime: int,
        log: logging.Logger,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._people, self._provider, self._clock, self._log = people, provider, clock, log
        self._idle, self._lifetime = idle, lifetime
        self._known: OrderedDict[str, Session] = OrderedDict()
        self._endings = 0
        self._swept = clock()

    async def begin(self, person: Person, address: str) -> str:
        """The cookie of a new login. Raises Unavailable."""
        value = secrets.token_urlsafe(32)
        now = self._clock()
        made = Session(_id(value), person, now, now + self._lifetime, now)
        await asyncio.to_thread(self._people.keep, self._row(made, address))
        self._remember(made)
        return value

    async def find(self, value: str) -> Session | None:
        """The login of a cookie, unless it is none or over; it is seen by that."""
        login_id = _id(value)
        found = self._known.get(login_id)
        while found is None:
            endings = self._endings
            row = await asyncio.to_thread(self._people.login, login_id)
            if row is None or row.provider != self._provider:
                return None
            # One that ended while it was read must not come back.
            found = self._session(row) if endings == self._endings else None
        if self._over(found):
            return None
        found.seen = self._clock()
        self._remember(found)
        return found

    async def end(self, login: str) -> None:
        """End the login of that name. Raises Unavailable, and it is then over until a restart."""
        for found in [each for each in self._known.values() if each.login == login]:
            found.expires = 0.0
            await asyncio.to_thread(self._people.end, found.id)
            self._endings += 1
            self._known.pop(found.id, None)

    async def end_all(self, user: str) -> list[str]:
        """End all logins of a person; their names."""
        for found in self._known.values():
            if found.person.name == user:
                found.expires = 0.0
        ended = await asyncio.to_thread(self._people.end_all, user)
        self._endings += 1
        for login_id in ended:
            self._known.pop(login_id, None)
        return [login_id[:PREFIX] for login_id in ended]

    def over(self, used: Mapping[str, float]) -> set[str]:
        """Which of these logins are over; ``used`` says how many seconds ago each was used.

        Whoever moves a slider all day is not idle, though he asks for no page.
        """
        now, known = self._clock(), {each.login: each for each in self._known.values()}
        for login, ago in used.items():
            if login in known:
                known[login].seen = max(known[login].seen, now - ago)
        return {login for login in used if login in known and self._over(known[login])}

    async def gone(self, logins: Collection[str]) -> set[str]:
        """Which of these logins are known here and in the store no longer. Raises Unavailable."""
        known = [each for each in self._known.values() if each.login in logins]
        found = set()
        for each in known:
            if await asyncio.to_thread(self._people.login, each.id) is None:
                found.add(each.login)
                self._known.pop(each.id, None)
        return found

    async def sweep(self) -> None:
        """Note who was seen and forget what is over, at most once a minute."""
        now = self._clock()
        if now - self._swept < NOTED:
            return
        self._swept = now
        fresh = {key: each for key, each in self._known.items() if each.seen > each.noted}
        seen = {key: int(each.seen) for key, each in fresh.items()}
        with contextlib.suppress(store.Unavailable):  # then the next time
            await asyncio.to_thread(self._people.note, seen, int(now), self._idle)
            for each in fresh.values():
                each.noted = now
        for key in [key for key, each in self._known.items() if self._over(each)]:
            del self._known[key]

    def addresses(self) -> Collection[tuple[str, str]]:
        """Who is logged in from where, as the store knows it."""
        found = self._people.logins()
        return [(each.user, each.address) for each in found if each.provider == self._provider]

    def _remember(self, session: Session) -> None:
        self._known[session.id] = session
        self._known.move_to_end(session.id)
        while len(self._known) > REMEMBERED:
            _, old = self._known.popitem(last=False)
            # It was seen, which the store may not know yet; it then lasts a minute less.
            self._log.debug("a login of %s is read again when it is used", old.person.name)

    def _over(self, session: Session) -> bool:
        now = self._clock()
        return now >= session.expires or now - session.seen >= self._idle

    def _row(self, made: Session, address: str) -> Login:
        person = made.person
        return Login(
            made.id,
            person.name,
            person.display,
            tuple(sorted(person.groups)),
            person.role,
            self._provider,
            int(made.seen),
            int(made.seen),
            int(made.expires),
            address[:64],
        )

    def _session(self, row: Login) -> Session:
        person = Person(row.user, row.display, frozenset(row.groups), row.role)
        return Session(row.id, person, row.seen, row.expires, row.seen)


def _id(value: str) -> str:
    # 256 random bits need no slow hash: nobody guesses one.
    return hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()
