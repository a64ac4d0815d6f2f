"""From an upload to what viewers see: environment, gate, activation; it answers no request."""

import asyncio
import errno
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tornado import web

from dashops import bundle as bundles
from dashops import errors
from dashops.services.dashboard import gateways, serving, store
from dashops.services.dashboard.progress import Outcome, Running, Upload

NO_GATEWAY = ("no gateway can run it", "`dashops status` shows what runs, `dashops up` repairs")
FULL = {
    "kernels": ("all kernels are in use, none is left to run it", "try again when viewers left"),
    "memory": ("no memory is left to run it", "try again later; `dashops top` shows who has it"),
}
IN_BUNDLE = {True: "the lock in the bundle", False: ""}
IN_LOG = "the deploy failed for a reason that is in the server's log"


async def outcome(
    settings: Mapping[str, Any], running: Running, upload: Upload, log: Any
) -> Outcome:
    """Publish, and say how that ended: whatever goes wrong, the author learns of it."""
    try:
        return await Publishing(settings, running, upload).publish()
    except errors.DashopsError as error:
        return _refusal(400, error.message, error.hint)
    except web.HTTPError as error:
        log.warning("deploy of %s: %s", upload.name, error)
        full = FULL[error.cause] if isinstance(error, gateways.Full) else None
        return _refusal(503, *(full or NO_GATEWAY))
    except store.Unavailable as error:
        return _refusal(507 if error.full else 503, error.message, error.hint)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            log.exception("deploy of %s", upload.name)
            return _refusal(500, IN_LOG)
        text = f"the server cannot store it: {error.strerror}"
        return _refusal(507, text, "free some disk space")
    except Exception:
        log.exception("deploy of %s", upload.name)
        return _refusal(500, IN_LOG)


