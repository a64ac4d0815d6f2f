"""The dashboards: a name shows one of its immutable revisions, switched in one transaction."""

import contextlib
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sql

from dashops import bundle as bundles
from dashops.services.dashboard.store import (
    database,
    grants,
    migrations,
    records,
    retention,
    tables,
)
from dashops.services.dashboard.store.decisions import Decisions
from dashops.services.dashboard.store.files import Disk, Files, environment
from dashops.services.dashboard.store.holding import Holding
from dashops.services.dashboard.store.records import Revision
from dashops.services.dashboard.store.shelf import Shelf
from dashops.services.dashboard.store.shown import Shown
from dashops.services.dashboard.store.tokens import Tokens
from dashops.services.dashboard.store.tries import Tries

ACTIVATED, KEPT = tables.activations.c, tables.revisions.c


class Store(Decisions, Tries, Holding, grants.Granting, Tokens):
    """Metadata in a database, by default ``store.db``, and files by digest.

    One server at a time uses a store, from any of its threads. Of several that take turns each
    has an ``instance`` of its own and a time in which the one before still does some work; such a
    one calls ``forget`` now and then, and ``recover`` when no other one is there. Every method
    raises Unavailable when the database, or the place of the files, does not do its work.
    """

    def __init__(
        self,
        root: Path,
        database_url: str = "",
        files_url: str = "",
        disk: Disk | None = None,
        instance: str = "",
    ) -> None:
        shelf = Shelf(files_url) if files_url else None
        self.files = Files(root, shelf, disk, f"incoming{instance and '-'}{instance}")
        self.incoming = self.files.incoming
        self.reading = database.connect(database_url, root)
        self.writing = database.writing(self.reading)
        migrations.migrate(self.reading)
        self._shown = Shown(self.reading)
        self._granted = grants.Granted(self.reading)
        self._changing = threading.RLock()
        self._held: set[tuple[str, str]] = set()
        self._retention = retention.Retention(self.reading, self.writing, self.files)
        if not instance:
            self.recover()

    def forget(self) -> None:
        """Read again what is shown and granted, as another server may have changed it."""
        self._shown.changed()
        self._granted.changed()

    def all(self) -> list[Revision]:
        """What each name shows, by name."""
        return self._shown.all()

    def active(self, name: str) -> Revision | None:
        """The revision a name shows, if it shows one."""
        return self._shown.by(name)

    def revision(self, name: str, number: int) -> Revision | None:
        """One revision, if it is still kept."""
        return next(iter(self._revisions(KEPT.name == name, KEPT.number == number)), None)

    def revisions(self, name: str) -> list[Revision]:
        """All revisions of a name, newest first."""
        return self._revisions(KEPT.name == name)

    def find(self, name: str, source: str) -> Revision | None:
        """The revision of a name that the same upload gave: a good one first, then the newest."""
        tried = (KEPT.name == name, KEPT.source == source, KEPT.state != "new")
        found = self._revisions(*tried)
        return max(found, key=lambda each: (each.state == "good", each.number), default=None)

    def add(
        self,
        name: str,
        bundle: bundles.Bundle,
        *,
        source: str = "",
        dependencies: str = "",
        **about: str,
    ) -> Revision:
        """Keep a bundle as a new revision of a name, or find the one that has the same content.

        ``about`` is kernel, language, author and commit. Nobody sees the revision yet, and it is
        not collected before ``settle`` or ``drop``.

        Raises:
            OSError: when the disk is full or read-only.
        """
        digest = bundles.digest(bundle)
        with self._changing:
            self._held.add((name, digest))
        if found := next(iter(self._revisions(KEPT.name == name, KEPT.digest == digest)), None):
            return found
        self.files.doubt([digest])
        self.files.write(digest, bundle)
        sizes = self.sizes(digest)
        with self._changing, self.writing.begin() as connection:
            newest = sql.select(sql.func.max(KEPT.number)).where(KEPT.name == name)
            revision = Revision(
                name=name,
                number=(connection.scalar(newest) or 0) + 1,
                digest=digest,
                state="new",
                title=bundles.title(bundle.notebook, name),
                created=records.now(),
                size=sum(sizes.values()),
                assets=tuple(sorted(bundles.assets(bundle))),
                failure=None,
                kernel=about["kernel"],
                language=about["language"],
                author=about["author"],
                commit=about["commit"],
                source=source,
                environment=environment(bundle),
                dependencies=dependencies,
            )
            connection.execute(sql.insert(tables.revisions).values(revision.row()))
        return revision

    def settle(
        self,
        revision: Revision,
        failure: Mapping[str, Any] | None,
        warnings: Collection[str] = (),
        thumbnail: bytes | None = None,
    ) -> Revision:
        """Note what the gate found."""
        if thumbnail:
            self.files.draw(revision.digest, thumbnail)
        settled = replace(
            revision,
            state="failed" if failure else "good",
            failure=failure,
            warnings=tuple(warnings),
            thumbnail=bool(thumbnail) or revision.thumbnail,
        )
        row = settled.row()
        found = {key: row[key] for key in ("state", "failure", "warnings", "thumbnail")}
        if self._change(
            revision.name, sql.update(tables.revisions).where(_is(revision)).values(found)
        ):
            self.files.settled(revision.digest)
        self._done(revision)
        return settled

    def drop(self, revision: Revision) -> None:
        """Forget a revision that the gate could not try."""
        if revision.state == "new":
            self._change(revision.name, sql.delete(tables.revisions).where(_is(revision)))
        self._done(revision)

    def activate(self, revision: Revision) -> None:
        """Let the name show this revision from the next visit on."""
        row = sql.select(KEPT.name, KEPT.number, sql.literal(records.now())).where(_is(revision))
        columns = ["name", "number", "activated"]
        if not self._change(
            revision.name, sql.insert(tables.activations).from_select(columns, row)
        ):
            # A name that shows what is not there would show nothing.
            raise database.Unavailable(f"revision {revision.number} is not kept any more")
        self._done(revision)

    def before(self, name: str) -> Revision | None:
        """The good revision that the name showed last before the one it shows now."""
        query = sql.select(ACTIVATED.number).where(ACTIVATED.name == name)
        with self.reading.connect() as connection:
            numbers = connection.scalars(query.order_by(ACTIVATED.id.desc())).all()
        kept = {each.number: each for each in self.revisions(name) if each.state == "good"}
        return next((kept[each] for each in numbers if each in kept and each != numbers[0]), None)

    def remove(self, name: str) -> bool:
        """Unpublish a name and forget its revisions; ``False`` when there were none."""
        gone = [each.digest for each in self.revisions(name)]
        self.files.doubt(gone)
        self._change(
            name,
            sql.delete(tables.activations).where(ACTIVATED.name == name),
            sql.delete(tables.revisions).where(KEPT.name == name),
            grants.forget(name),
        )
        return bool(gone)

    def collect(self, in_use: Collection[str], keep: int) -> None:
        """Forget all but the newest ``keep`` good and ``keep`` failed revisions of each name.

        What a name shows, what the gate is trying and what a viewer has open (``in_use``, by
        digest) stays. Files that no revision has are deleted.
        """
        with self._changing:
            held = {digest for _, digest in self._held} | set(in_use)
            shown = {each.name: each.number for each in self.all()}
            self._retention.collect(held, shown, keep)

    def archive(self, digest: str) -> bytes:
        """A revision's content as the zip that a gateway unpacks."""
        return bundles.pack(self.files.bundle(digest))

    def sizes(self, digest: str) -> dict[str, int]:
        """Path and size in bytes of each file of a revision, the notebook among them."""
        found = self.files.files(digest)
        return {path: file.stat().st_size for path, file in sorted(found.items())}

    def notebook_text(self, digest: str) -> str:
        """The notebook of a revision as JSON text."""
        return (self.files.folder(digest) / bundles.NOTEBOOK).read_text()

    def lock(self, digest: str) -> str | None:
        """The hashed requirements of a revision, if it has an environment of its own."""
        return self.files.lock(digest)

    def thumbnail(self, digest: str) -> bytes | None:
        """The picture of a revision as PNG, if there is one."""
        return self.files.thumbnail(digest)

    def asset(self, revision: Revision, path: str) -> Path | None:
        """The file behind an asset, or ``None`` unless the revision lists exactly that path."""
        if path not in revision.assets:
            return None
        return self.files.folder(revision.digest) / path

    @contextlib.contextmanager
    def change(self, *names: str) -> Iterator[sql.Connection]:
        """A transaction that writes, of these names or any, and no other meanwhile."""
        with self._changing:
            try:
                with self.writing.begin() as connection:
                    yield connection
            finally:
                self._shown.changed(*names)
                self._granted.changed()

    def recover(self) -> None:
        """A crash ended whatever was being tried."""
        tried = KEPT.state == "new"
        with self.reading.connect() as connection:
            self.files.doubt(connection.scalars(sql.select(KEPT.digest).where(tried)).all())
        with self.change() as connection:
            connection.execute(sql.delete(tables.revisions).where(tried))
        self.interrupt()

    def _revisions(self, *conditions: sql.ColumnElement[bool]) -> list[Revision]:
        activated = (
            sql.select(sql.func.max(ACTIVATED.activated))
            .where(ACTIVATED.name == KEPT.name, ACTIVATED.number == KEPT.number)
            .scalar_subquery()
        )
        query = sql.select(tables.revisions, activated.label("activated")).where(*conditions)
        with self.reading.connect() as connection:
            rows = connection.execute(query.order_by(KEPT.number.desc())).mappings().all()
        return [records.revision(row) for row in rows]

    def _change(self, name: str, *statements: sql.Executable) -> int:
        """Do all of them or nothing; the number of rows that the last one changed."""
        with self.change(name) as connection:
            return [connection.execute(each).rowcount for each in statements][-1]

    def _done(self, revision: Revision) -> None:
        with self._changing:
            self._held.discard((revision.name, revision.digest))
            self._retention.touch(revision.name)


def _is(revision: Revision) -> sql.ColumnElement[bool]:
    return tables.row_of(revision.name, revision.number)
