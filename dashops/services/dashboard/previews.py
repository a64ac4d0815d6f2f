"""Links to revisions that no name shows: signed, good for a while, and behind the login."""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tornado import web

from dashops.services.dashboard import store

PURPOSE = "dashops-preview"
DAY = 86400


def link(settings: Mapping[str, Any], address: str, revision: store.Revision) -> dict[str, str]:
    """``url`` of a revision's preview, and when it ``expires`` (ISO 8601 UTC)."""
    named = f"{revision.name}@{revision.number}@{revision.digest[:12]}"
    signed = web.create_signed_value(settings["cookie_secret"], PURPOSE, named)
    token = base64.urlsafe_b64encode(signed).decode().rstrip("=")
    until = datetime.now(UTC) + timedelta(seconds=settings["preview_timeout"])
    expires = until.isoformat(timespec="seconds")
    return {"url": f"{address}/previews/{token}/", "expires": expires}


def revision(settings: Mapping[str, Any], token: str) -> store.Revision | None:
    """The revision that a link shows, unless it is forged, too old or of a forgotten revision."""
    try:
        signed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    days = settings["preview_timeout"] / DAY
    named = web.decode_signed_value(settings["cookie_secret"], PURPOSE, signed, max_age_days=days)
    if named is None:
        return None
    name, number, digest = named.decode().split("@")
    found: store.Revision | None = settings["store"].revision(name, int(number))
    # A name that was removed and taken again counts from 1 again.
    return found if found and found.digest.startswith(digest) else None
