"""What a bundle is, what its paths may look like, and its digest; it touches no file and no zip."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dashops import errors

NOTEBOOK = "index.ipynb"
"""The notebook's path in a bundle, whatever the author's file is called."""

OWN = ".dashops"
"""The folder of a zip that dashops itself writes; no file of an author may be in it."""

LOCK = f"{OWN}/requirements.lock"
"""Where a zip has the lock."""

MAX_FILES = 2000
"""Files in a bundle, the notebook not counted; more is a data set, which belongs elsewhere."""

MAX_DEPTH = 32
"""Folders in each other; whoever deletes a tree holds all of them open at once."""

_DRIVE = re.compile(r"[A-Za-z]:")
_UNSEEN = {"Cc", "Cs", "Zl", "Zp"}


@dataclass(frozen=True)
class Bundle:
    """A notebook with its files.

    `notebook` is nbformat 4 JSON without outputs. `files` maps relative POSIX paths to contents,
    without the notebook itself. `missing` are references of the notebook to files that are not
    in the bundle: a warning for the author, never sent. `lock` is the text of hashed requirements
    that its environment is made from; None means the default environment.
    """

    notebook: dict[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    lock: str | None = None


def encode(notebook: Mapping[str, Any]) -> bytes:
    """The one spelling of a notebook as bytes: sorted keys, so that equal means equal."""
    text = json.dumps(notebook, sort_keys=True, ensure_ascii=False, indent=1)
    return text.encode() + b"\n"


def digest(bundle: Bundle) -> str:
    """Hex SHA-256 of the contents, 64 characters; the order of files and the zip do not matter."""
    total = hashlib.sha256(b"dashops bundle 1\n")
    files = {**bundle.files, NOTEBOOK: encode(bundle.notebook)}
    if bundle.lock is not None:
        files[LOCK] = bundle.lock.encode()
    for path, content in sorted(files.items()):
        total.update(f"{hashlib.sha256(content).hexdigest()} {path}\n".encode())
    return total.hexdigest()


def shown(text: str) -> str:
    """Text of unknown origin for a message: in backticks, short, without unprintable characters."""
    short = text if len(text) <= 80 else f"{text[:77]}..."
    return f"`{short if short.isprintable() else ascii(short)[1:-1]}`"


def check_paths(paths: Iterable[str]) -> None:
    """Raise SpecError unless all these paths can be files of one bundle on any system."""
    seen = {NOTEBOOK}
    for path in paths:
        if reason := _unfit(path):
            raise errors.SpecError(
                f"the file name {shown(path)} cannot be in a bundle: {reason}",
                hint="rename the file; names are relative and stay inside the notebook's folder",
            )
        if path in seen:
            raise errors.SpecError(f"the file {shown(path)} is in the bundle twice")
        seen.add(path)
    for path in seen:
        for parent in _parents(path):
            if parent in seen:
                raise errors.SpecError(f"{shown(parent)} is both a file and a folder in the bundle")
    if len(seen) - 1 > MAX_FILES:
        raise errors.SpecError(
            f"the bundle has more than {MAX_FILES} files",
            hint="put data sets where the kernel can read them, or in one archive",
        )


def portable(bundle: Bundle) -> Bundle:
    """The bundle with names that mean one file each on any system.

    macOS may spell `é` as two characters and a notebook as one; names are in the composed form
    (NFC) here. Raises SpecError when two files then have the same name, or would have one where
    upper and lower case are the same.
    """
    files: dict[str, bytes] = {}
    folded: dict[str, str] = {NOTEBOOK: NOTEBOOK}
    for path, content in bundle.files.items():
        name = unicodedata.normalize("NFC", path)
        for part in (*_parents(name), name):
            other = folded.setdefault(_folded(part), part)
            if other != part or (part == name and name in files):
                raise errors.SpecError(
                    f"{shown(part)} and {shown(other)} are one name on other systems",
                    hint="rename one of them",
                )
        files[name] = content
    check_paths(files)
    return replace(bundle, files=files)


def check_size(size: int, limit: int) -> None:
    """Raise SpecError if `size` bytes, unpacked, are more than `limit`."""
    if size > limit:
        raise errors.SpecError(
            f"the bundle is larger than {limit / 1e6:.0f} MB when unpacked",
            hint="leave large data out, or ask the operator to raise `dashboard.upload_limit`",
        )


def _parents(path: str) -> Iterable[str]:
    return (path[:at] for at, letter in enumerate(path) if letter == "/")


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path.casefold())


def _unfit(path: str) -> str:
    """Why this path is refused, or an empty string."""
    parts = path.split("/")
    refused = {
        "it has a control character or is not valid Unicode": any(
            unicodedata.category(letter) in _UNSEEN for letter in path
        ),
        "it has a backslash": "\\" in path,
        "it is absolute": path.startswith("/") or _DRIVE.match(path) is not None,
        "it has an empty part or a `.` or `..`": bool({"", ".", ".."} & set(parts)),
        f"the folder `{OWN}` is for dashops itself": parts[0].casefold() == OWN,
        f"it is more than {MAX_DEPTH} folders deep": len(parts) > MAX_DEPTH + 1,
        "it is too long": len(path.encode(errors="replace")) > 1024
        or any(len(part.encode(errors="replace")) > 255 for part in parts),
    }
    return next((reason for reason, found in refused.items() if found), "")
