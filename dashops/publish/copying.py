"""Backup and restore of a whole server; a backup file is whole or not there."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from dashops import errors
from dashops.publish.destinations import Destination


@dataclass(frozen=True)
class Saved:
    """A backup of a server in a file of `size` bytes."""

    server: str
    file: Path
    size: int


@dataclass(frozen=True)
class Restored:
    """The dashboards that a server got from a backup."""

    server: str
    file: Path
    dashboards: tuple[str, ...]


def backup(file: Path, to: Destination) -> Saved:
    """Write all dashboards of the server into a file that only its owner can read."""
    if file.is_dir():
        raise errors.SpecError(f"`{file}` is a folder", hint="name the file to write")
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")  # the last step is a rename
    try:
        beside.touch(mode=0o600, exist_ok=False)
        with beside.open("wb") as target:
            to.server.backup(target)
            target.flush()
            os.fsync(target.fileno())
        size = beside.stat().st_size
        beside.replace(file)
    except OSError as error:
        raise errors.SpecError(
            f"`{file}` cannot be written: {error.strerror}", hint="name another file"
        ) from error
    finally:
        beside.unlink(missing_ok=True)
    return Saved(to.server.url, file, size)


def restore(file: Path, to: Destination) -> Restored:
    """Bring the dashboards in a backup to a server that has none of these names."""
    try:
        with file.open("rb") as source:
            names = to.server.restore(source)
    except OSError as error:
        raise errors.SpecError(
            f"`{file}` cannot be read: {error.strerror}", hint="name a file of `dashops backup`"
        ) from error
    return Restored(to.server.url, file, names)
