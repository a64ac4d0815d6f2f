"""Bring the files that containers mount to the host, only those that changed; a command of its own.

Their text goes through stdin, so that no secret is in an argument on either machine.
"""

import argparse
import base64
import hashlib
import io
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from dashops.errors import DashopsError
from dashops.run import Run, run
from dashops.secrets import Secret
from dashops.targets.compose.host import asking
from dashops.targets.compose.host.link import Link

WRITE = 'set -e; umask 077; mkdir -p "$1"; cd "$1"; base64 -d | tar -xpf -'
REMOVE = 'cd "$1" && shift && rm -f -- "$@"'


def wanted(files: Mapping[str, str]) -> dict[str, str]:
    """The rendered files that the host needs, by path in the stack's folder there."""
    # Images are built here.
    return {f"rendered/{at}": text for at, text in files.items() if not at.startswith("images/")}


def given(several: Mapping[str, Mapping[Path, Path]]) -> dict[Path, str]:
    """The operator's own files, with their path in the stack's folder there."""
    return {
        path: f"given/{slot}/{inside.parent.name}/{inside.name}"
        for slot, each in several.items()
        for path, inside in each.items()
    }


def total(content: bytes) -> str:
    """What tells one content from another."""
    return hashlib.sha256(content).hexdigest()


def send(
    way: Link, into: str, uid: int, have: Mapping[str, str], want: Mapping[str, bytes], run: Run
) -> int:
    """Make the files below `into` those that are wanted, and return how many were not."""
    new = {path: text for path, text in want.items() if have.get(path) != total(text)}
    gone = sorted(set(have) - set(want))
    if new:
        packed = base64.encodebytes(_packed(new, uid)).decode("ascii")
        run(*way.script(WRITE, into), stdin=Secret(packed))
    if gone:
        run(*way.script(REMOVE, into, *gone))
    return len(new) + len(gone)


def main() -> None:
    """Send the files of a state folder."""
    parser = argparse.ArgumentParser()
    for name in ("--host", "--config", "--room", "--state", "--into", "--uid"):
        parser.add_argument(name, required=True)
    parser.add_argument("--given", nargs=2, action="append", default=[])
    asked = parser.parse_args()
    try:
        print(f"{_sent(asked)} files sent")  # noqa: T201
    except DashopsError as error:
        sys.exit("\n".join(filter(None, (error.message, error.where, error.hint))))


def _sent(asked: argparse.Namespace) -> int:
    way = Link(asked.host, asked.config, Path(asked.room))
    said = run(*way.script(asking.SCRIPT, *asked.into.rsplit("/", 1))).out
    there = asking.read(way.address, said, 0, 0)
    want = dict(_found(Path(asked.state)))
    want |= {path: Path(name).read_bytes() for name, path in asked.given}
    # What belongs to somebody else is written anew.
    have = {path: "" if path in there.strange else total for path, total in there.files.items()}
    return send(way, asked.into, int(asked.uid), have, want, run)


def _found(state: Path) -> Iterator[tuple[str, bytes]]:
    rendered = state / "rendered"
    for path in sorted(rendered.rglob("*")):
        if path.is_file() and not path.is_relative_to(rendered / "images"):
            yield path.relative_to(state).as_posix(), path.read_bytes()
    for path in sorted((state / "secrets").glob("[!.]*")):
        yield path.relative_to(state).as_posix(), path.read_bytes()


def _packed(files: Mapping[str, bytes], uid: int) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        folders = {str(up) for path in files for up in Path(path).parents if str(up) != "."}
        for name in sorted(folders):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode, entry.uid, entry.gid = tarfile.DIRTYPE, 0o700, uid, uid
            archive.addfile(entry)
        for name, text in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.uid, entry.gid = len(text), 0o600, uid, uid
            archive.addfile(entry, io.BytesIO(text))
    return made.getvalue()


if __name__ == "__main__":
    main()
