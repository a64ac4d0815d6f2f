"""Starts a kernel in its bundle's folder and environment, with variables that hold no secret."""

import asyncio
import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from kernel_gateway.services.kernels.manager import (
    KernelGatewayIOLoopKernelManager,
    SeedingMappingKernelManager,
)
from tornado import web
from traitlets import Dict, Integer, List, Unicode

from dashops.services import ports
from dashops.services.gateway import (
    bundles,
    environments,
    failures,
    limits,
    snapshots,
    tool,
    usage,
)
from dashops.services.snapshot import wire

LOG_LIMIT = 5_000_000  # bytes
UTF8 = "C.UTF-8"  # for R, which without a language draws and prints no more than ASCII
ENVIRONMENT_MISSING = 424
"""The answer to a kernel whose environment has to be made first; not one of ours is like it."""


class BundleKernel(KernelGatewayIOLoopKernelManager):
    """One kernel: that of its kernelspec, but with its own Python and limits to what it takes.

    One that can be frozen has a `link`, over which it is asked to become a snapshot. It `started`
    at that Unix time. What it prints outside of cells goes to the file `printed`.
    """

    interpreter = claims = printed = ""
    confined = limits.Limits()
    freezable = False
    link: socket.socket | None = None
    revision = ""
    started = 0.0

    @property
    def fork_of(self) -> str | None:
        """The id of the snapshot it is a fork of."""
        return snapshots.of(self.kernel_name)

    async def start_kernel(
        self,
        *,
        interpreter: str = "",
        confined: limits.Limits,
        freezable: bool = False,
        claims: str = "",
        printed: str,
        **kwargs: Any,
    ) -> None:
        """Start it; a restart uses the same Python and limits. `claims` are for a fork's viewer."""
        self.claims = claims
        self.interpreter, self.confined, self.freezable = interpreter, confined, freezable
        self.printed = printed
        self.revision = (kwargs.get("env") or {}).get("DASHOPS_BUNDLE", "")
        self.started = time.time()
        # Who lists the kernels while this one starts reads these; Jupyter sets them afterwards.
        self.execution_state, self.reason, self.last_activity = "starting", "", datetime.now(UTC)
        await super().start_kernel(**kwargs)

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """The words that start it."""
        words: list[str] = super().format_kernel_cmd(extra_arguments)
        if self.interpreter:
            words[0] = self.interpreter
        return self.confined.command(words)

    async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
        # Not the gateway's own output: when who reads that dies, kernels could not start.
        with _log(Path(self.printed)) as log:
            kw |= {"stdout": log, "stderr": log}
            if not (self.freezable and snapshots.POSSIBLE and snapshots.LAUNCHER in kernel_cmd):
                await super()._async_launch_kernel(kernel_cmd, **kw)
                return
            self.link, its = wire.pair()
            try:
                command = snapshots.command(kernel_cmd, its.fileno())
                await super()._async_launch_kernel(command, pass_fds=(its.fileno(),), **kw)
            finally:
                its.close()

    async def _async_cleanup_resources(self, restart: bool = False) -> None:  # noqa: FBT001, FBT002
        if self.link:
            self.link.close()
            self.link = None
        await super()._async_cleanup_resources(restart=restart)


