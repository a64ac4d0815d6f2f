"""One kernel gateway, over HTTP and websocket; it knows nothing of viewers."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tornado import httpclient, httputil, web, websocket

from dashops.bundle import Dependencies
from dashops.services.dashboard import config, environments, wall

RETRY_AFTER = 5.0  # seconds before a gateway that failed is asked again
FORK = 20.0  # seconds; a fork that takes longer is no help
MESSAGE_LIMIT = 200 * 2**20  # bytes; one figure can be large
FULL = {403: "kernels", 507: "memory"}  # what a gateway has no more of when it answers that
WORDS = {
    "kernels": "All places are taken right now, please try again later",
    "memory": "This server has no memory left for another page, please try again later",
}


class SnapshotGone(Exception):
    """A snapshot is no more, or cannot be forked any more."""


class Full(web.HTTPError):
    """A gateway has no place for another kernel now; ``cause`` is ``kernels`` or ``memory``."""

    def __init__(self, cause: str, message: str = "") -> None:
        super().__init__(503, "%s", message or cause, reason=WORDS[cause])
        self.cause = cause


@dataclass(frozen=True)
class Frozen:
    """What became of a kernel that was to be a snapshot: its id as one, or why it is none."""

    snapshot: str | None
    hazards: tuple[tuple[str, str], ...]


class Gateway:
    """One jupyter-kernel-gateway and how many kernels this server has on it.

    Times are ``time.monotonic()`` seconds: until when it need not be asked again, and since when
    it does not answer. One that is ``leaving`` keeps the kernels it has, one that was never ``met``
    has yet to answer. ``owner`` is what this server calls itself towards it.
    """

    def __init__(self, address: config.GatewayAddress, owner: str = "") -> None:
        self.url = address.url
        self.owner = owner
        self.kernels = 0
        self.leaving = False
        self.met = True
        self.down_until = 0.0
        self.silent_since: float | None = None
        self._token = config.secret(address.token_file)

    async def start_kernel(
        self, name: str, env: Mapping[str, str], revision: str, archive: Callable[[], bytes]
    ) -> str:
        """Start a kernel in the folder of a revision; return its id.

        The archive is made and sent only when this gateway has not seen the revision yet, and an
        environment it has not, or not any more, is made first.

        Raises:
            EnvironmentFailed: when the revision's packages cannot be used.
            Full: when it has no place for another kernel.
            web.HTTPError: 503 when the gateway is gone or refuses.
        """
        told = {**env, "DASHOPS_BUNDLE": revision}
        body = json.dumps({"name": name, "env": told, "owner": self.owner})
        answer = await self._kernel(body, 409, 422, 424)
        if answer.code in (409, 424):
            await self.build(revision, archive, lambda _line: None)
            answer = await self._kernel(body, 422)
        if answer.code == 422:
            raise environments.failed(json.loads(answer.body)["failed"])
        self.kernels += 1
        return str(json.loads(answer.body)["id"])

    async def freeze(self, kernel_id: str, *, anyway: bool = False) -> Frozen:
        """Make a snapshot of a kernel that ran a notebook, unless that is unsafe.

        ``anyway``: also then, where it is possible. A kernel that is no snapshot lives on.

        Raises:
            web.HTTPError: 503 when the gateway or the kernel is gone.
        """
        body = json.dumps({"kernel": kernel_id, "anyway": anyway})
        answer = json.loads((await self._fetch("POST", "/api/dashops/snapshots", body)).body)
        found = tuple((str(each["kind"]), str(each["text"])) for each in answer["hazards"])
        if answer["snapshot"]:
            self.kernels = max(0, self.kernels - 1)
        return Frozen(answer["snapshot"], found)

    async def fork(self, snapshot: str, env: Mapping[str, str], claims: str = "") -> str:
        """A kernel that goes on where a snapshot stopped, for the viewer in the claims; its id.

        Raises:
            SnapshotGone: when the snapshot cannot give one.
            Full: when the gateway has no place for another kernel.
            web.HTTPError: 503 when the gateway is gone or refuses.
        """
        asked = {"name": f"snapshot-{snapshot}", "env": dict(env), "claims": claims}
        body = json.dumps({**asked, "owner": self.owner})
        answer = await self._kernel(body, 404, 410, timeout=FORK)
        if answer.code in (404, 410):
            raise SnapshotGone(f"snapshot {snapshot} at {self.url}")
        self.kernels += 1
        return str(json.loads(answer.body)["id"])

    async def usage(self) -> dict[str, Any]:
        """What its kernels and snapshots take, and how much memory there is, in bytes.

        ``{"memory": {"available", "limit"}, "kernels": {id: {"unique", "shared", "snapshot",
        "started"}}, "snapshots": {id: {"revision", "unique", "shared", "fork"}}}``
        """
        answer = await self._fetch("GET", "/api/dashops/usage", timeout=5)
        return dict(json.loads(answer.body))

    async def snapshots(self) -> dict[str, str]:
        """The snapshots that are there, each with its revision."""
        answer = await self._fetch("GET", "/api/dashops/snapshots", timeout=5)
        return {str(each["id"]): str(each["revision"]) for each in json.loads(answer.body)}

    async def end_snapshot(self, snapshot: str) -> None:
        """End a snapshot but none of its forks; one that is gone already is fine."""
        await self._fetch("DELETE", f"/api/dashops/snapshots/{snapshot}", allowed=(404,))

    async def lock(self, wanted: Dependencies, tell: Callable[[str], None]) -> str:
        """Versions with hashes for what a notebook asks for; `tell` gets the log as it comes.

        Raises:
            EnvironmentFailed: when there are none.
            web.HTTPError: 503 when the gateway is gone or refuses.
        """
        for each in wanted.unsupported:
            tell(f"Not used: {each}")
        asked = {"source": wanted.source, "files": dict(wanted.files), "python": wanted.python}
        _, answer = await self._follow("/api/dashops/locks", json.dumps(asked), tell)
        return str(answer["lock"])

    async def build(
        self, revision: str, archive: Callable[[], bytes], tell: Callable[[str], None]
    ) -> None:
        """Send a revision unless it is there, and make its environment unless that is there.

        Raises as `lock` does.
        """
        path = f"/api/dashops/environments/{revision}"
        code, _ = await self._follow(path, "", tell)
        if code == 409:
            await self._fetch(
                "PUT", f"/api/dashops/bundles/{revision}", await asyncio.to_thread(archive)
            )
            code, _ = await self._follow(path, "", tell)
        if code == 409:
            raise web.HTTPError(503, "gateway %s lost revision %s", self.url, revision)

    async def about(self) -> dict[str, Any]:
        """``{"python", "platform", "modules": {import name: distribution}}`` of the default."""
        answer = await self._fetch("GET", "/api/dashops/about", timeout=20)
        return dict(json.loads(answer.body))

    async def stop_kernel(self, kernel_id: str) -> None:
        """End a kernel; one that is gone already is fine."""
        self.kernels = max(0, self.kernels - 1)
        await self._fetch("DELETE", f"/api/kernels/{kernel_id}", allowed=(404,))

    async def list_kernels(self) -> list[str]:
        """The ids of all kernels that run there for this server."""
        answer = await self._fetch("GET", "/api/kernels", timeout=5)
        listed = json.loads(answer.body)
        return [each["id"] for each in listed if each.get("owner", "") == self.owner]

    async def kernelspecs(self) -> dict[str, Any]:
        """``{"default": name, "kernelspecs": {name: {"spec": …}}}`` as Jupyter Server has it."""
        answer = await self._fetch("GET", "/api/kernelspecs", timeout=10)
        return dict(json.loads(answer.body))

    async def connect(self, kernel_id: str, session: str) -> websocket.WebSocketClientConnection:
        """Open the channels of a kernel; raises HTTPError 404 when it is gone, else 503."""
        url = httputil.url_concat(
            f"ws{self.url.removeprefix('http')}/api/kernels/{kernel_id}/channels",
            {"session_id": session},
        )
        # It answers when the kernel does, which on a busy machine may still be starting.
        request = httpclient.HTTPRequest(
            url, headers=self._headers, connect_timeout=10, request_timeout=60
        )
        try:
            socket = await websocket.websocket_connect(
                request,
                subprotocols=[wall.PROTOCOL],
                ping_interval=30,
                max_message_size=MESSAGE_LIMIT,
            )
        except httpclient.HTTPClientError as error:
            raise web.HTTPError(404 if error.code == 404 else 503) from error
        except OSError as error:
            raise web.HTTPError(503, "gateway %s: %s", self.url, error) from error
        if socket.selected_subprotocol != wall.PROTOCOL:
            socket.close()
            raise web.HTTPError(503, "gateway %s does not speak %s", self.url, wall.PROTOCOL)
        # Small messages must not wait for acknowledgements, which TCP delays by 40 ms.
        assert socket.protocol is not None
        socket.protocol.set_nodelay(True)
        return socket

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"token {self._token}"}

    async def _kernel(
        self, body: str, *allowed: int, timeout: float = 60
    ) -> httpclient.HTTPResponse:
        answer = await self._fetch(
            "POST", "/api/kernels", body, allowed=(*allowed, *FULL), timeout=timeout
        )
        if answer.code in FULL:
            said = json.loads(answer.body or b"{}").get("message", "")
            raise Full(FULL[answer.code], f"gateway {self.url}: {said}")
        return answer

    async def _follow(
        self, path: str, body: str, tell: Callable[[str], None]
    ) -> tuple[int, dict[str, Any]]:
        request = httpclient.HTTPRequest(
            self.url + path, method="POST", headers=self._headers, body=body, connect_timeout=5
        )
        try:
            return await environments.follow(request, tell)
        except web.HTTPError:
            self._failed()
            raise

    async def _fetch(
        self,
        method: str,
        path: str,
        body: str | bytes | None = None,
        *,
        allowed: tuple[int, ...] = (),
        timeout: float = 60,
    ) -> httpclient.HTTPResponse:
        request = httpclient.HTTPRequest(
            self.url + path,
            method=method,
            headers=self._headers,
            body=body,
            allow_nonstandard_methods=True,
            connect_timeout=5,
            request_timeout=timeout,
        )
        try:
            answer = await httpclient.AsyncHTTPClient().fetch(request, raise_error=False)
        except (OSError, httpclient.HTTPError) as error:  # the latter when it does not answer
            self._failed()
            raise web.HTTPError(503, "gateway %s: %s", self.url, error) from error
        if answer.code == 599:
            self._failed()
        else:
            self.silent_since, self.down_until, self.met = None, 0.0, True
        if answer.code >= 400 and answer.code not in allowed:
            raise web.HTTPError(503, "gateway %s: %s %s", self.url, answer.code, answer.reason)
        return answer

    def silent(self, now: float) -> float:
        """For how many seconds it has not answered."""
        return now - self.silent_since if self.silent_since is not None else 0.0

    def _failed(self) -> None:
        now = time.monotonic()
        self.down_until = now + RETRY_AFTER
        self.silent_since = self.silent_since or now
