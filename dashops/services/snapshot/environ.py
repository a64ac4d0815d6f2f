"""Notices whether code asks who is viewing; it changes no variable."""

import os
import sys
from collections.abc import Iterator
from types import FrameType

VIEWER = frozenset({"QUERY_STRING", "REMOTE_USER"})
THROUGH = frozenset({__name__, "os", "collections.abc"})
"""Modules whose code stands between ``os.environ`` and whoever reads it."""


class Watched(os._Environ):  # type: ignore[type-arg]
    """``os.environ``, but it notes which variables about the viewer were read.

    A library that looks through all variables, as ``urllib`` does for proxies, asks for none of
    these. A notebook that copies all of them does, as it may read them there.
    """

    seen: set[str]
    listed: dict[str, str]

    def __iter__(self) -> Iterator[str]:
        for key in super().__iter__():
            if key in VIEWER:
                self.listed[key] = key
            yield key

    def __getitem__(self, key: str) -> str:
        if key in VIEWER and (key is not self.listed.get(key) or _for_notebook()):
            self.seen.add(key)
        return str(super().__getitem__(key))


def watch() -> set[str]:
    """Watch from now on; what was read is added to the answer."""
    variables = os.environ
    variables.__class__ = Watched
    variables.seen = set()  # type: ignore[attr-defined]
    variables.listed = {}  # type: ignore[attr-defined]
    return variables.seen  # type: ignore[attr-defined,no-any-return]


def _for_notebook() -> bool:
    """Whether code of the notebook reads, and no library."""
    frame: FrameType | None = sys._getframe(1)
    while frame and frame.f_globals.get("__name__") in THROUGH:
        frame = frame.f_back
    return frame is None or frame.f_globals.get("__name__") == "__main__"
