"""People with passwords of their own, kept in the store; it answers all wrong ones alike."""

import asyncio

from dashops.services.dashboard.identity.provider import Means, Person
from dashops.services.dashboard.store.people import Kept


class Local:
    """Compares with the hash of whoever has that name, in any case of letters."""

    def __init__(self, means: Means) -> None:
        self._people, self._hashing = means.people, means.hashing

    async def check(self, name: str, password: str, *, known: bool) -> Person | None:
        """Who that is; a name nobody has takes as long as a wrong password."""
        found: Kept | None = await asyncio.to_thread(self._people.by_name, name.strip().lower())
        good = found is not None and not found.disabled
        stored = found.password if found and good else None
        if not await self._hashing.right(stored, password, known=known) or found is None:
            return None
        if renewed := await self._hashing.renewed(found.password, password):
            await asyncio.to_thread(self._people.change, found.name, {"password": renewed})
        return Person(found.name, found.display, frozenset(found.groups), found.role)
