"""A viewer's kernel as nbclient and Jupyter Server ask for one; it starts and ends nothing."""

from collections.abc import Mapping
from typing import Any

from traitlets import Any as AnyTrait
from traitlets.config import LoggingConfigurable

from dashops.services.dashboard import channels, gateways, visiting


class ViewerKernel(LoggingConfigurable):
    """A kernel on a gateway, with what nbclient and Jupyter Server ask of a kernel manager.

    ``untold``: what it has yet to be told of its viewer, before its first cell runs.
    """

    visit: visiting.Visit = AnyTrait()
    gateway: gateways.Gateway = AnyTrait()
    kernel_id: str = AnyTrait()
    kept: Any = AnyTrait(None)
    untold: Mapping[str, str] = AnyTrait({})
    has_kernel = True

    def client(self, **_: Any) -> channels.Client:
        """A client for the server's own first run of the notebook."""
        return channels.Client(self)

    async def is_alive(self) -> bool:
        """Its end is seen on the websocket, so here it is always alive."""
        return True

    async def shutdown_kernel(self, **_: Any) -> None:
        """Left to the manager, which also forgets the kernel."""

    async def cleanup_resources(self, **_: Any) -> None:
        """Nothing of a remote kernel is on this machine."""
