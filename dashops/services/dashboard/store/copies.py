"""What a backup takes out of a store and a restore brings in, as one zip; it believes no zip.

``backup.json`` has the format and the rows, ``revisions/<digest>.zip`` the bundles and
``thumbnails/<digest>.png`` the pictures. Users have their place in format 1.
"""

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sql

from dashops import __version__, errors
from dashops import bundle as bundles
from dashops.services.dashboard.store import grants, records, rows, tables
from dashops.services.dashboard.store.dashboards import Store
from dashops.services.dashboard.store.files import environment

FORMAT = 1
ROWS = "backup.json"
MOST = 256 * 2**20  # bytes of rows, those of some 100,000 revisions
PICTURE = 16 * 2**20  # bytes of one picture
FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def take(store: Store, path: Path) -> None:
    """Write all that the store keeps into a file, as it is at one moment."""
    with store.holding() as (revisions, others):
        digests = {each.digest: each.thumbnail for each in revisions}
        content = {
            "format": FORMAT,
            "dashops": __version__,
            "created": records.now(),
            "revisions": [each.row() for each in revisions],
            "users": [],
            **others,
        }
        with zipfile.ZipFile(path, "x") as archive:
            text = json.dumps(content)
            archive.writestr(ROWS, text, zipfile.ZIP_DEFLATED)
            for digest, drawn in digests.items():
                archive.writestr(f"revisions/{digest}.zip", store.archive(digest))
                if drawn and (picture := store.thumbnail(digest)):
                    archive.writestr(f"thumbnails/{digest}.png", picture)


def restore(store: Store, path: Path, limit: int) -> list[str]:
    """Bring in all that a backup has, or nothing; the names of its dashboards.

    ``limit`` is that of one bundle, unpacked.

    Raises:
        SpecError: when the file is no whole backup that this dashops can read.
        DashopsError: when there is a dashboard already that the backup has, too.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            revisions, others = _rows(archive)
            names = sorted({each.name for each in revisions})
            refuse_taken(store, names)
            digests = {each.digest for each in revisions}
            with store.bringing(digests):
                kept = {each: _bring(store, archive, each, limit) for each in sorted(digests)}
                whole = [replace(each, **kept[each.digest]) for each in revisions]
                _insert(store, names, whole, others)
    except FAULTS as error:
        raise errors.SpecError(
            f"the backup cannot be read: {error}", hint="maybe it was cut off: copy it again"
        ) from error
    return names


def refuse_taken(store: Store, names: list[str]) -> None:
    """Raise DashopsError if the store has one of these names."""
    taken = [name for name in names if store.revisions(name)]
    if taken:
        shown = ", ".join(f"`{name}`" for name in taken[:5])
        more = f" and {len(taken) - 5} more" if len(taken) > 5 else ""
        raise errors.DashopsError(
            f"this stack has {shown}{more} already, so nothing was restored",
            hint="restore into an empty stack, or remove them first with `dashops remove`",
        )


def _rows(archive: zipfile.ZipFile) -> tuple[list[records.Revision], rows.Others]:
    entry = next((each for each in archive.infolist() if each.filename == ROWS), None)
    if entry is None:
        raise ValueError(f"it has no `{ROWS}`")
    content = json.loads(_read(archive, ROWS, MOST))
    found = content.get("format") if isinstance(content, dict) else None
    if not isinstance(found, int) or found < 1:
        raise ValueError("it does not say its format")
    if found > FORMAT:
        raise errors.SpecError(
            f"a newer dashops made the backup (format {found})", hint="update this server"
        )
    return rows.check(content)


def _bring(store: Store, archive: zipfile.ZipFile, digest: str, limit: int) -> Mapping[str, Any]:
    """Keep the files of a digest; what a revision says about them, from themselves."""
    data = _read(archive, f"revisions/{digest}.zip", 2 * limit)
    bundle = bundles.unpack(data, limit)
    if bundles.digest(bundle) != digest:
        raise ValueError(f"the revision {digest[:12]} is not what was backed up")
    store.files.write(digest, bundle)
    name = f"thumbnails/{digest}.png"
    drawn = name in archive.NameToInfo
    if drawn:
        picture = _read(archive, name, PICTURE)
        if not picture.startswith(b"\x89PNG\r\n\x1a\n"):
            raise ValueError(f"the picture of {digest[:12]} is none")
        store.files.draw(digest, picture)
    return {
        "assets": tuple(sorted(bundles.assets(bundle))),
        "size": sum(store.sizes(digest).values()),
        "environment": environment(bundle),
        "thumbnail": drawn,
    }


def _insert(
    store: Store,
    names: list[str],
    revisions: list[records.Revision],
    others: rows.Others,
) -> None:
    with store.change() as connection:
        refuse_taken(store, names)  # somebody may have deployed one meanwhile
        if revisions:
            connection.execute(sql.insert(tables.revisions), [each.row() for each in revisions])
        for name in names:  # none of before may let anybody into these
            connection.execute(grants.forget(name))
        for kind, made in others.items():
            if made:
                connection.execute(sql.insert(tables.metadata.tables[kind]), made)


def _read(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    try:
        with archive.open(name) as file:
            data = file.read(limit + 1)
    except KeyError as error:
        raise ValueError(f"it has no `{name}`") from error
    if len(data) > limit:
        raise errors.SpecError(
            f"`{name}` in the backup is too large", hint="raise `dashboard.upload_limit`"
        )
    return data
