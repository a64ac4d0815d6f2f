"""What a viewer has asked of his kernel and it has not done yet; it sends and judges nothing."""

import asyncio

BYTES = 32 * 2**20  # as much as three of the largest frames
MESSAGES = 2000  # a page that follows the mouse sends a hundred a second


class Pending:
    """Messages on their way. Without a bound they would pile up in gateway and kernel."""

    def __init__(self) -> None:
        self._channels: dict[str, dict[str, int]] = {}
        self._room = asyncio.Event()
        self._room.set()

    def sent(self, channel: str, message: str, size: int) -> bool:
        """Count a message of so many bytes; false, and nothing, if one has that id already."""
        if any(message in each for each in self._channels.values()):
            return False
        self._channels.setdefault(channel, {})[message] = size
        self._look()
        return True

    def done(self, message: str) -> None:
        """The kernel is done with a message, and so with those before it on its channel."""
        for sent in self._channels.values():
            if message not in sent:
                continue
            for each in list(sent):
                del sent[each]
                if each == message:
                    break
        self._look()

    async def room(self) -> None:
        """Wait until there is room for one more."""
        await self._room.wait()

    def give_up(self) -> None:
        """Nobody waits any more, as the connection ended."""
        self._channels.clear()
        self._look()

    def _look(self) -> None:
        sizes = [size for sent in self._channels.values() for size in sent.values()]
        if len(sizes) < MESSAGES and sum(sizes) < BYTES:
            self._room.set()
        else:
            self._room.clear()
