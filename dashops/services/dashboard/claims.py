"""Signs who is viewing, for the kernel of that viewer; how it gets there is others' business."""

import base64
import functools
import json
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ed25519
from jupyter_server.auth import User

LIFE = 60  # seconds in which a kernel has to get them; it may keep what it learned

HAND = """
import sys, time, types
handed = sys.modules.setdefault("dashops_handed", types.ModuleType("dashops_handed"))
if getattr(handed, "asked", False):
    raise RuntimeError("it asked who is viewing while nobody was")
handed.claims = ({claims!r}, time.time())
"""


class Told(dict[str, str]):
    """What a kernel is told of its visit as variables; `claims` signs the rest, which is none.

    Variables are inherited by whatever a notebook starts, and printed; claims stay in the kernel.
    """

    def __init__(self, variables: Mapping[str, str], claims: Callable[[], str]) -> None:
        super().__init__(variables)
        self.claims = claims


def of(variables: Mapping[str, str]) -> str:
    """The claims that are told beside these variables, signed now; empty where nobody views."""
    return variables.claims() if isinstance(variables, Told) else ""


def code(claims: str) -> str:
    """The Python that gives claims to a kernel which runs already.

    It fails where the notebook asked before: its answer was for nobody.
    """
    return f"exec({HAND.format(claims=claims)!r}, {{}})"


class Claims:
    """Signs with a key of this process that is never written down."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._key = ed25519.Ed25519PrivateKey.generate()
        self._clock = clock

    def publish(self, path: Path) -> None:
        """Write the public half where the gateways' kernels read it, before the last one there."""
        new = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
        mine = self._key.public_key().public_bytes_raw().hex()
        # That of the server before, which may still have pages.
        last = path.read_text().split()[:1] if path.exists() else []
        new.write_text("\n".join([mine, *last]))
        new.chmod(0o644)  # it is no secret, and the account of a gateway may be another
        new.replace(path)

    def told(
        self, user: User, groups: Collection[str], dashboard: str, variables: Mapping[str, str]
    ) -> Told:
        """The variables, with claims about this viewer."""
        sign = functools.partial(self.sign, user.name, groups, dashboard)
        return Told(variables, sign)

    def sign(self, name: str, groups: Collection[str], dashboard: str) -> str:
        """Claims that say so, good for a minute."""
        now = self._clock()
        about: dict[str, Any] = {"name": name, "groups": sorted(groups), "dashboard": dashboard}
        about |= {"issued": now, "expires": now + LIFE}
        payload = _encoded(json.dumps(about).encode())
        return f"{payload}.{_encoded(self._key.sign(payload.encode()))}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
