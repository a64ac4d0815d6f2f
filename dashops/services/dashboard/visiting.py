"""Who has a kernel open, and on what; it is told all that and does nothing itself."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from jupyter_server.auth import User

from dashops.services.dashboard import store


@dataclass
class Visit:
    """Who has a kernel open, on what, and since when; times are ``time.monotonic()`` seconds.

    ``pages`` holds, for each connected page, how to close its connection. ``outdated`` is since
    when the name shows another revision; a ``pinned`` visit, of a preview, never counts as that.
    ``kind`` says how its kernel came to be: snapshot, warm or fresh, ``opened`` in how many
    seconds, ``came`` whether a page ever connected, ``login`` which of its owner's logins it was.
    ``base`` is the path its page has for itself, ``main`` the main origin as this viewer sees it.
    ``user_of`` is None unless a person opened it.
    """

    owner: str
    user: str
    revision: store.Revision
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    active: float = field(default_factory=time.monotonic)
    left: float | None = None
    pages: set[Callable[[], None]] = field(default_factory=set)
    rendering: bool = True
    pinned: bool = False
    outdated: float | None = None
    kind: str = "fresh"
    opened: float = 0.0
    came: bool = False
    base: str = "/"
    main: str = ""
    login: str = ""
    user_of: User | None = None
