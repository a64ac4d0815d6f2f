"""The deploy API, for programs with the deploy token; cookies and logins count for nothing here."""

import errno
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from tornado import http1connection, httputil, web

from dashops import __version__, errors
from dashops import bundle as bundles
from dashops.services.dashboard import store

NO_GATEWAY = "`dashops status` shows what runs, `dashops up` repairs"
OTHERS = "`dashops revisions {}` lists those there are"
DRAIN = 2 * 2**30  # bytes of a refused upload that are read and thrown away, to answer politely


class Api(web.RequestHandler):
    """JSON in and out; a wrong token is refused before a byte of the body is read."""

    refusal: tuple[int, str, str] | None = None

    def prepare(self) -> None:
        """Check the token."""
        word, _, token = self.request.headers.get("Authorization", "").partition(" ")
        right = hmac.compare_digest(token.strip().encode(), self.settings["deploy_token"].encode())
        if word.lower() not in ("token", "bearer") or not right:
            self.refusal = (401, "the deploy token is missing or wrong", "")

    def check_xsrf_cookie(self) -> None:
        """No cookie is ever looked at, so there is nothing to forge."""

    def fail(self, status: int, message: str, hint: str = "") -> None:
        """Answer with an error."""
        self.set_status(status)
        self.finish({"message": message, "hint": hint})

    def write_error(self, status_code: int, **details: Any) -> None:
        """Unexpected errors are JSON too, without details."""
        error = details.get("exc_info", (None, None))[1]
        known = isinstance(error, web.HTTPError) and status_code != 500
        self.finish({"message": str(error) if known else self._reason, "hint": ""})

    def refused(self) -> bool:
        """Send the refusal found earlier, if there was one."""
        if self.refusal:
            self.fail(*self.refusal)
        return self.refusal is not None

    def describe(self, shown: store.Revision) -> dict[str, Any]:
        """A dashboard as the API shows it: the revision that its name shows now."""
        visits = self.settings["kernel_manager"].visits
        return {
            "name": shown.name,
            "title": shown.title,
            "link": self.link(shown.name),
            "revision": shown.number,
            "digest": shown.digest,
            "updated": shown.activated,
            "size": shown.size,
            "kernel": shown.kernel,
            "viewers": sum(visit.revision.name == shown.name for visit in visits),
        }

    def link(self, name: str) -> str:
        """Where people open a dashboard."""
        return f"{self.request.protocol}://{self.request.host}/dashboards/{name}"


class Notebooks(Api):
    """All dashboards."""

    def get(self) -> None:
        """List them."""
        if not self.refused():
            dashboards = self.settings["store"].all()
            self.finish({"dashboards": [self.describe(each) for each in dashboards]})


@web.stream_request_body
class Notebook(Api):
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
        if self.settings["store"].remove(name):
            self.settings["collect"]()
            self.set_status(204)
        else:
            self.fail(404, f"there is no dashboard `{name}`")

    async def post(self, name: str) -> None:
        """Publish a notebook or bundle under that name, if it runs."""
        if self.refused():
            return
        deploying = self.settings["deploying"]
        if name in deploying:
            self.fail(409, f"another deploy of `{name}` is running", "try again when it is done")
            return
        deploying.add(name)
        try:
            await self._publish(name)
        finally:
            deploying.discard(name)

    async def _publish(self, name: str) -> None:
        dashboards = self.settings["store"]
        try:
            bundles.check_name(name)
            upload, author, commit = self._upload()
            bundle = bundles.unpack(upload, self.settings["upload_limit"])
            kernel, language = await self._kernel(bundle)
        except errors.DashopsError as error:
            self.fail(400, error.message, error.hint)
            return
        except web.HTTPError:
            self.fail(503, "no gateway answers", NO_GATEWAY)
            return
        before = dashboards.active(name)
        about = {"kernel": kernel, "language": language, "author": author, "commit": commit}
        try:
            revision = dashboards.add(name, bundle, **about)
            unchanged = before is not None and before.number == revision.number
            failure = None
            if not unchanged:
                verdict = await self.settings["gate"](revision, lambda *_: None)
                failure = verdict.failure
        except web.HTTPError:
            dashboards.drop(revision)
            self.fail(503, "no gateway can run it", NO_GATEWAY)
            return
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
                raise
            self.fail(507, f"the server cannot store it: {error.strerror}", "free some disk space")
            return
        if failure:
            dashboards.settle(revision, failure)
            self._failed(failure, before)
            return
        if not unchanged:
            dashboards.activate(dashboards.settle(revision, None))
        self.settings["collect"]()
        self.set_status(200 if before else 201)
        self.finish(
            {
                "name": name,
                "link": self.link(name),
                "revision": revision.number,
                "digest": revision.digest,
                "title": revision.title,
                "replaced": before is not None,
                "unchanged": unchanged,
            }
        )

    def _failed(self, failure: Mapping[str, Any], before: store.Revision | None) -> None:
        self.settings["collect"]()
        still = f"viewers still see revision {before.number}" if before else "nothing was published"
        self.set_status(422)
        self.finish({"message": failure["message"], "hint": still, "failure": failure})

    def _too_large(self, size: int) -> None:
        limit = self.settings["upload_limit"]
        self.refusal = self.refusal or (
            413,
            f"the upload has {size / 1e6:.0f} MB, the limit is {limit / 1e6:.0f} MB",
            "leave out what the dashboard does not need, or raise `dashboard.upload_limit`",
        )

    def _upload(self) -> tuple[bytes, str, str]:
        """The file, and who made it from which commit."""
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
        author, commit = (
            arguments.get(field, [b""])[0].decode("utf8", "replace")[:200]
            for field in ("author", "commit")
        )
        return bytes(files["file"][0]["body"]), author, commit

    async def _kernel(self, bundle: bundles.Bundle) -> tuple[str, str]:
        """Name and language of the kernel the notebook asks for, or of the gateway's default."""
        known = await self.settings["gateways"].kernelspecs()
        specs = {name: each["spec"] for name, each in known["kernelspecs"].items()}
        name = bundles.kernel(bundle.notebook) or known["default"]
        if name not in specs:
            has = ", ".join(f"{each} ({spec['display_name']})" for each, spec in specs.items())
            raise errors.SpecError(
                f"the gateway has no kernel `{name}`",
                hint=f"it has {has}: choose one in JupyterLab under Kernel > Change Kernel",
            )
        return name, str(specs[name]["language"])


class Status(Api):
    """What the server is doing, for `dashops status`."""

    async def get(self) -> None:
        """Dashboards, viewers and gateways."""
        if self.refused():
            return
        gateways = []
        for gateway in self.settings["gateways"].all:
            try:
                kernels: int | None = len(await gateway.list_kernels())
            except web.HTTPError:
                kernels = None
            gateways.append(
                {"url": gateway.url, "reachable": kernels is not None, "kernels": kernels}
            )
        visits = self.settings["kernel_manager"].visits
        answer = {
            "version": __version__,
            "dashboards": len(self.settings["store"].all()),
            "viewers": [
                {
                    "dashboard": visit.revision.name,
                    "revision": visit.revision.number,
                    "user": visit.user,
                    "since": visit.since.isoformat(timespec="seconds"),
                    "idle": round(time.monotonic() - visit.active),
                    "connected": bool(visit.pages),
                }
                for visit in visits
            ],
            "gateways": gateways,
        }
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(answer))
