"""Tells a notebook who is viewing it: ``from dashops.viewer import current_viewer``.

It also runs where nothing else of dashops is, so it needs the standard library only.
"""

import base64
import hashlib
import json
import os
import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["NotVerified", "Viewer", "current_viewer"]

HANDED = "dashops_handed"  # the module in which a kernel has what it was told
KEY = "DASHOPS_CLAIMS_KEY"  # names the file of the public key, in hexadecimal digits
SLACK = 60  # seconds that two machines' clocks may differ


@dataclass(frozen=True)
class Viewer:
    """Who views a dashboard; without a viewer, as at a deploy or in JupyterLab, all is empty."""

    name: str = ""
    groups: frozenset[str] = frozenset()
    dashboard: str = ""


class NotVerified(Exception):
    """What this kernel was told of its viewer does not come from the dashboard server."""


def current_viewer() -> Viewer:
    """Who views this page.

    A cell that asks before there is a viewer makes its dashboard run anew for each of them, unless
    it is tagged `per-viewer`.

    Raises:
        NotVerified: when what the kernel was told is not signed by the dashboard server.
    """
    handed: Any = sys.modules.setdefault(HANDED, types.ModuleType(HANDED))
    claims = getattr(handed, "claims", None)
    if claims is None:
        handed.asked = True
        return Viewer()
    if getattr(handed, "verified", (None, None))[0] != claims:
        handed.verified = claims, _read(*claims)
    viewer: Viewer = handed.verified[1]
    return viewer


def _read(text: str, received: float) -> Viewer:
    """The viewer in signed claims that came at that Unix time."""
    try:
        keys = [bytes.fromhex(key) for key in Path(os.environ[KEY]).read_text().split()]
        payload, _, signature = text.partition(".")
        signed = _decoded(signature)
        genuine = any(_signed(key, payload.encode(), signed) for key in keys)
        claims = json.loads(_decoded(payload)) if genuine else {}
    except (KeyError, OSError, ValueError) as error:
        raise NotVerified("who is viewing cannot be verified") from error
    if not genuine:
        raise NotVerified("who is viewing was not told by the dashboard server")
    if not claims["issued"] - SLACK <= received <= claims["expires"] + SLACK:
        raise NotVerified("who is viewing was told too late")
    return Viewer(claims["name"], frozenset(claims["groups"]), claims["dashboard"])


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# Ed25519 after RFC 8032, section 6. It only verifies, so it has no secret that its timing tells.
_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)

_Point = tuple[int, int, int, int]


def _add(one: _Point, two: _Point) -> _Point:
    a = (one[1] - one[0]) * (two[1] - two[0]) % _P
    b = (one[1] + one[0]) * (two[1] + two[0]) % _P
    c, d = 2 * one[3] * two[3] * _D % _P, 2 * one[2] * two[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(number: int, point: _Point) -> _Point:
    result: _Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = _add(result, point)
        point = _add(point, point)
        number >>= 1
    return result


def _point(text: bytes) -> _Point:
    """The point with that encoding; raises ValueError when there is none."""
    number = int.from_bytes(text, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if y >= _P or (x * x - square) % _P or (x == 0 and sign):
        raise ValueError("no point of the curve")
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


_BASE = _point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))


def _signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the owner of a public key signed a message."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, first = _point(public), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if scalar >= _ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(digest, "little") % _ORDER
    left, right = _times(scalar, _BASE), _add(first, _times(challenge, key))
    same_x = (left[0] * right[2] - right[0] * left[2]) % _P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % _P == 0
