"""People whom a proxy before this server has logged in; it believes no header from anyone else."""

import hashlib
import hmac
import ipaddress
import time
from collections.abc import Callable
from pathlib import Path

from tornado import httputil

from dashops.services.dashboard import config
from dashops.services.dashboard.identity.provider import Means, Person

SIGNATURE = "X-Dashops-Signature"
AGE = 60  # seconds that a signature is good for, and that two clocks may differ


class Header:
    """Reads a name, and groups, from headers of requests that come from a trusted network.

    With a key each request also needs ``X-Dashops-Signature: SECONDS:HEX``, the HMAC-SHA256 of
    SECONDS, method, path with query, name and groups, a line each, at most a minute old.
    """

    def __init__(self, means: Means, clock: Callable[[], float] = time.time) -> None:
        named = means.settings.identity
        self._name, self._groups = named.header_name, named.header_groups
        self._trusted = [ipaddress.ip_network(each) for each in named.header_trusted]
        file = named.header_key_file
        self._key = config.secret(Path(file)).encode() if file else b""
        self._clock = clock

    def read(self, request: httputil.HTTPServerRequest) -> Person | None:
        """Who sent it, None unless exactly one name came from where it may come from."""
        if not self._near(request.remote_ip or ""):
            return None
        names = request.headers.get_list(self._name)
        groups = request.headers.get_list(self._groups) if self._groups else []
        # A proxy that adds its header to a visitor's own has not decided who he is.
        if len(names) != 1 or not names[0].strip():
            return None
        if self._key and not self._signed(request, names[0], ",".join(groups)):
            return None
        name = _text(names[0])
        found = (_text(each) for each in ",".join(groups).split(","))
        return Person(name, name, frozenset(filter(None, found)))

    def _near(self, address: str) -> bool:
        try:
            peer = ipaddress.ip_address(address)
        except ValueError:  # a socket file has no address, and nobody said to trust it
            return False
        return any(peer in network for network in self._trusted)

    def _signed(self, request: httputil.HTTPServerRequest, name: str, groups: str) -> bool:
        moment, _, given = request.headers.get(SIGNATURE, "").partition(":")
        if not moment.isascii() or not moment.isdigit() or len(moment) > 12:
            return False
        if abs(self._clock() - int(moment)) > AGE:
            return False
        said = "\n".join((moment, request.method or "", request.uri or "", name, groups))
        right = hmac.new(self._key, said.encode("latin-1", "replace"), hashlib.sha256).hexdigest()
        return hmac.compare_digest(right.encode(), given.strip().lower().encode("utf-8", "replace"))


def _text(value: str) -> str:
    # Tornado reads headers as Latin-1, and proxies write UTF-8.
    try:
        return value.encode("latin-1").decode().strip()
    except UnicodeError:
        return value.strip()
