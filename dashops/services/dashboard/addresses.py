"""Where browsers find the server's two origins: the main one and that of dashboards; pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from dashops.services.dashboard import config

PORT = re.compile(r":\d+$")


@dataclass(frozen=True)
class Addresses:
    """Both origins as one viewer sees them, such as ``http://127.0.0.1:8866``, no slash at the end.

    ``main`` has login, gallery and API, ``content`` the pages of dashboards.
    """

    main: str
    content: str

    @property
    def content_socket(self) -> str:
        """The content origin for websockets."""
        return f"ws{self.content.removeprefix('http')}"


def of(settings: Mapping[str, Any], request: Any) -> Addresses:
    """The two origins for whoever sent a request to one of them.

    What is not configured is the host he used and the port that the server listens on.
    """
    server: config.Config = settings["kernel_manager"].settings
    host = f"{request.protocol}://{PORT.sub('', request.host)}"
    return Addresses(
        main=server.address or f"{host}:{server.port}",
        content=server.content_address or f"{host}:{server.content_port}",
    )


def hosts(address: str, own: tuple[str, ...]) -> frozenset[str]:
    """The host names to answer for: those of this machine, and the public one."""
    public = urlsplit(address).hostname if address else None
    return frozenset({*own, *([public] if public else [])})
