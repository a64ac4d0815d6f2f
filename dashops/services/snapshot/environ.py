"""Notices whether code asks who is viewing; it changes no variable."""

import os

VIEWER = frozenset({"QUERY_STRING", "REMOTE_USER"})


class Watched(os._Environ):  # type: ignore[type-arg]
    """``os.environ``, but it notes which variables about the viewer were read."""

    seen: set[str]

    def __getitem__(self, key: str) -> str:
        if key in VIEWER:
            self.seen.add(key)
        return str(super().__getitem__(key))


def watch() -> set[str]:
    """Watch from now on; what was read is added to the answer."""
    variables = os.environ
    variables.__class__ = Watched
    variables.seen = set()  # type: ignore[attr-defined]
    return variables.seen  # type: ignore[attr-defined,no-any-return]