class BundleKernels(SeedingMappingKernelManager):
    """The gateway's kernels; a request for a bundle that is not here is answered with 409."""

    bundle_root = Unicode(config=True, help="Folder for unpacked bundles")
    environment_root = Unicode(config=True, help="Folder for the environments of bundles")
    environment_limit = Integer(900, config=True, help="Seconds that packages may take")
    uv_options = List(Unicode(), config=True, help="What uv needs to find packages")
    uv_env = Dict(config=True, help="Variables that uv gets besides its usual ones")
    kernel_memory = Integer(0, config=True, help="Bytes of data a kernel may have; 0 is no limit")
    memory_reserve = Integer(0, config=True, help="Bytes that stay free when a kernel starts")
    kernel_processes = Integer(0, config=True, help="Processes and threads kernels may have")
    kernel_cpu_time = Integer(0, config=True, help="Seconds of processor time of one process")
    kernel_files = Integer(0, config=True, help="Files a process may have open")
    claims_key = Unicode(config=True, help="File of the public key that claims are signed with")
    kernel_log = Unicode(config=True, help="File for what kernels print outside of cells")
    allowed_env = List(Unicode(), config=True, help="Variables of this process kernels may see")

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        ports.Ports.instance()
        self.kernel_manager_class = f"{__name__}.{BundleKernel.__name__}"
        self.bundles = bundles.Bundles(Path(self.bundle_root))
        self.modules = str(bundles.modules(self.bundles.root))
        self.uv = tool.Uv(self.uv_options, self.uv_env, self.environment_limit)
        self.environments = environments.Environments(Path(self.environment_root), self.uv)
        confined = limits.Limits(
            self.kernel_memory, self.kernel_processes, self.kernel_cpu_time, self.kernel_files
        )
        self.confined = confined.beside(limits.account() if confined.processes else 0)
        self._revisions: dict[str, str] = {}
        self.owners: dict[str, str] = {}
        self.snapshots = snapshots.Snapshots()
        self.usage = usage.Usage(self, self.memory_reserve)
        self.kernel_spec_manager.snapshots = self.snapshots

    async def _add_kernel_when_ready(self, kernel_id: str, km: BundleKernel, starter: Any) -> None:
        await super()._add_kernel_when_ready(kernel_id, km, starter)
        if kernel_id not in self:
            # Jupyter would hold the place of one that failed to start for ever, and its file.
            self._pending_kernels.pop(kernel_id, None)
            Path(km.connection_file).unlink(missing_ok=True)

    def kernel_model(self, kernel_id: str) -> dict[str, Any]:
        """As Jupyter has it, and which dashboard server asked for the kernel: its `owner`."""
        model: dict[str, Any] = super().kernel_model(kernel_id)
        return {**model, "owner": self.owners.get(kernel_id, "")}

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget one that is no kernel any more."""
        self.owners.pop(kernel_id, None)
        return super().remove_kernel(kernel_id)

    def add_bundle(self, revision: str, archive: bytes) -> None:
        """Take a bundle and let go of those nobody used for long; SpecError when it is bad."""
        self.bundles.add(revision, archive)
        self.bundles.collect({revision, *self._used()})

    async def build(self, revision: str, tell: tool.Tell) -> None:
        """Make the environment of a bundle that is here; raises EnvironmentFailed."""
        lock = self.bundles.lock(revision)
        if lock is None:
            return
        archives = await asyncio.to_thread(self.bundles.archives, revision)
        await self.environments.build(lock, archives, tell)
        locks = (lock, *filter(None, map(self.bundles.lock, self._used())))
        await self.environments.collect({self.environments.key(each) for each in locks})

    @property
    def number(self) -> int:
        """How many kernels there are, those that are starting too."""
        return len({*self.list_kernel_ids(), *self._pending_kernels})

    async def start_kernel(
        self, *args: Any, env: dict[str, str] | None = None, **kwargs: Any
    ) -> str:
        """Start a kernel; ``DASHOPS_BUNDLE`` in ``env`` names the revision it runs.

        With ``DASHOPS_SNAPSHOT=build`` it can be frozen later, if it is one of IPython.

        Raises:
            web.HTTPError: 409 when that bundle has to be sent first, 424 when its environment
                has to be made, 410 when the snapshot it should be a fork of is gone.
            EnvironmentFailed: when that kernel cannot use it.
        """
        name = kwargs.get("kernel_name") or ""
        if name.startswith(snapshots.PREFIX) and not self.snapshots.has(name):
            raise web.HTTPError(410, "there is no %s", name)
        revision = (env or {}).get("DASHOPS_BUNDLE")
        clean = {"PATH": os.environ.get("PATH", ""), "LANG": UTF8}
        clean |= {name: os.environ[name] for name in self.allowed_env if name in os.environ}
        clean |= {"PYTHONPATH": self.modules, "DASHOPS_CLAIMS_KEY": self.claims_key, **(env or {})}
        if revision:
            folder = self.bundles.folder(revision)
            if folder is None:
                raise web.HTTPError(409, "bundle %s is not here", revision)
            kwargs["cwd"] = str(folder / "work")
            clean["HOME"] = str(folder / "home")
            # Shared: matplotlib's list of fonts takes seconds to make.
            clean["XDG_CACHE_HOME"] = str(self.bundles.root / "cache")
            # A fork has the environment of its snapshot.
            own = None if name.startswith(snapshots.PREFIX) else self._environment(revision, name)
            if own:
                kwargs["interpreter"] = str(own / "bin" / "python")
                clean["VIRTUAL_ENV"] = str(own)
                clean["PATH"] = f"{own / 'bin'}{os.pathsep}{clean['PATH']}"
        kwargs["confined"], kwargs["printed"] = self.confined, self.kernel_log
        kwargs["freezable"] = clean.pop("DASHOPS_SNAPSHOT", "") == "build"
        try:
            kernel_id = str(await super().start_kernel(*args, env=clean, **kwargs))
        except snapshots.Gone as error:
            raise web.HTTPError(410, "%s", error) from error
        if revision:
            self._revisions[kernel_id] = revision
        return kernel_id

    def _environment(self, revision: str, kernel_name: str) -> Path | None:
        """The environment a kernel of that revision runs in, None for the default one."""
        lock = self.bundles.lock(revision)
        if lock is None:
            return None
        name = kernel_name or self.default_kernel_name
        spec = self.kernel_spec_manager.get_kernel_spec(name)
        if "ipykernel" not in " ".join(spec.argv):
            raise failures.EnvironmentFailed(
                f"the kernel `{name}` is no Python kernel of IPython, and the notebook has "
                "Python packages of its own",
                "remove the list of Python packages, or choose the kernel `python3`",
                "",
            )
        found = self.environments.folder(lock)
        if found is None:
            raise web.HTTPError(ENVIRONMENT_MISSING, "the environment of %s is gone", revision)
        return found

    async def freeze(self, kernel_id: str, *, anyway: bool) -> dict[str, Any]:
        """Make a snapshot of a kernel, which is no kernel any more then.

        Args:
            kernel_id: also the snapshot's id.
            anyway: whether to do it in spite of what was found.

        Returns:
            ``{"frozen": whether it is a snapshot, "hazards": [{"kind", "text"}]}``

        Raises:
            web.HTTPError: 404 when there is no such kernel.
        """
        if kernel_id not in self:
            raise web.HTTPError(404, "there is no kernel %s", kernel_id)
        kernel = self.get_kernel(kernel_id)
        if kernel.link is None:
            return {"frozen": False, "hazards": [snapshots.NOT_PYTHON]}
        await self.usage.ends(kernel_id)
        snapshot = snapshots.Snapshot(kernel, self._revisions.get(kernel_id, ""))
        try:
            answer = await snapshot.freeze(anyway=anyway)
        except snapshots.Gone:
            await self.shutdown_kernel(kernel_id, now=True)
            return {"frozen": False, "hazards": [snapshots.DIED]}
        if answer["frozen"]:
            kernel.stop_restarter()
            self.stop_watching_activity(kernel_id)
            self.stop_buffering(kernel_id)
            self.remove_kernel(kernel_id)
            self._kernel_connections.pop(kernel_id, None)
            self._kernel_ports.pop(kernel_id, None)
            self.snapshots.add(snapshot)
        return answer

    async def shutdown_kernel(self, kernel_id: str, *args: Any, **kwargs: Any) -> None:
        """End a kernel."""
        await self.usage.ends(kernel_id)
        await super().shutdown_kernel(kernel_id, *args, **kwargs)

    async def shutdown_all(self, now: bool = False) -> None:  # noqa: FBT001, FBT002 Jupyter's
        """End all kernels, and the snapshots."""
        await super().shutdown_all(now=now)
        await self.snapshots.end_all()

    def _used(self) -> set[str]:
        self._revisions = {each: used for each, used in self._revisions.items() if each in self}
        snapshots = self.snapshots.all().values()
        return {*self._revisions.values(), *(each.revision for each in snapshots)}


def _log(path: Path) -> IO[bytes]:
    """What kernels print, opened; what is too long begins anew."""
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(f"{path}.1")
    return path.open("ab")
