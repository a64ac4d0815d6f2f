"""Tokens of programs: made once, shown once, known again by their hash; it answers no request."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dashops.services.dashboard import store

PREFIX = "dops"
STACK = {
    "deploy_token": ("deploy:*", "read"),
    "author_token": ("deploy:*", "read"),  # what the stack's JupyterLab deploys with
    "admin_token": ("admin",),
}
"""Scopes of those that `dashops up` makes, by their name in the settings."""

WRONG = "the token is missing or wrong"
FRESH = 60  # seconds for which a noted use is news enough


@dataclass(frozen=True)
class Bearer:
    """Who sends a request: a program with a token.

    ``name`` is for the record, ``creator`` is whose the token is, if that is known.
    """

    name: str
    scopes: tuple[str, ...]
    creator: str = ""


class Refused(Exception):
    """A token that is not good, or not any more; the message says why to who knows its secret."""


def make(
    name: str, scopes: tuple[str, ...], days: int | None, creator: str
) -> tuple[str, store.Token]:
    """A new token, and what is to be kept of it; good for so many days, or (None) for ever."""
    token_id, now = secrets.token_hex(5), datetime.now(UTC)
    text = f"{PREFIX}_{token_id}_{secrets.token_urlsafe(32)}"
    until = (now + timedelta(days=days)).isoformat(timespec="seconds") if days else None
    created = now.isoformat(timespec="seconds")
    return text, store.Token(token_id, name, _hash(text), scopes, created, until, creator=creator)


def bearer(settings: Mapping[str, Any], text: str) -> Bearer:
    """Who has that token.

    Raises:
        Refused: when it is none that may be used.
    """
    for key, scopes in STACK.items():
        ours = settings.get(key, "")
        if ours and hmac.compare_digest(text.encode(), ours.encode()):
            return Bearer(key.replace("_", "-"), scopes)
    return _kept(settings["store"], text) if text.startswith(f"{PREFIX}_") else _nobody()


def state(token: store.Token, now: datetime) -> str:
    """One word: good, expired or revoked."""
    if token.revoked:
        return "revoked"
    return "expired" if token.expires and datetime.fromisoformat(token.expires) <= now else "good"


def _kept(kept: store.Store, text: str) -> Bearer:
    _, token_id, _ = (*text.split("_", 2), "", "")[:3]
    found, now = kept.token(token_id), datetime.now(UTC)
    # Whether or not there is one of that id, it takes as long.
    right = hmac.compare_digest(_hash(text), found.hash if found else "0" * 64)
    if found is None or not right:
        return _nobody()
    if (word := state(found, now)) != "good":
        raise Refused(f"the token `{found.name}` {'has' if word == 'expired' else 'was'} {word}")
    if _old(found.used, now):
        kept.token_used(found.id, now.isoformat(timespec="seconds"))
    return Bearer(f"token {found.id} ({found.name})", found.scopes, found.creator)


def _nobody() -> Bearer:
    raise Refused(WRONG)


def _old(used: str | None, now: datetime) -> bool:
    return used is None or now - datetime.fromisoformat(used) > timedelta(seconds=FRESH)


def _hash(text: str) -> str:
    # Its 256 random bits cannot be guessed, so nothing slower is needed.
    return hashlib.sha256(text.encode()).hexdigest()
