"""Starts a kernel as a fork of a snapshot; registered as ``dashops-snapshot`` with Jupyter."""

from contextlib import suppress
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Unicode

from dashops.services.gateway import snapshots


class ForkProvisioner(LocalProvisioner):
    """Jupyter's provisioner for local processes, but it forks one instead of starting one."""

    connection_info: KernelConnectionInfo
    snapshot = Unicode(config=True, help="The id of the snapshot to fork")

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Prepare; the fork itself finds ports that are free."""
        kernel: Any = self.parent
        kernel.cache_ports = False
        prepared: dict[str, Any] = await super().pre_launch(**kwargs)
        return prepared

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:  # noqa: ARG002
        """Fork; raises ``snapshots.Gone``."""
        kernel: Any = self.parent
        own: snapshots.Snapshot = kernel.parent.snapshots.get(self.snapshot)
        try:
            fork = await own.fork(
                kernel.kernel_id, kernel.connection_file, kwargs["env"], kernel.claims
            )
        except snapshots.Gone:
            await self.cleanup()
            kernel.cleanup_connection_file()
            raise
        self.process: Any = fork
        self.pid = self.pgid = fork.pid
        ports: Any = fork.ports
        self.connection_info = {**self.connection_info, **ports}
        return self.connection_info

    async def send_signal(self, signum: int) -> None:
        """Signal it and what it started, unless it ended: its number may be another's by then."""
        if self.process and self.process.poll() is None:
            await super().send_signal(signum)

    async def cleanup(self, restart: bool = False) -> None:  # noqa: FBT001, FBT002
        """Forget the fork."""
        kernel: Any = self.parent
        with suppress(snapshots.Gone):
            kernel.parent.snapshots.get(self.snapshot).kernels.pop(kernel.kernel_id, None)
        await super().cleanup(restart)
