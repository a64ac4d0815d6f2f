"""Bundle ↔ bytes; `unpack` reads what a stranger sent: it writes nothing and believes nothing."""

import io
import json
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator

from dashops import errors
from dashops.bundle import contents, notebook, requirements

_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What zipfile raises for broken archives, found by feeding it mutated ones."""

FORMAT = 2
"""The newest format of a zip: 2 has a lock. Format 1 is a zip without a word about its format."""

_MARK = f"{contents.OWN}/bundle.json"
_MAX_DIRECTORY = 4 * 2**20
"""Bytes of a zip's directory: far more than MAX_FILES need, far less than fills the memory."""

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED, _UTF8 = 0x1, 0x800
_HINT = "make the upload with `dashops deploy-notebook`, or zip the files with `index.ipynb` on top"


def pack(bundle: contents.Bundle) -> bytes:
    """The bundle as a zip, the notebook first; equal bundles give equal bytes."""
    contents.check_paths(bundle.files)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        index = (contents.NOTEBOOK, contents.encode(bundle.notebook))
        for path, content in (index, *sorted((dict(bundle.files) | _own(bundle)).items())):
            info = zipfile.ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content)
    return out.getvalue()


def unpack(data: bytes, limit: int) -> contents.Bundle:
    """The bundle in an uploaded .zip or .ipynb, told apart by content, of at most `limit` bytes.

    Raises SpecError for anything that is not a bundle of plain files with safe names.
    """
    if not data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        contents.check_size(len(data), limit)
        return contents.Bundle(notebook.parse(data))
    files = _read(data, limit)
    index = files.pop(contents.NOTEBOOK, None)
    if index is None:
        raise errors.SpecError(
            f"the zip has no `{contents.NOTEBOOK}`",
            hint=f"the notebook of a zip is called `{contents.NOTEBOOK}` and is not in a folder",
        )
    lock = _lock(files)
    contents.check_paths(files)
    return contents.Bundle(notebook.parse(index), files, lock=lock)


def _own(bundle: contents.Bundle) -> dict[str, bytes]:
    """What dashops itself says in a zip; nothing where an older one can read it as well."""
    if bundle.lock is None:
        return {}
    mark = json.dumps({"format": FORMAT}).encode() + b"\n"
    return {contents.LOCK: bundle.lock.encode(), _MARK: mark}


def _lock(files: dict[str, bytes]) -> str | None:
    """The lock among the files of a zip, taken out of them together with the mark."""
    mark, lock = files.pop(_MARK, None), files.pop(contents.LOCK, None)
    try:
        found = json.loads(mark)["format"] if mark is not None else 1
        if type(found) is not int or found < 1:
            raise ValueError(f"format is {found!a}")
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise errors.SpecError(f"`{_MARK}` in the zip is broken", hint=_HINT) from error
    if found > FORMAT:
        raise errors.SpecError(
            f"the bundle was made by a newer dashops: it has format {found}, "
            f"and this one reads up to {FORMAT}",
            hint="update dashops where the bundle goes to",
        )
    if lock is None:
        return None
    try:
        return requirements.check_lock(lock.decode())
    except UnicodeError as error:
        raise errors.SpecError(f"`{contents.LOCK}` in the zip is not UTF-8", hint=_HINT) from error


def _read(data: bytes, limit: int) -> dict[str, bytes]:
    _check_directory(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > 2 * contents.MAX_FILES:
                raise errors.SpecError(f"the zip has {len(entries)} entries, which is too many")
            contents.check_size(sum(entry.file_size for entry in entries), limit)
            files: dict[str, bytes] = {}
            total = 0
            for entry in entries:
                name = _check_entry(entry)
                if entry.orig_filename.endswith("/") or name.startswith("__MACOSX/"):
                    continue
                if name in files:
                    raise errors.SpecError(f"the file {contents.shown(name)} is in the zip twice")
                # The size in the directory is a claim: count what really comes out.
                chunks = []
                for chunk in _inflate(archive, entry):
                    chunks.append(chunk)
                    total += len(chunk)
                    contents.check_size(total, limit)
                files[name] = b"".join(chunks)
            return files
    except _FAULTS as error:
        raise errors.SpecError(f"the zip is broken: {error}", hint=_HINT) from error


def _inflate(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(entry) as file:
        while chunk := file.read(2**16):
            yield chunk


def _check_directory(data: bytes) -> None:
    """Refuse a huge directory, as `zipfile` reads it as a whole before it can be counted."""
    end = data.rfind(b"PK\x05\x06", max(len(data) - 2**16 - 22, 0))
    if end < 0 or len(data) < end + 22:
        raise errors.SpecError("the zip is broken: it has no end, maybe it was cut off", hint=_HINT)
    (size,) = struct.unpack_from("<L", data, end + 12)
    if size > _MAX_DIRECTORY or data[max(end - 20, 0) : end].startswith(b"PK\x06\x07"):
        raise errors.SpecError("the zip is too large or has too many entries", hint=_HINT)


def _check_entry(entry: zipfile.ZipInfo) -> str:
    """The entry's checked name, without the slash of a folder.

    `entry.filename` is not used: zipfile cuts it at NUL and takes other spellings from extra
    fields, so what was checked would not be what the sender wrote.
    """
    name = entry.orig_filename
    if not entry.flag_bits & _UTF8 and not name.isascii():
        try:  # macOS writes UTF-8 without saying so, and zipfile reads it as code page 437
            name = name.encode("cp437").decode()
        except UnicodeError as error:
            raise errors.SpecError(
                f"the file name {contents.shown(name)} is not UTF-8", hint=_HINT
            ) from error
    name = name.removesuffix("/")
    if name not in (contents.NOTEBOOK, contents.LOCK, _MARK):
        contents.check_paths([name])
    if entry.flag_bits & _ENCRYPTED:
        raise errors.SpecError(
            f"the file {contents.shown(name)} in the zip is encrypted", hint=_HINT
        )
    if entry.compress_type not in _METHODS:
        raise errors.SpecError(
            f"the file {contents.shown(name)} in the zip is not deflated", hint=_HINT
        )
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise errors.SpecError(
            f"{contents.shown(name)} in the zip is a link or a special file",
            hint="put a copy of the file in its place",
        )
    return name
