"""Scripts, styles and fonts of pages, under an address that changes when any of them does."""

import asyncio
import contextlib
import functools
import gzip
import hashlib
import mimetypes
import os
from collections.abc import Iterable
from pathlib import Path

from jupyter_server.base.handlers import FileFindHandler
from tornado import web
from voila.static_file_handler import MultiStaticFileHandler, TemplateStaticFileHandler

from dashops.services.dashboard import sandbox

PREFIX = r"/v-(?:[0-9]-)?[0-9a-f]{16}"  # of whatever version: a page of an earlier one may be open
SQUEEZED = (".js", ".css", ".svg", ".json")
BINARY = "application/octet-stream"


def version(folders: Iterable[str], instance: str = "") -> str:
    """The path of the public files as they are in these folders now: ``/v-0123456789abcdef/``.

    Browsers keep what is below it for good, so it changes when any file does. Of several servers
    the ``instance`` comes first, as in keys of pages, so that a page gets the files of its own.
    """
    seen = hashlib.sha256()
    for folder in folders:
        for place, inner, files in os.walk(folder, followlinks=True):
            inner.sort()
            for name in sorted(files):
                with contextlib.suppress(OSError):  # a link to nothing is never sent
                    about = Path(place, name).stat()
                    seen.update(f"{place}/{name} {about.st_size} {about.st_mtime_ns}\n".encode())
    return f"/v-{instance}{'-' * bool(instance)}{seen.hexdigest()[:16]}/"


@functools.lru_cache(maxsize=2000)
def _squeezed(path: str, changed: int) -> bytes:  # noqa: ARG001 a file that changed is another one
    """A file in a third of its size."""
    return gzip.compress(Path(path).read_bytes(), 6)


class Public(sandbox.Content, web.StaticFileHandler):
    """Scripts, styles and fonts, the same for everybody; sandboxed pages may read them."""

    def set_default_headers(self) -> None:
        """Anybody may read these."""
        super().set_default_headers()
        self.set_header("Access-Control-Allow-Origin", "*")

    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002 Tornado's signature
        """And keep them: what changes has another address."""
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")

    async def get(self, path: str, include_body: bool = True) -> None:  # noqa: FBT001, FBT002
        """Send a file, squeezed where that is worth it.

        Browsers keep nothing for a page without an origin, which fetches all of them each time.
        """
        accepted = self.request.headers.get("Accept-Encoding", "")
        if not (include_body and "gzip" in accepted and path.endswith(SQUEEZED)):
            await super().get(path, include_body)
            return
        self.path = self.parse_url_path(path)
        wanted = self.get_absolute_path(self.root, self.path)  # may find another root
        self.absolute_path = found = self.validate_absolute_path(self.root, wanted)
        if found is None:
            return
        self.set_header("Content-Type", mimetypes.guess_type(found)[0] or BINARY)
        self.set_header("Content-Encoding", "gzip")
        self.set_header("Vary", "Accept-Encoding")
        self.set_extra_headers(path)
        changed = Path(found).stat().st_mtime_ns
        self.finish(await asyncio.to_thread(_squeezed, found, changed))


class TemplateFile(Public, TemplateStaticFileHandler):
    """Of Voilà's templates."""


class StaticFile(Public, MultiStaticFileHandler):
    """Of Voilà itself."""


class ExtensionFile(Public, FileFindHandler):
    """Of widget packages."""
