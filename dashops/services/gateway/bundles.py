"""The bundles a gateway has been given, unpacked once each, for kernels to run in."""

import shutil
import uuid
from pathlib import Path

from dashops import bundle as bundles
from dashops import errors

# A revision's folder is shared by its viewers' kernels; a private copy each when a
# dashboard needs to write files.
LIMIT = 2**31  # bytes a bundle may unpack to; the dashboard server has a tighter limit

STARTUP = "c.HistoryManager.enabled = False\n"


class Bundles:
    """Folders by revision under one root: ``work/`` is a kernel's directory, ``home/`` its HOME."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in root.glob(".incoming-*"):
            shutil.rmtree(left, ignore_errors=True)

    def folder(self, revision: str) -> Path | None:
        """Where a revision was unpacked, if it was."""
        path = self.root / revision
        return path if path.is_dir() else None

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
            # IPython would keep every cell in a database that all dashboards share.
            (profile / "ipython_kernel_config.py").write_text(STARTUP)
            if self.folder(revision) is None:
                folder.rename(self.root / revision)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
