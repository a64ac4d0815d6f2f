"""The bundles a gateway has been given, unpacked once each, for kernels to run in."""

import os
import shutil
import uuid
from collections.abc import Collection
from pathlib import Path

from dashops import bundle as bundles
from dashops import errors
from dashops.bundle.requirements import ARCHIVES

LIMIT = 2**31  # bytes a bundle may unpack to; the dashboard server has a tighter limit
KEPT = 20  # unused revisions that stay unpacked, for whoever opens them next
LOCK = "requirements.lock"
VIEWER = Path(errors.__file__).with_name("viewer.py")
STARTUP = "c.HistoryManager.enabled = False\n"


def modules(root: Path) -> Path:
    """The folder of what kernels can import besides their packages: `dashops.viewer` alone.

    It has no `__init__.py`, so that it hides nothing where dashops or another one is installed.
    """
    folder = root / "modules"
    place = folder / "dashops" / VIEWER.name
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.write_bytes(VIEWER.read_bytes())
    return folder


class Bundles:
    """Folders by revision under one root: ``work/`` is a kernel's directory, ``home/`` its HOME.

    One with an environment of its own has the lock beside them.
    Viewers of a revision share them: a copy each would cost the bundle's size at every visit.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in root.glob(".incoming-*"):
            shutil.rmtree(left, ignore_errors=True)

    def folder(self, revision: str) -> Path | None:
        """Where a revision was unpacked, if it was; it counts as used now."""
        path = self.root / revision
        if not path.is_dir():
            return None
        os.utime(path)
        return path

    def lock(self, revision: str) -> str | None:
        """The lock of a revision that is here; None for the default environment."""
        path = self.root / revision / LOCK
        return path.read_text() if path.is_file() else None

    def archives(self, revision: str) -> list[Path]:
        """Its folders with wheels, which a lock may name and no index has."""
        found = (self.root / revision / "work").rglob("*")
        return sorted({path.parent for path in found if path.name.endswith(ARCHIVES)})

    def collect(self, in_use: Collection[str]) -> None:
        """Delete the revisions used longest ago, but for some, and but for those in use."""
        idle = [path for path in self.root.glob("?" * 64) if path.name not in in_use]
        idle.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for path in idle[KEPT:]:
            shutil.rmtree(path, ignore_errors=True)

    def add(self, revision: str, archive: bytes) -> None:
        """Unpack an archive; raises SpecError when it is bad or not that revision."""
        bundle = bundles.unpack(archive, LIMIT)
        if bundles.digest(bundle) != revision:
            raise errors.SpecError("the archive is not the revision it is said to be")
        folder = self.root / f".incoming-{uuid.uuid4().hex}"
        try:
            for name, content in bundle.files.items():
                path = folder / "work" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            (folder / "work").mkdir(parents=True, exist_ok=True)
            profile = folder / "home" / ".ipython" / "profile_default"
            profile.mkdir(parents=True)
            if bundle.lock is not None:
                (folder / LOCK).write_text(bundle.lock)
            # IPython would keep every cell in a database that all dashboards share.
            (profile / "ipython_kernel_config.py").write_text(STARTUP)
            if self.folder(revision) is None:
                folder.rename(self.root / revision)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
