"""Who gets a place and who waits for one, in which order; it knows no network and no kernel."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

HOLD = 30.0  # seconds that a place is held for the page whose turn it is
GONE = 30.0  # seconds that a ticket outlives its last page: a reload, a change of network
RETRY = 3.0  # seconds until a gateway that was full is asked again, unless a kernel ended

Thing = tuple[str, str]
ALL: Thing = ("viewers", "")

# Begins the owner of a visit without a login; no person has a name with a slash.
STRANGER = "/anonymous-"


def payer(owner: str) -> str:
    """Who takes the place of a visit in the queue: strangers together by their address."""
    return owner.rpartition("-")[0] if owner.startswith(STRANGER) else owner


@dataclass(frozen=True)
class Limits:
    """Pages that may be open: in all, of one dashboard and of one user; 0 is no limit."""

    viewers: int
    per_dashboard: int = 0
    per_user: int = 0


@dataclass(eq=False)
class Ticket:
    """A wish to open a page; tabs of one viewer for the same ``key`` share one.

    ``seen`` is when a page of it last came or left, ``ready`` since when a place is held for it,
    both in seconds of the clock. ``probe``: whether it was let in to see if there is room again.
    """

    owner: str
    name: str
    key: str
    number: int
    seen: float
    ready: float | None = None
    probe: bool = False

    @property
    def things(self) -> tuple[Thing, Thing, Thing]:
        """What it needs one place of: its own two first."""
        return ("user", self.owner), ("dashboard", self.name), ALL


@dataclass(frozen=True)
class Standing:
    """How many come before a ticket, and why it waits.

    ``reason`` is user, dashboard or viewers for a limit that is reached, of which ``taken`` places
    are taken; memory or kernels when it is the gateways that are full. ``crowded``: when it is a
    limit of its own, whether there would be no place for anybody else either.
    """

    ahead: int
    reason: str
    taken: int = 0
    crowded: bool = False


class Admission:
    """The queue in front of all dashboards.

    ``taken`` lists owner and dashboard of each place in use. ``changed`` is called whenever a
    ticket may stand elsewhere than before.
    """

    def __init__(
        self,
        limits: Limits,
        taken: Callable[[], Iterable[tuple[str, str]]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = {
            "viewers": limits.viewers,
            "dashboard": limits.per_dashboard,
            "user": limits.per_user,
        }
        self._taken = taken
        self._clock = clock
        self._number = 0
        self._queue: dict[tuple[str, str], Ticket] = {}
        self._opening: set[Ticket] = set()
        self._pages: Counter[tuple[str, str]] = Counter()
        self._standings: dict[Ticket, Standing] = {}
        self._full = ""  # of what; as long as it says so, they are asked for one kernel at a time
        self._retry = 0.0
        self.changed: Callable[[], None] = lambda: None

    def enter(self, owner: str, name: str, key: str = "") -> Ticket:
        """The ticket of a page that wants to open: the one it has, or a new one at the end."""
        ticket = self._queue.get((owner, key or name))
        if ticket is None:
            self._number += 1
            ticket = Ticket(owner, name, key or name, self._number, self._clock())
            self._queue[owner, ticket.key] = ticket
        ticket.seen = self._clock()
        self.settle()
        return ticket

    def claim(self, ticket: Ticket) -> bool:
        """Take the place that is held for a ticket, if one is; then it counts as opening."""
        if ticket.ready is None or self._queue.get((ticket.owner, ticket.key)) is not ticket:
            return False
        del self._queue[ticket.owner, ticket.key]
        ticket.ready = None
        ticket.probe = bool(self._full)
        self._opening.add(ticket)
        return True

    def opened(self, ticket: Ticket) -> None:
        """Its kernel runs, and is listed as taken from now on."""
        self._opening.discard(ticket)
        if ticket.probe:
            self._retry = self._clock()
        self.settle()

    def failed(self, ticket: Ticket) -> None:
        """It could not open, for a reason that waiting does not mend."""
        self._opening.discard(ticket)
        self.settle()

    def refused(self, ticket: Ticket, cause: str) -> None:
        """The gateways were full: it is the first again, and nobody is let in for a while."""
        self._opening.discard(ticket)
        self._full, self._retry = cause, self._clock() + RETRY
        later = self._queue.pop((ticket.owner, ticket.key), None)  # of another tab, meanwhile
        ticket.seen = later.seen if later else self._clock()
        found = sorted([ticket, *self._queue.values()], key=lambda each: each.number)
        self._queue = {(each.owner, each.key): each for each in found}
        for each in found:
            each.ready = None
        self.settle()

    def ended(self) -> None:
        """A kernel ended, whoever's it was."""
        self._retry = self._clock()
        self.settle()

    def page_came(self, owner: str, key: str) -> None:
        """A waiting page is connected from now on."""
        self._pages[owner, key] += 1

    def page_left(self, owner: str, key: str) -> None:
        """A page that was connected is not any more."""
        self._pages[owner, key] -= 1
        if self._pages[owner, key] <= 0:
            del self._pages[owner, key]
        if ticket := self._queue.get((owner, key)):
            ticket.seen = self._clock()

    def withdraw(self, owner: str, key: str = "") -> None:
        """Forget one ticket of a viewer, or all of his."""
        for each in list(self._queue.values()):
            if each.owner == owner and key in ("", each.key):
                del self._queue[owner, each.key]
        self.settle()

    def standing(self, owner: str, key: str) -> Standing | None:
        """Where a viewer's ticket stands; none when it need not wait, or is none any more."""
        ticket = self._queue.get((owner, key))
        if ticket is None or ticket.ready is not None:
            return None
        if not self._standings:
            self._standings = self._stand()
        return self._standings[ticket]

    def waiting(self, name: str | None = None) -> int:
        """How many wait: for one dashboard, or for any."""
        found = (each for each in self._queue.values() if each.ready is None)
        return sum(name in (None, each.name) for each in found)

    def settle(self) -> None:
        """Drop tickets whose page is gone and hold what places are free for those in front."""
        now, used = self._clock(), self._drop()
        held = len(self._opening) + sum(each.ready is not None for each in self._queue.values())
        if not self._queue and not held:
            self._full = ""
        for ticket in self._queue.values():
            if self._short(ALL, used) or (self._full and (held or now < self._retry)):
                break
            if ticket.ready is None and not any(self._short(each, used) for each in ticket.things):
                ticket.ready = now
                used.update(ticket.things)
                held += 1
        self._standings = {}
        self.changed()

    def _drop(self) -> Counter[Thing]:
        """Forget who did not come; what is used of each thing then."""
        now = self._clock()
        for at, each in list(self._queue.items()):
            late = each.ready is not None and now - each.ready > HOLD
            if late or (not self._pages[at] and now - each.seen > GONE):
                del self._queue[at]
        return self._used()

    def _used(self) -> Counter[Thing]:
        used: Counter[Thing] = Counter()
        for owner, name in self._taken():
            used.update((("user", owner), ("dashboard", name), ALL))
        held = [each for each in self._queue.values() if each.ready is not None]
        for ticket in [*self._opening, *held]:
            used.update(ticket.things)
        return used

    def _short(self, thing: Thing, used: Counter[Thing]) -> bool:
        limit = self._limits[thing[0]]
        return 0 < limit <= used[thing]

    def _stand(self) -> dict[Ticket, Standing]:
        """Where everybody stands who waits.

        Those ahead who lack a place of their own user or dashboard are in nobody's way but of
        those who lack it too.
        """
        used, found = self._used(), {}
        places = not self._short(ALL, used)
        crowded = not places or bool(self._full)
        lines: Counter[tuple[Thing, ...]] = Counter()
        for ticket in self._queue.values():
            if ticket.ready is not None:
                continue
            own = tuple(each for each in ticket.things[:2] if self._short(each, used))
            before = {own, own[:1], own[1:], ()}
            if own and not crowded:
                before.discard(())
            ahead = sum(lines[each] for each in before)
            lines[own] += 1
            if not own and places and self._full:
                found[ticket] = Standing(ahead, self._full)
            else:
                thing = own[0] if own else ALL
                found[ticket] = Standing(ahead, thing[0], used[thing], bool(own) and crowded)
        return found
