"""The kernelspecs of a gateway: those installed, and one for each snapshot, which is not listed."""

from typing import Any

from jupyter_client import kernelspec

from dashops.services.gateway import snapshots

PROVISIONER = "dashops-snapshot"


class SnapshotSpecs(kernelspec.KernelSpecManager):
    """Jupyter's kernelspecs; asking for ``snapshot-<id>`` gives a fork of that snapshot."""

    snapshots: snapshots.Snapshots

    def get_kernel_spec(self, kernel_name: str) -> kernelspec.KernelSpec:
        """The kernelspec of a name; raises ``NoSuchKernel``."""
        if not kernel_name.startswith(snapshots.PREFIX):
            return super().get_kernel_spec(kernel_name)
        snapshot = kernel_name.removeprefix(snapshots.PREFIX)
        try:
            self.snapshots.get(snapshot)
        except snapshots.Gone as error:
            raise kernelspec.NoSuchKernel(kernel_name) from error
        provisioner: dict[str, Any] = {
            "provisioner_name": PROVISIONER,
            "config": {"snapshot": snapshot},
        }
        return kernelspec.KernelSpec(
            argv=["fork", "{connection_file}"],
            display_name=kernel_name,
            language="python",
            metadata={"kernel_provisioner": provisioner},
        )