class Publishing:
    """One upload on its way, and what it needs of the server."""

    def __init__(self, settings: Mapping[str, Any], running: Running, upload: Upload) -> None:
        self._settings = settings
        self._running = running
        self._upload = upload
        self._store: store.Store = settings["store"]
        self._gateways: gateways.Gateways = settings["gateways"]
        self._before = self._store.active(upload.name)

    async def publish(self) -> Outcome:
        """Make a revision of the upload, judge it, and let the name show it unless it is a draft.

        Raises:
            DashopsError: when the upload asks for what is not there.
            web.HTTPError: 503 when no gateway can do its part.
            store.Unavailable, OSError: when the revision cannot be kept.
        """
        upload, before = self._upload, self._before
        bundles.opening(upload.bundle.notebook)  # what it asks for has to be there
        kernel, language = await self._kernel()
        source = bundles.digest(upload.bundle)
        known = self._store.find(upload.name, source)
        if known and before and before.number == known.number:
            return self._published(known)
        dependencies = None
        own = self._settings["environments"] and not upload.bundle.lock
        if language == "python" and own:
            dependencies = bundles.dependencies(upload.bundle)
        about = {
            "kernel": kernel,
            "language": language,
            "author": upload.author,
            "commit": upload.commit,
            "source": source,
            "dependencies": dependencies.source
            if dependencies
            else IN_BUNDLE[bool(upload.bundle.lock)],
        }
        bundle = upload.bundle
        try:
            if dependencies:
                bundle = replace(bundle, lock=await self._lock(dependencies, known))
            revision = await asyncio.to_thread(self._store.add, upload.name, bundle, **about)
        except gateways.EnvironmentFailed as failed:
            revision = await asyncio.to_thread(self._store.add, upload.name, bundle, **about)
            return self._failed(revision, _environment_failure(revision, failed), failed.hint)
        return await self._judge(revision, dependencies)

    async def _lock(self, dependencies: bundles.Dependencies, known: store.Revision | None) -> str:
        """The packages of a good revision of the same content, or the newest that fit."""
        if known and known.state == "good" and (lock := self._store.lock(known.digest)):
            return lock
        self._running.report("environment", f"resolving {dependencies.source}")
        return await self._gateways.lock(dependencies, self._running.line)

    async def _judge(
        self, revision: store.Revision, dependencies: bundles.Dependencies | None
    ) -> Outcome:
        """Build, execute and verify a revision; only then may the name move to it."""
        running = self._running

        def archive() -> bytes:
            return self._store.archive(revision.digest)

        try:
            if revision.environment:
                running.report("environment", "installing packages")
                await self._gateways.build(revision.digest, archive, running.line)
            verdict = await self._settings["gate"](revision, running.report)
        except gateways.EnvironmentFailed as failed:
            return self._failed(revision, _environment_failure(revision, failed), failed.hint)
        except web.HTTPError:
            self._store.drop(revision)
            raise
        if verdict.failure:
            return self._failed(revision, verdict.failure)
        warnings = (*_left_out(dependencies), *verdict.warnings)
        opener: serving.Serving = self._settings["serving"]
        made = verdict.made
        try:
            good = self._store.settle(revision, None, warnings, verdict.thumbnail)
            good = self._store.decide(good, verdict.mode.name, verdict.mode.reasons)
            if words := str(opener.mode(good)):
                running.line(f"it {words}")
            if not self._upload.draft:
                running.report("activate", f"revision {good.number}")
                self._store.activate(good)
                await opener.activated(good, made)
                made = None
        finally:
            if made:
                await opener.discard(made)
        self._settings["collect"]()
        return self._published(good)

    def _published(self, revision: store.Revision) -> Outcome:
        upload, before = self._upload, self._before
        unchanged = before is not None and before.number == revision.number
        draft = upload.draft and not unchanged
        mode = self._settings["serving"].mode(revision)
        answer = {
            "name": upload.name,
            "link": f"{upload.address}/dashboards/{upload.name}",
            "revision": revision.number,
            "digest": revision.digest,
            "title": revision.title,
            "replaced": before is not None and not draft,
            "unchanged": unchanged,
            "warnings": list(revision.warnings),
            "kernel": mode.answer(),
            "preview": self._settings["preview"](upload.address, revision) if draft else None,
        }
        state = "draft" if draft else "unchanged" if unchanged else "done"
        return Outcome(200 if before else 201, answer, state)

    def _failed(
        self, revision: store.Revision, failure: Mapping[str, Any], hint: str = ""
    ) -> Outcome:
        if revision.state == "good":  # it may well be good again, and somebody may need it
            self._store.drop(revision)
        else:
            self._store.settle(revision, failure)
        self._settings["collect"]()
        before = self._before
        still = f"viewers still see revision {before.number}" if before else "nothing was published"
        said = f"{hint}; {still}" if hint else still
        answer = {"message": failure["message"], "hint": said, "failure": failure}
        return Outcome(422, answer, "failed")

    async def _kernel(self) -> tuple[str, str]:
        """Name and language of the kernel the notebook asks for, or of the gateway's default."""
        known = await self._gateways.kernelspecs()
        specs = {name: each["spec"] for name, each in known["kernelspecs"].items()}
        name = bundles.kernel(self._upload.bundle.notebook) or known["default"]
        if name not in specs:
            has = ", ".join(f"{each} ({spec['display_name']})" for each, spec in specs.items())
            raise errors.SpecError(
                f"the gateway has no kernel `{name}`",
                hint=f"it has {has}: choose one in JupyterLab under Kernel > Change Kernel",
            )
        return name, str(specs[name]["language"])


def _left_out(dependencies: bundles.Dependencies | None) -> tuple[str, ...]:
    if dependencies is None or not dependencies.unsupported:
        return ()
    names = ", ".join(dependencies.unsupported)
    return (f"not used of {dependencies.source}: {names}",)


def _environment_failure(
    revision: store.Revision, failed: gateways.EnvironmentFailed
) -> dict[str, Any]:
    return {
        "phase": "environment",
        "revision": revision.number,
        "message": failed.message,
        "cell": None,
        "source": "",
        "traceback": failed.log,
    }


def _refusal(status: int, message: str, hint: str = "") -> Outcome:
    return Outcome(status, {"message": message, "hint": hint}, "failed")
