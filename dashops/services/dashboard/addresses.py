"""Where browsers find the server's origins: the main one and those of dashboards; pure."""

import hashlib
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from dashops.services.dashboard import config

PORT = re.compile(r":\d+$")
HERE = "127.0.0.1"
# Names below it lead to this machine (RFC 6761), where programs know that: these browsers do.
BELOW = ".localhost"
KNOWS = re.compile(r"(Chrome|Firefox)/\d")
LABEL = re.compile(r"[a-z0-9-]+-[0-9a-f]{16}")
ANY = "*"


@dataclass(frozen=True)
class Addresses:
    """The origins as one viewer sees them, such as ``http://127.0.0.1:8866``, no slash at the end.

    ``main`` has login, gallery and API, ``content`` the pages of dashboards. In that ``*`` stands
    for the label of a dashboard, where each has a host of its own.
    """

    main: str
    content: str

    def of(self, name: str) -> str:
        """The origin of the pages of a dashboard."""
        return self.content.replace(ANY, label(name))


def label(name: str) -> str:
    """What the host of a dashboard begins with: its name as far as a host may have it, and more.

    The digits after it keep apart ``a.b`` and ``a_b``, and all of them from any other host.
    """
    readable = re.sub(r"[^a-z0-9]+", "-", name)[:40].strip("-")
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def of(settings: Mapping[str, Any], request: Any) -> Addresses:
    """The origins for whoever sent a request to one of them.

    What is not configured is the host he used and the port that the server listens on. A browser
    on this machine finds each dashboard below ``localhost``, so no login is made there.
    """
    server: config.Config = settings["kernel_manager"].settings
    host = PORT.sub("", request.host)
    if is_near(host):
        host = HERE
    below = host == HERE and KNOWS.search(request.headers.get("User-Agent", ""))
    content = f"{ANY}{BELOW}" if below else host
    return Addresses(
        main=server.address or f"{request.protocol}://{host}:{server.port}",
        content=server.content_address or f"{request.protocol}://{content}:{server.content_port}",
    )


def is_near(host: str) -> bool:
    """Whether it is another name of this machine, whose logins are not those of its number."""
    return f".{host}".endswith(BELOW)


def main_elsewhere(settings: Mapping[str, Any], request: Any) -> str:
    """The main origin, if the request came to another name of this machine; else nothing."""
    host, main = PORT.sub("", request.host), of(settings, request).main
    return main if is_near(host) and urlsplit(main).hostname != host else ""


def sender(settings: Mapping[str, Any], request: Any) -> str:
    """The IP address of who sent a request.

    Where a proxy stands before the server, that is what the proxy says: the last of
    ``X-Forwarded-For``, as those before it are whatever the visitor liked to send.
    """
    said = request.headers.get("X-Forwarded-For", "") if settings.get("proxied") else ""
    try:
        return str(ipaddress.ip_address(said.rpartition(",")[2].strip()))
    except ValueError:
        return str(request.remote_ip or "")


def hosts(address: str, own: tuple[str, ...]) -> frozenset[str]:
    """The host names to answer for: those of this machine, and the public one."""
    public = urlsplit(address).hostname if address else None
    return frozenset({*own, *([public] if public and ANY not in public else [])})


def is_own(host: str, address: str) -> bool:
    """Whether a host name is that of one dashboard; ``address`` is the configured one, if any."""
    first, _, below = host.partition(".")
    name = urlsplit(address).hostname or "" if address else f"{ANY}{BELOW}"
    return name == f"{ANY}.{below}" and bool(LABEL.fullmatch(first))
