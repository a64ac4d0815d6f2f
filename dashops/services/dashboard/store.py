"""The dashboards: a name shows one of its immutable revisions, switched in one transaction."""

import contextlib
import hashlib
import json
import shutil
import uuid
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sql

from dashops import bundle as bundles
from dashops.services.dashboard import tables

ACTIVATED = tables.activations.c
LOCK = ".dashops/requirements.lock"
THUMBNAIL = ".dashops/thumbnail.png"


@dataclass(frozen=True)
class Revision:
    """What was deployed under a name once.

    ``number`` counts from 1 per name, ``digest`` is that of the content. ``state`` is new until
    the gate has run it, then good or failed; ``failure`` says how it failed. Times are ISO 8601
    UTC, ``size`` is in bytes, ``activated`` is when the name last got this revision.
    """

    name: str
    number: int
    digest: str
    state: str
    title: str
    kernel: str
    language: str
    created: str
    size: int
    assets: tuple[str, ...]
    author: str
    commit: str
    failure: Mapping[str, Any] | None
    source: str = ""
    environment: str = ""
    dependencies: str = ""
    warnings: tuple[str, ...] = ()
    thumbnail: bool = False
    activated: str | None = None


@dataclass(frozen=True)
class Deploy:
    """One deploy and how it ended."""

    id: str
    name: str
    author: str
    state: str
    revision: int | None
    message: str
    started: str
    finished: str | None


