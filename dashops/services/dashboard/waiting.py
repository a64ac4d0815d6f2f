"""What viewers see while they wait for a place; who gets one, and when, decides admission.py."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from jupyter_server.auth import User
from tornado import iostream

from dashops.services.dashboard import (
    addresses,
    admission,
    events,
    gateways,
    kernels,
    pages,
    store,
)

AGAIN = 10  # seconds after which who runs no scripts may ask again; less than admission.GONE
PATIENCE = 1.0  # seconds that the first one waits for a page that is closed just now
TOGETHER = 0.05  # seconds within which all changes are one news: a crowd comes at once
# A browser has six connections to a server for all its tabs. Those beyond these ask again instead.
STREAMS, RETURN = 3, 5000  # of one viewer; milliseconds
REASONS = {
    "viewers": "All places are taken right now.",
    "dashboard": "All places of this dashboard are taken right now.",
    "user": "You have {taken} open, and that is as many as one viewer may have.",
    "memory": "The machine has no memory left for one more page.",
    "kernels": "The machine runs as many pages as it can right now.",
}


@dataclass(frozen=True)
class Told:
    """Where somebody stands, in his words; ``title`` is what his tab says."""

    place: str
    reason: str
    title: str


def words(standing: admission.Standing) -> Told:
    """What to tell who stands there."""
    number = standing.ahead + 1
    taken = "1 page" if standing.taken == 1 else f"{standing.taken} pages"
    reason = REASONS[standing.reason].format(taken=taken)
    if standing.reason == "user" and not standing.crowded:
        # Only his own pages are ahead of this one.
        reason += (
            " Close one, and this one opens." if number == 1 else " Close one, and the next opens."
        )
        place = "This page is next" if number == 1 else f"This page is number {number} of yours"
    else:
        place = "You are next" if number == 1 else f"You are number {number} in the queue"
    return Told(place, reason, "Next" if number == 1 else f"Number {number}")


class Room:
    """Where pages wait until something changes in an admission."""

    def __init__(self, queue: admission.Admission) -> None:
        self.queue = queue
        self.streams: Counter[str] = Counter()
        self._news = asyncio.Event()
        self._due = False
        queue.changed = self._tell

    async def news(self, seconds: float) -> bool:
        """Wait until something changes, or that long; whether something did."""
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self._news.wait(), seconds)
        return False

    async def turn(self, ticket: admission.Ticket) -> bool:
        """Take the place of a ticket, if it has one now or, being the first, in a moment."""
        until = asyncio.get_running_loop().time() + PATIENCE
        while not self.queue.claim(ticket):
            standing = self.queue.standing(ticket.owner, ticket.key)
            left = until - asyncio.get_running_loop().time()
            if standing is None or standing.ahead or left <= 0:
                return False
            await self.news(left)
        return True

    def _tell(self) -> None:
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_later(TOGETHER, self._spread)

    def _spread(self) -> None:
        self._due = False
        self._news.set()
        self._news = asyncio.Event()


async def admitted(
    page: pages.Page,
    revision: store.Revision,
    key: str,
    start: Callable[[], Awaitable[kernels.ViewerKernel]],
) -> kernels.ViewerKernel | None:
    """The kernel of a visit, or none: then the page was answered with how long its queue is.

    ``key`` says which page it is; raises what ``start`` raises, but ``gateways.Full``.
    """
    room: Room = page.settings["waiting"]
    ticket = room.queue.enter(admission.payer(page.current_user.username), revision.name, key)
    if not await room.turn(ticket):
        _show(page, revision, ticket)
        return None
    try:
        kernel = await start()
    except gateways.Full as full:
        room.queue.refused(ticket, full.cause)
        _show(page, revision, ticket)
        return None
    except BaseException:
        room.queue.failed(ticket)
        raise
    room.queue.opened(ticket)
    return kernel


def _show(page: pages.Page, revision: store.Revision, ticket: admission.Ticket) -> None:
    room: Room = page.settings["waiting"]
    # Another tab may have taken its place just now: this page then hears that it may try again.
    standing = room.queue.standing(ticket.owner, ticket.key) or admission.Standing(0, "viewers")
    page.set_status(503)
    page.set_header("Retry-After", AGAIN)
    page.show(
        "waiting.html",
        dashboard=revision,
        told=words(standing),
        again=AGAIN,
        events=f"/_waiting/{ticket.key}",
    )


class Events(pages.Page):
    """Tells a page that waits where it stands."""

    _left: Callable[[], None] | None = None

    def stranger(self) -> User | None:
        """Who waits, if he has not logged in and need not."""
        address = addresses.sender(self.settings, self.request)
        return self.settings["door"].stranger(self.path_args[0], address)

    async def get(self, key: str) -> None:
        """Stream events ``place`` and, as the last one, ``ready``: load the page again."""
        room: Room = self.settings["waiting"]
        owner = admission.payer(self.current_user.username)
        events.begin(self)
        many = room.streams[owner] >= STREAMS
        self._come(room, owner, key)
        try:
            if many:
                self.write(f"retry: {RETURN}\n\n")
            told = None
            while standing := room.queue.standing(owner, key):
                if told != (told := words(standing)):
                    self.write(f"event: place\ndata: {json.dumps(asdict(told))}\n\n")
                    await self.flush()
                if many:
                    return
                if not await room.news(events.SILENCE):
                    self.write(events.STILL_HERE)
                    await self.flush()
            self.write("event: ready\ndata: {}\n\n")
        except iostream.StreamClosedError:
            return
        finally:
            self.on_connection_close()

    def on_connection_close(self) -> None:
        """The page went away, or was told that it may go on."""
        if self._left:
            self._left()
            self._left = None

    def _come(self, room: Room, owner: str, key: str) -> None:
        def left() -> None:
            room.queue.page_left(owner, key)
            room.streams[owner] -= 1
            if not room.streams[owner]:
                del room.streams[owner]

        room.queue.page_came(owner, key)
        room.streams[owner] += 1
        self._left = left
