"""The part of the API that gives a backup of the store and takes one; both by way of the disk."""

import asyncio
import uuid
from pathlib import Path
from typing import BinaryIO

from tornado import http1connection, iostream, web

from dashops import errors
from dashops.services.dashboard import api
from dashops.services.dashboard.store import copies

CHUNK = 2**20
ANY = 2**50  # bytes: a backup may have any size that the disk holds


class Backup(api.Api):
    """All dashboards as one file."""

    async def get(self) -> None:
        """Write it aside and send it, so that its size is known and half of one is noticed."""
        if self.refused():
            return
        self.note_first("backup")
        kept = self.settings["store"]
        path = kept.incoming / uuid.uuid4().hex
        try:
            await asyncio.to_thread(copies.take, kept, path)
            self.set_header("Content-Type", "application/zip")
            self.set_header("Content-Length", str(path.stat().st_size))
            with path.open("rb") as file:
                while chunk := await asyncio.to_thread(file.read, CHUNK):
                    self.write(chunk)
                    await self.flush()
        except iostream.StreamClosedError:
            return
        except OSError as error:
            self.fail(507, f"the backup cannot be made: {error.strerror}", "free some disk space")
        finally:
            path.unlink(missing_ok=True)


@web.stream_request_body
class Restore(api.Api):
    """Brings in a backup."""

    def prepare(self) -> None:
        """Take the body to disk, if the sender may send one."""
        super().prepare()
        self._path: Path = self.settings["store"].incoming / uuid.uuid4().hex
        self._file: BinaryIO | None = None
        if self.refusal is None:
            self._file = self._path.open("xb")
            if isinstance(self.request.connection, http1connection.HTTP1Connection):
                self.request.connection.set_max_body_size(ANY)

    def data_received(self, chunk: bytes) -> None:
        """Keep the body, or throw it away when it is refused anyway."""
        if self._file is None:
            return
        try:
            self._file.write(chunk)
        except OSError as error:
            text = f"the server cannot store it: {error.strerror}"
            self.refusal = (507, text, "free some disk space")
            self._end()

    async def post(self) -> None:
        """Restore all of it or nothing."""
        if self._file:
            self._file.close()
        if self.refused():
            return
        kept, limit = self.settings["store"], self.settings["upload_limit"]
        try:
            names = await asyncio.to_thread(copies.restore, kept, self._path, limit)
        except errors.SpecError as error:
            self.fail(400, error.message, error.hint)
        except errors.DashopsError as error:
            self.fail(409, error.message, error.hint)
        except OSError as error:
            text = f"the server cannot store it: {error.strerror}"
            self.fail(507, text, "free some disk space")
        else:
            self.note("restore", dashboards=names)
            self.finish({"dashboards": names})
        finally:
            self._end()
            self.settings["collect"]()

    def on_connection_close(self) -> None:
        """A sender who went away leaves nothing."""
        self._end()

    def on_finish(self) -> None:
        """Nothing stays of the body."""
        self._end()

    def _end(self) -> None:
        if self._file:
            self._file.close()
            self._file = None
            self._path.unlink(missing_ok=True)
