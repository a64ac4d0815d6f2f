"""Starts a kernel in its bundle's folder, with an environment that holds no secret."""

import os
from pathlib import Path
from typing import IO, Any

from kernel_gateway.services.kernels.manager import SeedingMappingKernelManager
from tornado import web
from traitlets import List, Unicode

from dashops.services.gateway import bundles

LOG_LIMIT = 5_000_000  # bytes


class BundleKernels(SeedingMappingKernelManager):
    """The gateway's kernels; a request for a bundle that is not here is answered with 409."""

    bundle_root = Unicode(config=True, help="Folder for unpacked bundles")
    kernel_log = Unicode(config=True, help="File for what kernels print outside of cells")
    allowed_env = List(Unicode(), config=True, help="Variables of this process kernels may see")

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.bundles = bundles.Bundles(Path(self.bundle_root))
        self._revisions: dict[str, str] = {}

    def add_bundle(self, revision: str, archive: bytes) -> None:
        """Take a bundle and let go of those nobody used for long; SpecError when it is bad."""
        self.bundles.add(revision, archive)
        self._revisions = {each: used for each, used in self._revisions.items() if each in self}
        self.bundles.collect({revision, *self._revisions.values()})

    async def start_kernel(
        self, *args: Any, env: dict[str, str] | None = None, **kwargs: Any
    ) -> str:
        """Start a kernel; ``DASHOPS_BUNDLE`` in ``env`` names the revision it runs.

        Raises:
            web.HTTPError: 409 when that bundle has to be sent first.
        """
        revision = (env or {}).get("DASHOPS_BUNDLE")
        if revision:
            folder = self.bundles.folder(revision)
            if folder is None:
                raise web.HTTPError(409, "bundle %s is not here", revision)
            kwargs["cwd"] = str(folder / "work")
            env = {
                **(env or {}),
                "HOME": str(folder / "home"),
                # Shared: matplotlib's list of fonts takes seconds to make.
                "XDG_CACHE_HOME": str(self.bundles.root / "cache"),
            }
        inherited = {name: os.environ[name] for name in self.allowed_env if name in os.environ}
        clean = {"PATH": os.environ.get("PATH", ""), **inherited, **(env or {})}
        with self._log_file() as log:
            # Not the gateway's own output: when who reads that dies, kernels could not start.
            kwargs["stdout"] = kwargs["stderr"] = log
            kernel_id = str(await super().start_kernel(*args, env=clean, **kwargs))
        if revision:
            self._revisions[kernel_id] = revision
        return kernel_id

    def _log_file(self) -> IO[bytes]:
        path = Path(self.kernel_log)
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.replace(f"{path}.1")
        return path.open("ab")
