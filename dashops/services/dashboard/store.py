"""The dashboards on disk: a name points to an immutable revision; every write is one rename."""

import contextlib
import json
import os
import shutil
import uuid
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from dashops import bundle as bundles


@dataclass(frozen=True)
class Dashboard:
    """A published name and its revision; ``size`` in bytes, ``updated`` ISO 8601 UTC."""

    name: str
    revision: str
    title: str
    kernel: str
    language: str
    updated: str
    size: int
    assets: tuple[str, ...]


class Store:
    """Dashboards under one folder: ``names/<name>.json`` and ``revisions/<digest>/``."""

    def __init__(self, root: Path) -> None:
        self.names = root / "names"
        self.revisions = root / "revisions"
        self.incoming = root / "incoming"
        shutil.rmtree(self.incoming, ignore_errors=True)
        for folder in (self.names, self.revisions, self.incoming):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def all(self) -> list[Dashboard]:
        """Every dashboard, by name."""
        found = (self.get(path.stem) for path in sorted(self.names.glob("*.json")))
        return [dashboard for dashboard in found if dashboard]

    def get(self, name: str) -> Dashboard | None:
        """The dashboard of that name, if there is one."""
        try:
            fields = json.loads((self.names / f"{name}.json").read_text())
        except (FileNotFoundError, ValueError):
            return None
        return Dashboard(**{**fields, "assets": tuple(fields["assets"])})

    def put(self, name: str, bundle: bundles.Bundle, *, kernel: str, language: str) -> Dashboard:
        """Store a bundle as a revision, then let the name point to it.

        Raises:
            OSError: when the disk is full or read-only; the old revision keeps serving.
        """
        revision = bundles.digest(bundle)
        self._write_revision(revision, bundle)
        folder = self.revisions / revision
        dashboard = Dashboard(
            name=name,
            revision=revision,
            title=bundles.title(bundle.notebook, name),
            kernel=kernel,
            language=language,
            updated=datetime.now(UTC).isoformat(timespec="seconds"),
            size=sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
            assets=tuple(sorted(bundles.assets(bundle))),
        )
        self._replace(self.names / f"{name}.json", json.dumps(asdict(dashboard)))
        return dashboard

    def remove(self, name: str) -> bool:
        """Unpublish a name; ``False`` when there was none."""
        try:
            (self.names / f"{name}.json").unlink()
        except FileNotFoundError:
            return False
        return True

    def collect(self, in_use: Collection[str]) -> None:
        """Delete the revisions that no name points to and no viewer has open."""
        keep = {dashboard.revision for dashboard in self.all()} | set(in_use)
        for folder in self.revisions.iterdir():
            if folder.name not in keep:
                shutil.rmtree(folder, ignore_errors=True)

    def archive(self, revision: str) -> bytes:
        """A revision as the zip that a gateway unpacks."""
        folder = self.revisions / revision
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        notebook = json.loads(files.pop("index.ipynb"))
        return bundles.pack(bundles.Bundle(notebook=notebook, files=files))

    def notebook_text(self, revision: str) -> str:
        """The notebook of a revision as JSON text."""
        return (self.revisions / revision / "index.ipynb").read_text()

    def asset(self, dashboard: Dashboard, path: str) -> Path | None:
        """The file behind an asset, or ``None`` unless the revision lists exactly that path."""
        return self.revisions / dashboard.revision / path if path in dashboard.assets else None

    def _write_revision(self, revision: str, bundle: bundles.Bundle) -> None:
        if (self.revisions / revision).is_dir():
            return
        folder = self.incoming / uuid.uuid4().hex
        try:
            files = {**bundle.files, "index.ipynb": json.dumps(bundle.notebook).encode()}
            for name, content in files.items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            with contextlib.suppress(FileExistsError):  # somebody uploaded the same just now
                folder.rename(self.revisions / revision)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _replace(self, path: Path, text: str) -> None:
        part = self.incoming / uuid.uuid4().hex
        try:
            with part.open("w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
