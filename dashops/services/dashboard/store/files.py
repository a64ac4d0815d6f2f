"""The contents of revisions by digest, each there as a whole or not at all; it knows no database.

A digest is in doubt from before its files are written or deleted until `settled` says otherwise:
what a crash left behind is found by these marks, and nothing else is ever deleted.
"""

import contextlib
import hashlib
import json
import shutil
import sys
import uuid
from collections.abc import Iterable
from pathlib import Path

from dashops import bundle as bundles
from dashops.services.dashboard.store.shelf import Shelf


class Disk:
    """Every change to the disk, one step each; tests put one in its place that dies."""

    def write(self, path: Path, content: bytes) -> None:
        """Make a file, and its folders."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def move(self, path: Path, to: Path) -> None:
        """Let something appear as a whole; a folder that is there already stays."""
        path.rename(to)

    def delete(self, path: Path) -> None:
        """Delete a file or a folder, which may be gone."""
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


class Files:
    """Folders ``revisions/<digest>/``, which with a shelf are copies of what is there."""

    def __init__(
        self,
        root: Path,
        shelf: Shelf | None = None,
        disk: Disk | None = None,
        incoming: str = "incoming",
    ) -> None:
        self._disk = disk or Disk()
        self._shelf = shelf
        self._folders, self._thumbnails = root / "revisions", root / "thumbnails"
        self._doubts, self.incoming = root / "doubts", root / incoming
        shutil.rmtree(self.incoming, ignore_errors=True)
        for folder in (self._folders, self._thumbnails, self._doubts, self.incoming):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def doubt(self, digests: Iterable[str]) -> None:
        """Say, before anything happens to them, that these may have to go."""
        for digest in digests:
            self._disk.write(self._doubts / digest, b"")

    def doubts(self) -> set[str]:
        """Digests that may have to go."""
        return {each.name for each in self._doubts.iterdir()}

    def settled(self, digest: str) -> None:
        """Say that a digest is where it shall be."""
        self._disk.delete(self._doubts / digest)

    def write(self, digest: str, bundle: bundles.Bundle) -> None:
        """Keep the contents of a bundle.

        Raises:
            OSError: when the disk is full or read-only.
        """
        if self._shelf:
            self._shelf.put(f"revisions/{digest}.zip", bundles.pack(bundle))
        if not (self._folders / digest).is_dir():
            self._unfold(digest, bundle)

    def discard(self, digest: str) -> None:
        """Delete the contents and the picture of a revision."""
        if self._shelf:
            self._shelf.delete(f"revisions/{digest}.zip")
            self._shelf.delete(f"thumbnails/{digest}.png")
        self._disk.delete(self._thumbnails / f"{digest}.png")
        if (self._folders / digest).is_dir():  # half a folder must never look like a whole one
            waste = self.incoming / uuid.uuid4().hex
            self._disk.move(self._folders / digest, waste)
            self._disk.delete(waste)

    def folder(self, digest: str) -> Path:
        """The folder with the contents, fetched if they are elsewhere.

        Raises:
            FileNotFoundError: when there are none.
        """
        folder = self._folders / digest
        if self._shelf and not folder.is_dir():
            data = self._shelf.get(f"revisions/{digest}.zip")
            self._unfold(digest, bundles.unpack(data, sys.maxsize))
        return folder

    def files(self, digest: str) -> dict[str, Path]:
        """Every file by its path, without the lock."""
        folder = self.folder(digest)
        found = (path for path in folder.rglob("*") if path.is_file())
        named = {path.relative_to(folder).as_posix(): path for path in found}
        return {path: file for path, file in named.items() if path != bundles.LOCK}

    def bundle(self, digest: str) -> bundles.Bundle:
        """The contents as a bundle."""
        files = {path: file.read_bytes() for path, file in self.files(digest).items()}
        notebook = json.loads(files.pop(bundles.NOTEBOOK))
        return bundles.Bundle(notebook=notebook, files=files, lock=self.lock(digest))

    def lock(self, digest: str) -> str | None:
        """The lock, if there is one."""
        path = self.folder(digest) / bundles.LOCK
        return path.read_bytes().decode() if path.is_file() else None

    def draw(self, digest: str, picture: bytes) -> None:
        """Keep the picture of a revision."""
        if self._shelf:
            self._shelf.put(f"thumbnails/{digest}.png", picture)
        beside = self.incoming / uuid.uuid4().hex
        self._disk.write(beside, picture)
        self._disk.move(beside, self._thumbnails / f"{digest}.png")

    def thumbnail(self, digest: str) -> bytes | None:
        """The picture of a revision, if there is one."""
        path = self._thumbnails / f"{digest}.png"
        if path.is_file():
            return path.read_bytes()
        if self._shelf is None:
            return None
        with contextlib.suppress(FileNotFoundError):
            return self._shelf.get(f"thumbnails/{digest}.png")
        return None

    def _unfold(self, digest: str, bundle: bundles.Bundle) -> None:
        folder = self.incoming / uuid.uuid4().hex
        files = {**bundle.files, bundles.NOTEBOOK: json.dumps(bundle.notebook).encode()}
        if bundle.lock is not None:
            files[bundles.LOCK] = bundle.lock.encode()
        try:
            for name, content in files.items():
                self._disk.write(folder / name, content)
            try:
                self._disk.move(folder, self._folders / digest)
            except OSError:  # somebody may have kept the same just now
                if not (self._folders / digest).is_dir():
                    raise
        finally:
            self._disk.delete(folder)


def environment(bundle: bundles.Bundle) -> str:
    """What names the environment of a bundle: the SHA-256 of its lock, empty without one."""
    return "" if bundle.lock is None else hashlib.sha256(bundle.lock.encode()).hexdigest()
