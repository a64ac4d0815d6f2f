"""The part of the API that takes uploads; what becomes of them is in publishing."""

import asyncio

from tornado import http1connection, httputil, web

from dashops import bundle as bundles
from dashops import errors
from dashops.services.dashboard import addresses, api, progress

DRAIN = 2 * 2**30  # bytes of a refused upload that are read and thrown away, to answer politely


@web.stream_request_body
class Notebook(api.Api):
    """One dashboard: publish, look at, remove."""

    def prepare(self) -> None:
        """Decide from the headers alone whether the body is wanted."""
        super().prepare()
        self._chunks: list[bytes] = []
        self._size = 0
        announced = int(self.request.headers.get("Content-Length") or 0)
        if announced > self.settings["upload_limit"]:
            self._too_large(announced)
        if isinstance(self.request.connection, http1connection.HTTP1Connection):
            self.request.connection.set_max_body_size(DRAIN)

    def data_received(self, chunk: bytes) -> None:
        """Keep the body, or throw it away when it is refused anyway."""
        self._size += len(chunk)
        if self._size > self.settings["upload_limit"]:
            self._too_large(self._size)
        if self.refusal:
            self._chunks.clear()
        else:
            self._chunks.append(chunk)

    def get(self, name: str) -> None:
        """Describe it."""
        if self.refused():
            return
        shown = self.settings["store"].active(name)
        if shown is None:
            self.fail(404, f"there is no dashboard `{name}`")
        else:
            self.finish(self.describe(shown))

    def delete(self, name: str) -> None:
        """Unpublish it; whoever has it open may finish."""
        if self.refused():
            return
        if self.settings["store"].revisions(name):
            self.note_first("remove", dashboard=name)
            self.settings["store"].remove(name)
            self.settings["collect"]()
            self.set_status(204)
        else:
            self.fail(404, f"there is no dashboard `{name}`")

    async def post(self, name: str) -> None:
        """Publish a notebook or bundle under that name, if it runs.

        Answers when that is decided or, with ``Prefer: respond-async``, at once with the deploy.
        """
        if self.refused():
            return
        try:
            bundles.check_name(name)
            upload = await self._upload(name)
        except errors.DashopsError as error:
            self.fail(400, error.message, error.hint)
            return
        try:
            running = self.settings["deploys"].start(upload)
        except errors.DashopsError as error:
            self.fail(409, error.message, error.hint)
            return
        if "respond-async" in self.request.headers.get("Prefer", ""):
            self.set_status(202)
            self.set_header("Preference-Applied", "respond-async")
            self.finish({"deploy": running.id})
            return
        outcome = await running.ended()
        self.set_status(outcome.status)
        self.finish(dict(outcome.answer))

    def _too_large(self, size: int) -> None:
        limit = self.settings["upload_limit"]
        self.refusal = self.refusal or (
            413,
            f"the upload has {size / 1e6:.0f} MB, the limit is {limit / 1e6:.0f} MB",
            "leave out what the dashboard does not need, or raise `dashboard.upload_limit`",
        )

    async def _upload(self, name: str) -> progress.Upload:
        """The bundle, who made it from which commit, and what is to become of it."""
        arguments: dict[str, list[bytes]] = {}
        files: dict[str, list[httputil.HTTPFile]] = {}
        kind = self.request.headers.get("Content-Type", "")
        try:
            httputil.parse_body_arguments(kind, b"".join(self._chunks), arguments, files)
        except httputil.HTTPInputError as error:
            raise errors.SpecError("the upload is not valid multipart data") from error
        finally:
            self._chunks.clear()
        if "file" not in files:
            raise errors.SpecError(
                "the upload has no field `file`", hint="send the notebook as multipart field `file`"
            )
        author, commit, draft = (
            arguments.get(field, [b""])[0].decode("utf8", "replace")[:200]
            for field in ("author", "commit", "draft")
        )
        data, limit = bytes(files["file"][0]["body"]), self.settings["upload_limit"]
        # Viewers must not wait while a large one is unpacked.
        bundle = await asyncio.to_thread(_read, data, limit)
        address = addresses.sender(self.settings, self.request)
        sender = progress.Sender(self.bearer.name, self.bearer.creator, address)
        return progress.Upload(name, bundle, author, commit, draft == "true", self.address, sender)


def _read(data: bytes, limit: int) -> bundles.Bundle:
    return bundles.portable(bundles.unpack(data, limit))
