"""Secrets: made once, kept in files only their owner reads, shown to nobody by accident."""

import contextlib
import os
import secrets as random
from collections.abc import Sequence
from pathlib import Path

from dashops.errors import DashopsError

SHOWN = "****"


class Secret:
    """A text that prints as `****` everywhere; `reveal()` is the one way to its value."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that needs it."""
        return self._text

    def __str__(self) -> str:
        return SHOWN

    __repr__ = __str__

    def __format__(self, _spec: str) -> str:
        return SHOWN

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return random.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)


def ensure(folder: Path, names: Sequence[str]) -> dict[str, Secret]:
    """The named secrets of `folder` (0700), each made now (0600, 256 bits) unless it is there."""
    make_folder(folder)
    for name in missing(folder, names):
        write(folder / name, random.token_urlsafe(32))
    return {name: read(folder, name) for name in names}


def missing(folder: Path, names: Sequence[str]) -> tuple[str, ...]:
    """Those of `names` that `ensure` would have to make."""
    return tuple(name for name in names if not (folder / name).is_file())


def read(folder: Path, name: str) -> Secret:
    """One secret; DashopsError when it was never made or cannot be read."""
    try:
        text = (folder / name).read_text().strip()
    except FileNotFoundError:
        raise DashopsError(
            f"there is no secret `{name}`", hint="`dashops up` makes it", where=str(folder)
        ) from None
    except OSError as error:
        raise DashopsError(
            f"cannot read the secret `{name}`: {error.strerror}", where=str(folder / name)
        ) from error
    if not text:
        raise DashopsError(
            f"the secret `{name}` is empty",
            hint="remove the file, and `dashops up` makes a new one",
            where=str(folder / name),
        )
    return Secret(text)


def make_folder(path: Path) -> None:
    """Make a folder (0700) unless it is there; DashopsError when it cannot be made."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


def write(path: Path, text: str) -> None:
    """Put a text into a file (0600) at once: whoever reads sees all of it, or what was before.

    Raises DashopsError when it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(draft, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> DashopsError:
    """The error that names what could not be written, and why."""
    return DashopsError(f"`{path}` cannot be written: {error.strerror}")
