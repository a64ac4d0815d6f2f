"""Servers that take turns: whether another one serves visitors now, and what this one then does.

Whose turn it is stands in the store, and is changed by who has checked the server that shall be
next (``Turn``). The one before goes on until the next one is ready; then nobody new is sent to it,
and it keeps the pages it has until they are left or their time is over. A server whose turn it is
not serves all the same while the other one does not answer. What is in the store may be changed by
both for that while.
"""

import contextlib
import fcntl
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tornado import httpclient, web

from dashops.services.dashboard import api, config, identity, store

PATIENCE = 5  # seconds in which another server has to say that it is ready
MISSED = 3  # times it may not, until this one serves in its place
GONE = 60  # times it may not after that, until this one has its turn
FILE = "turn"


class Shifts:
    """Whose turn it is, for one of several servers."""

    def __init__(self, settings: Mapping[str, Any], log: Any) -> None:
        """A server that starts beside another one whose turn it is waits for its own."""
        self._settings = settings
        self._log = log
        self._config: config.Config = settings["kernel_manager"].settings
        self._missed = 0
        self._begun = False
        if self.several:
            settings["kernel_manager"].replaced = self.turn not in ("", self._config.instance)

    @property
    def several(self) -> bool:
        """Whether there can be another one."""
        return self._config.shift_file is not None

    @property
    def turn(self) -> str:
        """The server whose turn it is, empty where nobody said so yet."""
        with contextlib.suppress(FileNotFoundError):
            return self._file.read_text().strip()
        return ""

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

    def take(self) -> None:
        """Visitors are sent here from now on; OSError when the store cannot be written."""
        draft = self._file.with_name(f".{FILE}-{self._config.instance}")
        draft.write_text(self._config.instance)
        draft.replace(self._file)
        self._serve()

    async def look(self) -> bool:
        """See whether anything has changed; whether this server's turn has begun since the last."""
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
        try:
            await self._take_turns(found)
        except OSError as error:
            self._log.warning("whose turn it is cannot be kept: %r", error)
        begun, self._begun = self._begun, False
        return begun

    async def watch(self) -> None:
        """While another one serves: end the pages of whoever logged out or may not see them."""
        with contextlib.suppress(store.Unavailable):
            visits = self._settings["kernel_manager"].visits
            for name in {visit.revision.name for visit in visits}:
                await self._settings["door"].close(name)
            await identity.gone(self._settings)

    async def _take_turns(self, found: config.Shift) -> None:
        turn, own = self.turn, self._config.instance
        wanted = found.instance == own
        if turn == own or not (turn or self.over):
            if not turn and wanted:
                self.take()
            self._serve()
        elif await self._ready(found.servers.get(turn, "")):
            self._missed = 0
            if not self.over:
                self._log.info("server %s serves visitors now", turn)
                self._settings["kernel_manager"].replaced = True
                await self._settings["serving"].close()
                await self._settings["serving"].rest()
        elif self.over:
            self._missed += 1
            if self._missed >= MISSED:
                self._log.warning("server %s does not answer, so visitors are sent here", turn)
                self._serve()
        elif wanted:
            self._missed += 1
            if self._missed >= GONE:
                self.take()

    def _serve(self) -> None:
        if self.over:
            self._log.info("visitors are sent here")
            self._settings["kernel_manager"].replaced = False
            self._begun = True
        self._missed = 0

    async def _ready(self, url: str) -> bool:
        try:
            answer = await httpclient.AsyncHTTPClient().fetch(
                f"{url}/readyz", request_timeout=PATIENCE, raise_error=False
            )
        except (OSError, ValueError, httpclient.HTTPError):
            return False
        return bool(answer.code == 200)

    @property
    def _file(self) -> Path:
        return self._config.store / FILE


class Serving(web.RequestHandler):
    """Whether visitors are to be sent to this server, for the proxy before it."""

    def get(self) -> None:
        """200, or 503 when another one has taken its place."""
        over = self.settings["shifts"].over
        self.set_status(503 if over else 200)
        self.finish({"status": "another one serves" if over else "serving"})


class Turn(api.Api):
    """Whose turn it is; for `dashops up`, which has checked the next one."""

    def get(self) -> None:
        """Which server answers, and which one visitors are sent to."""
        if not self.refused():
            self._say()

    def put(self) -> None:
        """Send visitors to the server that answers."""
        if self.refused():
            return
        shifts: Shifts = self.settings["shifts"]
        if not shifts.several:
            self.fail(409, "there is no other dashboard server here")
            return
        self.note_first("turn", server=self._own)
        shifts.take()
        self._say()

    @property
    def _own(self) -> str:
        return str(self.settings["kernel_manager"].settings.instance)

    def _say(self) -> None:
        self.finish({"server": self._own, "turn": self.settings["shifts"].turn})
