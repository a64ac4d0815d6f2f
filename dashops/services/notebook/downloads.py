"""Files that entries made: each is fetched by its author, once, and deleted in any case."""

import asyncio
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from tornado import iostream, web

from dashops import bundlers

KEPT = 600
"""Seconds that a file waits to be fetched; browsers ask for it at once."""

CHUNK = 2**18  # bytes


@dataclass(frozen=True)
class Kept:
    """A file, whose it is, and the folder that is removed with it."""

    download: bundlers.Download
    user: str
    folder: Path


class Downloads:
    """What waits to be fetched, by keys that nobody can guess; gone when the server ends."""

    def __init__(self, seconds: float = KEPT) -> None:
        self._seconds = seconds
        self._root = tempfile.TemporaryDirectory(prefix="dashops-")
        self._kept: dict[str, Kept] = {}

    def folder(self) -> Path:
        """A new empty folder for an entry to work in."""
        return Path(tempfile.mkdtemp(dir=self._root.name))

    def keep(self, download: bundlers.Download, user: str, folder: Path) -> str:
        """Keep a file for a user, and its folder; the key is what he fetches it with."""
        key = secrets.token_urlsafe(32)
        self._kept[key] = Kept(download, user, folder)
        asyncio.get_running_loop().call_later(self._seconds, self._forget, key)
        return key

    def take(self, key: str, user: str) -> Kept | None:
        """What a key of this user stands for, no longer kept: who takes it lets go of it."""
        kept = self._kept.get(key)
        return self._kept.pop(key) if kept and kept.user == user else None

    def _forget(self, key: str) -> None:
        if kept := self._kept.pop(key, None):
            let_go(kept)


def let_go(kept: Kept) -> None:
    """Delete a file and the folder its entry worked in."""
    kept.download.file.unlink(missing_ok=True)
    shutil.rmtree(kept.folder, ignore_errors=True)


class Download(JupyterHandler):
    """The file that an entry made, for its author's browser."""

    auth_resource = "contents"

    @web.authenticated
    @authorized
    async def get(self, key: str) -> None:
        """The file, once."""
        kept = self.settings["dashops_downloads"].take(key, self.current_user.username)
        if kept is None:
            raise web.HTTPError(404, "This file was fetched already, or nobody did in time")
        try:
            with kept.download.file.open("rb") as file:
                name = quote(kept.download.name, safe="")
                self.set_header("Content-Type", "application/octet-stream")
                self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{name}")
                self.set_header("X-Content-Type-Options", "nosniff")
                self.set_header("Cache-Control", "no-store")
                while chunk := file.read(CHUNK):
                    self.write(chunk)
                    await self.flush()
        except FileNotFoundError as error:
            raise web.HTTPError(404, "This file is gone") from error
        except iostream.StreamClosedError:
            self.log.info("an author broke off a download")
        finally:
            let_go(kept)
