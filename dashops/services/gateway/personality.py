"""The gateway's routes: jupyter-kernel-gateway's, and those for bundles and their packages.

Named in its configuration as ``KernelGatewayApp.api``, its documented way to be extended.
"""

import json
import re
from typing import Any

from jupyter_client.jsonutil import json_default
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from jupyter_server.utils import url_escape, url_path_join
from kernel_gateway.base.handlers import NotFoundHandler
from kernel_gateway.jupyter_websocket import JupyterWebsocketPersonality
from kernel_gateway.mixins import CORSMixin, JSONErrorsMixin, TokenAuthorizationMixin
from kernel_gateway.services.kernels.handlers import MainKernelHandler
from tornado import http1connection, web

from dashops import errors
from dashops.services.gateway import failures, headroom, packages, snapshots, usage, watch

LIMIT = 2**31  # bytes of an archive


class Kernels(MainKernelHandler):
    """Starts kernels, each with the environment of its own request and no other."""

    async def post(self) -> None:
        """Start a kernel with the environment of this request.

        What it cannot have now it may have later: 403 when all kernels are in use, 507 when there
        is no memory for one more.
        """
        model = self.get_json_body() or {}
        asked = model.get("env", {})
        allowed = self.settings["kg_personality"].env_whitelist
        env = {
            name: str(value)
            for name, value in asked.items()
            if name in allowed or name.startswith("KERNEL_")
        }
        name = model.get("name") or self.kernel_manager.default_kernel_name
        try:
            told = str(model.get("claims", ""))
            kernel_id = await self._start(name, env, told, str(model.get("owner", "")))
        except headroom.Full as full:
            self.set_status(507)
            self.finish({"reason": "memory", "message": str(full)})
            return
        except failures.EnvironmentFailed as failed:
            self.set_status(422)
            self.finish({"failed": vars(failed)})
            return
        self.set_status(201)
        self.set_header(
            "Location", url_path_join(self.base_url, "api", "kernels", url_escape(kernel_id))
        )
        answer = self.kernel_manager.kernel_model(kernel_id)
        self.finish(json.dumps(answer, default=json_default))

    async def _start(self, name: str, env: dict[str, str], claims: str, owner: str) -> str:
        kernels, limit = self.kernel_manager, self.settings["kg_max_kernels"]
        async with kernels.usage.room(name, env.get("DASHOPS_BUNDLE", "")) as claim:
            if limit is not None and kernels.number >= limit:
                raise web.HTTPError(403, "all %s kernels of this gateway are in use", limit)
            started = await kernels.start_kernel(kernel_name=name, env=env, claims=claims)
            kernels.owners[str(started)] = owner
            kernel_id = str(started)
            claim.kernel = kernel_id
        return kernel_id


class Load(TokenAuthorizationMixin, CORSMixin, JSONErrorsMixin, web.RequestHandler):
    """How much this gateway has to do, for who waits until that is nothing."""

    def get(self) -> None:
        """``{"kernels": how many there are}``, those that are starting too."""
        self.finish({"kernels": self.settings["kernel_manager"].number})


class Channels(TokenAuthorizationMixin, CORSMixin, KernelWebsocketHandler):
    """The stock websocket of a kernel, but small messages do not wait for acknowledgements."""

    async def open(self, kernel_id: str) -> None:
        """Start; TCP would hold back the answer to a moved slider for 40 ms."""
        self.set_nodelay(True)
        await super().open(kernel_id)


@web.stream_request_body
class Bundle(TokenAuthorizationMixin, JSONErrorsMixin, web.RequestHandler):
    """Takes the bundle of a revision."""

    def prepare(self) -> None:
        """Check the token before the body is read."""
        self._chunks: list[bytes] = []
        if isinstance(self.request.connection, http1connection.HTTP1Connection):
            self.request.connection.set_max_body_size(LIMIT)
        super().prepare()

    def data_received(self, chunk: bytes) -> None:
        """Keep a part of the archive."""
        self._chunks.append(chunk)

    def put(self, revision: str) -> None:
        """Unpack it."""
        try:
            self.settings["kernel_manager"].add_bundle(revision, b"".join(self._chunks))
        except errors.SpecError as error:
            raise web.HTTPError(400, "%s", error.message) from error
        self.set_status(204)


class Snapshots(TokenAuthorizationMixin, CORSMixin, JSONErrorsMixin, web.RequestHandler):
    """The snapshots there are, and how a kernel becomes one."""

    def get(self) -> None:
        """List them."""
        found = self.settings["kernel_manager"].snapshots.all().values()
        listed = [
            {
                "id": each.id,
                "revision": each.revision,
                "created": each.created,
                "kernels": sorted(each.kernels),
            }
            for each in found
        ]
        self.finish(json.dumps(listed))

    async def post(self) -> None:
        """Freeze ``kernel``, ``anyway`` or only if nothing speaks against it."""
        asked = json.loads(self.request.body)
        kernels, kernel_id = self.settings["kernel_manager"], str(asked["kernel"])
        answer = await kernels.freeze(kernel_id, anyway=bool(asked.get("anyway")))
        frozen = kernel_id if answer["frozen"] else None
        self.finish({"snapshot": frozen, "hazards": answer["hazards"]})


class Snapshot(TokenAuthorizationMixin, CORSMixin, JSONErrorsMixin, web.RequestHandler):
    """One snapshot."""

    async def delete(self, snapshot: str) -> None:
        """End it; the kernels that are forks of it live on."""
        try:
            await self.settings["kernel_manager"].snapshots.end(snapshot)
        except snapshots.Gone as error:
            raise web.HTTPError(404, "%s", error) from error
        self.set_status(204)


class Personality(JupyterWebsocketPersonality):
    """jupyter-kernel-gateway's websocket API with these handlers in it."""

    def create_request_handlers(self) -> list[Any]:
        """All routes; ours come first and so replace the stock ones."""
        watch.start()
        base = re.escape(self.parent.base_url.rstrip("/"))
        return [
            (rf"{base}/api/kernels", Kernels),
            (rf"{base}/api/kernels/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)/channels", Channels),
            (rf"{base}/api/dashops/bundles/([0-9a-f]{{64}})", Bundle),
            (rf"{base}/api/dashops/environments/([0-9a-f]{{64}})", packages.Environments),
            (rf"{base}/api/dashops/locks", packages.Locks),
            (rf"{base}/api/dashops/about", packages.About),
            (rf"{base}/api/dashops/usage", usage.Answer),
            (rf"{base}/api/dashops/load", Load),
            (rf"{base}/api/dashops/snapshots", Snapshots),
            (rf"{base}/api/dashops/snapshots/([0-9a-f-]{{36}})", Snapshot),
            *filter(_asks, super().create_request_handlers()),
        ]


def _asks(route: Any) -> bool:
    """Whether a stock route asks for the token; its description of the API does not."""
    return issubclass(route[1], TokenAuthorizationMixin | NotFoundHandler)


def create_personality(*args: Any, **kwargs: Any) -> Personality:
    """What jupyter-kernel-gateway calls."""
    return Personality(*args, **kwargs)
