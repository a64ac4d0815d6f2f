"""The gateway's routes about packages: answers are lines of JSON, as they come; keeps nothing."""

import asyncio
import json
import platform
import sysconfig
from collections.abc import Awaitable, Callable
from functools import cache
from importlib import metadata
from typing import Any

from kernel_gateway.mixins import CORSMixin, JSONErrorsMixin, TokenAuthorizationMixin
from tornado import http1connection, iostream, web

from dashops import errors
from dashops.services.gateway import failures, locks, tool

LIMIT = 2**31  # bytes of a request; wheels may be in it


class Told(TokenAuthorizationMixin, CORSMixin, JSONErrorsMixin, web.RequestHandler):
    """``{"line": …}`` as they come, and last what came of it or ``{"failed": {…}}``."""

    async def told(self, work: Callable[[tool.Tell], Awaitable[dict[str, Any]]]) -> None:
        """Answer with the lines and the result of some work."""
        self.set_header("Content-Type", "application/jsonl")
        lines: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

        async def worked() -> dict[str, Any]:
            try:
                return await work(lambda line: lines.put_nowait({"line": line}))
            except failures.EnvironmentFailed as failed:
                return {"failed": vars(failed)}
            finally:
                lines.put_nowait(None)

        task = asyncio.create_task(worked())
        try:
            while (line := await lines.get()) is not None:
                await self._send(line)
            await self._send(await task)
        except iostream.StreamClosedError:
            task.cancel()

    async def _send(self, line: dict[str, Any]) -> None:
        self.write(json.dumps(line) + "\n")
        await self.flush()


@web.stream_request_body
class Locks(Told):
    """Makes locks."""

    def prepare(self) -> None:
        """Check the token before the body is read."""
        self._chunks: list[bytes] = []
        if isinstance(self.request.connection, http1connection.HTTP1Connection):
            self.request.connection.set_max_body_size(LIMIT)
        super().prepare()

    def data_received(self, chunk: bytes) -> None:
        """Keep a part of the request."""
        self._chunks.append(chunk)

    async def post(self) -> None:
        """Resolve what is asked for."""
        try:
            wanted = locks.read(json.loads(b"".join(self._chunks)))
        except (errors.SpecError, ValueError) as error:
            raise web.HTTPError(400, "%s", error) from error
        uv = self.settings["kernel_manager"].uv

        async def work(tell: tool.Tell) -> dict[str, Any]:
            return {"lock": await locks.make(wanted, uv, tell)}

        await self.told(work)


class Environments(Told):
    """Makes the environments of bundles."""

    async def post(self, revision: str) -> None:
        """Make it unless it is there; 409 when the bundle has to be sent first."""
        kernels = self.settings["kernel_manager"]
        if kernels.bundles.folder(revision) is None:
            raise web.HTTPError(409, "bundle %s is not here", revision)

        async def work(tell: tool.Tell) -> dict[str, Any]:
            await kernels.build(revision, tell)
            return {"built": True}

        await self.told(work)


class About(TokenAuthorizationMixin, CORSMixin, JSONErrorsMixin, web.RequestHandler):
    """What the default environment is."""

    async def get(self) -> None:
        """Its Python, which distribution brings which module, which variables kernels may see."""
        names = list(self.settings["kernel_manager"].allowed_env)
        self.finish(await asyncio.to_thread(_about) | {"env": names})


@cache
def _about() -> dict[str, Any]:
    found = metadata.packages_distributions()
    return {
        "python": platform.python_version(),
        "platform": sysconfig.get_platform(),
        "modules": {module: sorted(set(names))[0] for module, names in sorted(found.items())},
    }
