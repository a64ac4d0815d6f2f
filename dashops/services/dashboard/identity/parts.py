"""Puts the parts of identity together for one server; it is called once, at its start."""

import logging
from typing import Any

from dashops.services.dashboard import config, store
from dashops.services.dashboard.identity import passwords, provider, sessions, throttle
from dashops.services.dashboard.store import people


def parts(settings: config.Config, dashboards: store.Store, log: logging.Logger) -> dict[str, Any]:
    """What handlers find in their settings: people, hashing, provider, sessions, throttle.

    Raises:
        SpecError: when there is no such provider.
    """
    kept = people.People(dashboards.reading, dashboards.writing)
    hashing = passwords.Hashing()
    named = settings.identity
    logins = sessions.Sessions(
        kept, named.provider, named.session_idle, named.session_lifetime, log
    )
    slowing = throttle.Throttle()
    slowing.trust(logins.addresses())
    return {
        "people": kept,
        "hashing": hashing,
        "provider": provider.make(provider.Means(settings, kept, hashing)),
        "sessions": logins,
        "throttle": slowing,
    }
