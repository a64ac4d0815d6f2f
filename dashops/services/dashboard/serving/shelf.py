"""What snapshots put out, on disk, so that a restarted server can go on with them."""

import contextlib
import json
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from dashops.services.dashboard.serving import kept


@dataclass(frozen=True)
class Entry:
    """A snapshot as it is kept: whose it is, where it is and when it was made (epoch seconds)."""

    id: str
    gateway: str
    name: str
    number: int
    digest: str
    created: float
    kept: kept.Kept


class Shelf:
    """One JSON file for each snapshot in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, entry: Entry) -> None:
        """Keep it; there as a whole or not at all."""
        row = {**vars(entry), "kept": [entry.kept.whole, entry.kept.outputs]}
        beside = self._folder / f".{uuid.uuid4().hex}"
        beside.write_text(json.dumps(row))
        beside.rename(self._path(entry.id))

    def entries(self) -> Iterator[Entry]:
        """All that can be read."""
        for path in sorted(self._folder.glob("*.json")):
            # One that is damaged is as good as none: the notebook runs again.
            with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
                row = json.loads(path.read_text())
                whole, outputs = row.pop("kept")
                yield Entry(**row, kept=kept.Kept(kept.read(outputs), whole))

    def retain(self, ids: Collection[str]) -> None:
        """Delete all others."""
        wanted = {self._path(each) for each in ids}
        for path in self._folder.iterdir():
            if path not in wanted:
                path.unlink(missing_ok=True)

    def drop(self, snapshot: str) -> None:
        """Delete one, which may be gone."""
        self._path(snapshot).unlink(missing_ok=True)

    def _path(self, snapshot: str) -> Path:
        return self._folder / f"{snapshot}.json"