class Unavailable(Exception):
    """The database cannot be used now."""

    def __init__(self, message: str, hint: str = "", *, full: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.full = full


class Store:
    """Revisions under one folder: metadata in ``store.db``, files in ``revisions/<digest>/``."""

    def __init__(self, root: Path) -> None:
        self.folders = root / "revisions"
        self.incoming = root / "incoming"
        shutil.rmtree(self.incoming, ignore_errors=True)
        for folder in (self.folders, self.incoming):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._database = tables.open_database(root / "store.db")
        with self._database.begin() as connection:  # a crash ended whatever was being tried
            connection.execute(sql.delete(tables.revisions).where(_is(state="new")))
            running = sql.update(tables.deploys).where(tables.deploys.c.state == "running")
            connection.execute(running.values(state="interrupted", finished=_now()))

    def all(self) -> list[Revision]:
        """What each name shows, by name."""
        with self._database.connect() as connection:
            names = connection.scalars(sql.select(ACTIVATED.name).distinct()).all()
        shown = (self.active(name) for name in sorted(names))
        return [revision for revision in shown if revision]

    def active(self, name: str) -> Revision | None:
        """The revision a name shows, if it shows one."""
        number = self._newest(name)
        return None if number is None else self.revision(name, number)

    def revision(self, name: str, number: int) -> Revision | None:
        """One revision, if it is still kept."""
        return next((each for each in self.revisions(name) if each.number == number), None)

    def revisions(self, name: str) -> list[Revision]:
        """All revisions of a name, newest first."""
        wanted = tables.revisions.c
        activated = sql.func.max(ACTIVATED.activated).label("activated")
        same = sql.and_(ACTIVATED.name == wanted.name, ACTIVATED.number == wanted.number)
        query = (
            sql.select(tables.revisions, activated)
            .outerjoin(tables.activations, same)
            .where(wanted.name == name)
            .group_by(wanted.name, wanted.number)
            .order_by(wanted.number.desc())
        )
        with self._database.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            Revision(**{**row, "assets": tuple(row["assets"]), "warnings": tuple(row["warnings"])})
            for row in rows
        ]

    def add(self, name: str, bundle: bundles.Bundle, **about: str) -> Revision:
        """Keep a bundle as a new revision of a name, or find the one that has the same content.

        ``about`` is kernel, language, author and commit. Nobody sees the revision yet.

        Raises:
            OSError: when the disk is full or read-only.
        """
        digest = bundles.digest(bundle)
        known = self.revisions(name)
        if found := next((each for each in known if each.digest == digest), None):
            return found
        self._write(digest, bundle)
        revision = Revision(
            name=name,
            number=max((each.number for each in known), default=0) + 1,
            digest=digest,
            state="new",
            title=bundles.title(bundle.notebook, name),
            created=_now(),
            size=sum(file.stat().st_size for file in self._files(digest).values()),
            assets=tuple(sorted(bundles.assets(bundle))),
            failure=None,
            kernel=about["kernel"],
            language=about["language"],
            author=about["author"],
            commit=about["commit"],
            source=about.get("source", ""),
            environment=hashlib.sha256(bundle.lock.encode()).hexdigest() if bundle.lock else "",
            dependencies=about.get("dependencies", ""),
        )
        row = {key: value for key, value in vars(revision).items() if key != "activated"}
        with self._database.begin() as connection:
            connection.execute(sql.insert(tables.revisions).values(row))
        return revision

    def settle(
        self,
        revision: Revision,
        failure: Mapping[str, Any] | None,
        warnings: tuple[str, ...] = (),
        thumbnail: bytes | None = None,
    ) -> Revision:
        """Note what the gate found."""
        state = "failed" if failure else "good"
        where = _is(name=revision.name, number=revision.number)
        if thumbnail:
            file = self.folders / revision.digest / THUMBNAIL
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(thumbnail)
        found = {
            "state": state,
            "failure": failure,
            "warnings": list(warnings),
            "thumbnail": thumbnail is not None,
        }
        with self._database.begin() as connection:
            connection.execute(sql.update(tables.revisions).where(where).values(found))
        return replace(
            revision,
            state=state,
            failure=failure,
            warnings=warnings,
            thumbnail=thumbnail is not None,
        )

    def thumbnail(self, digest: str) -> bytes | None:
        """The picture of a revision, if there is one."""
        file = self.folders / digest / THUMBNAIL
        return file.read_bytes() if file.is_file() else None

    def find(self, name: str, source: str) -> Revision | None:
        """The newest revision made from the same upload."""
        return next((each for each in self.revisions(name) if each.source == source), None)

    def lock(self, digest: str) -> str | None:
        """The packages of a revision."""
        file = self.folders / digest / LOCK
        return file.read_text() if file.is_file() else None

    def begin(self, name: str, author: str) -> Deploy:
        """Note that a deploy began."""
        deploy = Deploy(uuid.uuid4().hex, name, author, "running", None, "", _now(), None)
        with self._database.begin() as connection:
            connection.execute(sql.insert(tables.deploys).values(vars(deploy)))
        return deploy

    def finish(self, deploy_id: str, state: str, revision: int | None, message: str) -> None:
        """Note how it ended."""
        change = {"state": state, "revision": revision, "message": message, "finished": _now()}
        where = tables.deploys.c.id == deploy_id
        with self._database.begin() as connection:
            connection.execute(sql.update(tables.deploys).where(where).values(change))

    def deploys(self, limit: int) -> list[Deploy]:
        """The newest deploys, newest first."""
        query = sql.select(tables.deploys).order_by(tables.deploys.c.started.desc()).limit(limit)
        with self._database.connect() as connection:
            return [Deploy(**row) for row in connection.execute(query).mappings()]

    def drop(self, revision: Revision) -> None:
        """Forget a revision that the gate could not try."""
        if revision.state == "new":
            self._forget(revision)

    def activate(self, revision: Revision) -> None:
        """Let the name show this revision from the next visit on."""
        row = {"name": revision.name, "number": revision.number, "activated": _now()}
        with self._database.begin() as connection:
            connection.execute(sql.insert(tables.activations).values(row))

    def before(self, name: str) -> Revision | None:
        """The good revision that the name showed last before the one it shows now."""
        query = sql.select(ACTIVATED.number).where(ACTIVATED.name == name)
        with self._database.connect() as connection:
            numbers = connection.scalars(query.order_by(ACTIVATED.id.desc())).all()
        kept = {each.number: each for each in self.revisions(name) if each.state == "good"}
        return next((kept[each] for each in numbers if each in kept and each != numbers[0]), None)

    def remove(self, name: str) -> bool:
        """Unpublish a name and forget its revisions; ``False`` when there were none."""
        with self._database.begin() as connection:
            connection.execute(sql.delete(tables.activations).where(ACTIVATED.name == name))
            gone = connection.execute(sql.delete(tables.revisions).where(_is(name=name)))
        return bool(gone.rowcount)

    def collect(self, in_use: Collection[str], keep: int) -> None:
        """Forget all but the newest ``keep`` good and ``keep`` failed revisions of each name.

        What a name shows, what the gate is trying and what a viewer has open (``in_use``, by
        digest) stays. Files that no revision has are deleted.
        """
        with self._database.connect() as connection:
            names = connection.scalars(sql.select(tables.revisions.c.name).distinct()).all()
        kept = set(in_use)
        for name in names:
            shown = self._newest(name)
            seen: Counter[str] = Counter()
            for each in self.revisions(name):
                seen[each.state] += 1
                held = each.number == shown or each.state == "new" or each.digest in in_use
                if held or seen[each.state] <= keep:
                    kept.add(each.digest)
                else:
                    self._forget(each)
        for folder in self.folders.iterdir():
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)

    def archive(self, digest: str) -> bytes:
        """A revision's content as the zip that a gateway unpacks."""
        files = {path: file.read_bytes() for path, file in self._files(digest).items()}
        notebook = json.loads(files.pop(bundles.NOTEBOOK))
        return bundles.pack(bundles.Bundle(notebook, files, lock=self.lock(digest)))

    def sizes(self, digest: str) -> dict[str, int]:
        """Path and size in bytes of each file of a revision, the notebook among them."""
        return {path: file.stat().st_size for path, file in sorted(self._files(digest).items())}

    def notebook_text(self, digest: str) -> str:
        """The notebook of a revision as JSON text."""
        return (self.folders / digest / bundles.NOTEBOOK).read_text()

    def asset(self, revision: Revision, path: str) -> Path | None:
        """The file behind an asset, or ``None`` unless the revision lists exactly that path."""
        return self.folders / revision.digest / path if path in revision.assets else None

    def _files(self, digest: str) -> dict[str, Path]:
        folder = self.folders / digest
        found = (path for path in folder.rglob("*") if path.is_file())
        names = {path.relative_to(folder).as_posix(): path for path in found}
        return {name: path for name, path in names.items() if not name.startswith(".dashops/")}

    def _newest(self, name: str) -> int | None:
        query = sql.select(ACTIVATED.number).where(ACTIVATED.name == name)
        with self._database.connect() as connection:
            return connection.scalars(query.order_by(ACTIVATED.id.desc()).limit(1)).first()

    def _forget(self, revision: Revision) -> None:
        where = _is(name=revision.name, number=revision.number)
        with self._database.begin() as connection:
            connection.execute(sql.delete(tables.revisions).where(where))

    def _write(self, digest: str, bundle: bundles.Bundle) -> None:
        if (self.folders / digest).is_dir():
            return
        folder = self.incoming / uuid.uuid4().hex
        try:
            files = {**bundle.files, bundles.NOTEBOOK: json.dumps(bundle.notebook).encode()}
            if bundle.lock:
                files[LOCK] = bundle.lock.encode()
            for name, content in files.items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            with contextlib.suppress(FileExistsError):  # somebody uploaded the same just now
                folder.rename(self.folders / digest)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _is(**values: object) -> sql.ColumnElement[bool]:
    return sql.and_(*(tables.revisions.c[name] == value for name, value in values.items()))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
