"""Starts a kernel in its bundle's folder and environment, with variables that hold no secret."""

import asyncio
import os
from pathlib import Path
from typing import IO, Any

from kernel_gateway.services.kernels.manager import (
    KernelGatewayIOLoopKernelManager,
    SeedingMappingKernelManager,
)
from tornado import web
from traitlets import Dict, Integer, List, Unicode

from dashops.services.gateway import bundles, environments, failures, tool

LOG_LIMIT = 5_000_000  # bytes
UTF8 = "C.UTF-8"  # for R, which without a language draws and prints no more than ASCII
ENVIRONMENT_MISSING = 424
"""The answer to a kernel whose environment has to be made first; not one of ours is like it."""

CONFINED = 'ulimit -d "$0" 2>/dev/null; exec "$@"'
"""Data that a process may have, in KiB, set where no Python code runs between fork and exec."""


class BundleKernel(KernelGatewayIOLoopKernelManager):
    """One kernel: that of its kernelspec, but with its own Python and a limit to its memory."""

    interpreter = ""
    memory = 0

    async def start_kernel(self, *, interpreter: str = "", memory: int = 0, **kwargs: Any) -> None:
        """Start it; a restart uses the same Python and limit. `memory` is in bytes, 0 is all."""
        self.interpreter, self.memory = interpreter, memory
        await super().start_kernel(**kwargs)

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """The words that start it."""
        words: list[str] = super().format_kernel_cmd(extra_arguments)
        if self.interpreter:
            words[0] = self.interpreter
        if self.memory:
            words = ["/bin/sh", "-c", CONFINED, str(self.memory // 1024), *words]
        return words


class BundleKernels(SeedingMappingKernelManager):
    """The gateway's kernels; a request for a bundle that is not here is answered with 409."""

    bundle_root = Unicode(config=True, help="Folder for unpacked bundles")
    environment_root = Unicode(config=True, help="Folder for the environments of bundles")
    environment_limit = Integer(900, config=True, help="Seconds that packages may take")
    uv_options = List(Unicode(), config=True, help="What uv needs to find packages")
    uv_env = Dict(config=True, help="Variables that uv gets besides its usual ones")
    kernel_memory = Integer(0, config=True, help="Bytes of data a kernel may have; 0 is no limit")
    kernel_log = Unicode(config=True, help="File for what kernels print outside of cells")
    allowed_env = List(Unicode(), config=True, help="Variables of this process kernels may see")

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.kernel_manager_class = f"{__name__}.{BundleKernel.__name__}"
        self.bundles = bundles.Bundles(Path(self.bundle_root))
        self.uv = tool.Uv(self.uv_options, self.uv_env, self.environment_limit)
        self.environments = environments.Environments(Path(self.environment_root), self.uv)
        self._revisions: dict[str, str] = {}

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

    async def start_kernel(
        self, *args: Any, env: dict[str, str] | None = None, **kwargs: Any
    ) -> str:
        """Start a kernel; ``DASHOPS_BUNDLE`` in ``env`` names the revision it runs.

        Raises:
            web.HTTPError: 409 when that bundle has to be sent first, 424 when its environment
                has to be made.
            EnvironmentFailed: when that kernel cannot use it.
        """
        revision = (env or {}).get("DASHOPS_BUNDLE")
        clean = {"PATH": os.environ.get("PATH", ""), "LANG": UTF8}
        clean |= {name: os.environ[name] for name in self.allowed_env if name in os.environ}
        clean |= env or {}
        if revision:
            folder = self.bundles.folder(revision)
            if folder is None:
                raise web.HTTPError(409, "bundle %s is not here", revision)
            kwargs["cwd"] = str(folder / "work")
            clean["HOME"] = str(folder / "home")
            # Shared: matplotlib's list of fonts takes seconds to make.
            clean["XDG_CACHE_HOME"] = str(self.bundles.root / "cache")
            if own := self._environment(revision, kwargs.get("kernel_name")):
                kwargs["interpreter"] = str(own / "bin" / "python")
                clean["VIRTUAL_ENV"] = str(own)
                clean["PATH"] = f"{own / 'bin'}{os.pathsep}{clean['PATH']}"
        with self._log_file() as log:
            # Not the gateway's own output: when who reads that dies, kernels could not start.
            kwargs["stdout"] = kwargs["stderr"] = log
            kwargs["memory"] = self.kernel_memory
            kernel_id = str(await super().start_kernel(*args, env=clean, **kwargs))
        if revision:
            self._revisions[kernel_id] = revision
        return kernel_id

    def _environment(self, revision: str, kernel_name: str | None) -> Path | None:
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

    def _used(self) -> set[str]:
        self._revisions = {each: used for each, used in self._revisions.items() if each in self}
        return set(self._revisions.values())

    def _log_file(self) -> IO[bytes]:
        path = Path(self.kernel_log)
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.replace(f"{path}.1")
        return path.open("ab")
