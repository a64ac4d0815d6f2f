"""Servers that take turns: whether another one serves visitors now, and what this one then does.

Each reads in ``shift.toml`` whose turn it is. The one before goes on until the next one is ready;
then nobody new is sent to it, and it keeps the pages it has until they are left or their time is
over. What is in the store may be changed by both for that while.
"""

import contextlib
import fcntl
import os
import tomllib
from collections.abc import Mapping
from typing import Any

from tornado import httpclient, web

from dashops.services.dashboard import config, identity, store

PATIENCE = 5  # seconds in which the next server has to say that it is ready


class Shifts:
    """Whose turn it is, for one of several servers."""

    def __init__(self, settings: Mapping[str, Any], log: Any) -> None:
        self._settings = settings
        self._log = log
        self._config: config.Config = settings["kernel_manager"].settings

    @property
    def several(self) -> bool:
        """Whether there can be another one."""
        return self._config.shift_file is not None

    def alone(self) -> bool:
        """Whether no other server uses the store now; from now on this one does."""
        # Held until the process ends.
        self._use = os.open(self._config.store / "in-use", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._use, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        finally:
            fcntl.flock(self._use, fcntl.LOCK_SH)
        return True

    @property
    def over(self) -> bool:
        """Whether visitors are sent to another server."""
        return bool(self._settings["kernel_manager"].replaced)

    @property
    def busy(self) -> int:
        """Pages and deploys that would be lost if this server ended now."""
        return len(self._settings["kernel_manager"].visits) + int(self._settings["deploys"].number)

    async def look(self) -> bool:
        """See whether anything has changed; whether this server's turn begins with that."""
        if self._config.shift_file is None:
            return False
        try:
            found = config.shift(self._config.shift_file)
        except (OSError, KeyError, TypeError, tomllib.TOMLDecodeError) as error:
            self._log.warning("`%s` cannot be read: %r", self._config.shift_file, error)
            return False
        self._settings["gateways"].change(found.gateways)
        await self._settings["gateways"].greet()
        # The other one may have changed what this one remembers.
        self._settings["store"].forget()
        mine = found.instance == self._config.instance
        if self.over and mine:
            self._log.info("visitors are sent here again")
            self._settings["kernel_manager"].replaced = False
            return True
        if not self.over and not mine and await self._ready(found.url):
            self._log.info("server %s serves visitors now", found.instance)
            self._settings["kernel_manager"].replaced = True
            await self._settings["serving"].close()
            await self._settings["serving"].rest()
        return False

    async def watch(self) -> None:
        """While another one serves: end the pages of whoever logged out or may not see them."""
        with contextlib.suppress(store.Unavailable):
            visits = self._settings["kernel_manager"].visits
            for name in {visit.revision.name for visit in visits}:
                await self._settings["door"].close(name)
            await identity.gone(self._settings)

    async def _ready(self, url: str) -> bool:
        try:
            answer = await httpclient.AsyncHTTPClient().fetch(
                f"{url}/readyz", request_timeout=PATIENCE, raise_error=False
            )
        except (OSError, httpclient.HTTPError):
            return False
        return bool(answer.code == 200)


class Serving(web.RequestHandler):
    """Whether visitors are to be sent to this server, for the proxy before it."""

    def get(self) -> None:
        """200, or 503 when another one has taken its place."""
        over = self.settings["shifts"].over
        self.set_status(503 if over else 200)
        self.finish({"status": "another one serves" if over else "serving"})
