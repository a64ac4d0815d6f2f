"""Bring images from this machine's engine to the host's, without the layers it has; a command.

No registry is asked. An engine that wants all layers gets them.
"""

import argparse
import json
import sys
import tarfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from typing import IO, Any

from dashops.errors import DashopsError, ToolError
from dashops.targets.compose import engine

# Bytes of one piece.
PIECE = 2**20
# Seconds that an engine may be busy with what it was sent.
PATIENCE = 1800
FULL = "no space"


def send(tags: Sequence[str], here: Any, there: Any) -> int:
    """Bring images over and return how many bytes went; ToolError when they do not arrive."""
    known = _chains(there)
    needed = set()
    for tag in tags:
        layers = here.api.inspect_image(tag)["RootFS"]["Layers"]
        needed |= {
            layer for number, layer in enumerate(layers, 1) if tuple(layers[:number]) not in known
        }
    without = _left_out(here, tags, needed) if known else frozenset()
    try:
        return _load(there, _Sent(here, tags, without))
    except ToolError as error:
        if not without or error.where.startswith(FULL):
            raise
        # Some stores of images want every layer, also one that they have.
        return _load(there, _Sent(here, tags, frozenset()))


class _Sent:
    """Images as a compressed archive without some files of it; `count` is bytes so far."""

    def __init__(self, engine: Any, tags: Sequence[str], without: Collection[str]) -> None:
        self._engine, self._tags, self._without = engine, tags, without
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        packer = zlib.compressobj(1, wbits=31)
        for piece in self._plain():
            if packed := packer.compress(piece):
                self.count += len(packed)
                yield packed
        packed = packer.flush()
        self.count += len(packed)
        yield packed

    def _plain(self) -> Iterator[bytes]:
        with _archive(self._engine, self._tags) as archive:
            for entry in archive:
                if entry.name in self._without:
                    continue
                yield entry.tobuf(tarfile.PAX_FORMAT)
                file = archive.extractfile(entry) if entry.isfile() else None
                while file is not None and (piece := file.read(PIECE)):
                    yield piece
                if file is not None:
                    yield b"\0" * (-entry.size % tarfile.BLOCKSIZE)
        yield b"\0" * 2 * tarfile.BLOCKSIZE


def _load(there: Any, sent: _Sent) -> int:
    answer = there.api._post(
        there.api._url("/images/load"),
        data=iter(sent),
        params={"quiet": 1},
        headers={"Content-Type": "application/x-tar"},
        stream=True,
    )
    there.api._raise_for_status(answer)
    for line in answer.iter_lines():
        told = json.loads(line) if line.startswith(b"{") else {}
        if "error" in told:
            raise refused(str(told["error"]))
    return sent.count


def refused(said: str) -> ToolError:
    """What an engine says that does not take what it is sent."""
    if "no space left" in said:
        return ToolError(
            "the disk of the host is full",
            hint="`docker system prune` there frees what nobody uses; then repeat",
            where=f"{FULL}: {said}",
        )
    return ToolError("the host's engine does not take an image", where=said)


def _chains(there: Any) -> set[tuple[str, ...]]:
    """Every row of layers that an image there begins with."""
    found = set()
    for each in there.api.images(all=True):
        layers = there.api.inspect_image(each["Id"])["RootFS"].get("Layers") or []
        found |= {tuple(layers[:count]) for count in range(1, len(layers) + 1)}
    return found


def _left_out(here: Any, tags: Sequence[str], needed: Collection[str]) -> frozenset[str]:
    """The files in the archive of images that are none of the layers needed."""
    with _archive(here, tags) as archive:
        for entry in archive:
            # It comes last, so an engine writes all of the archive twice.
            if entry.name == "manifest.json":
                told = json.load(_opened(archive, entry))
                break
        else:
            return frozenset()
    found: dict[str, str] = {}
    for image in told:
        layers = here.api.inspect_image(image["RepoTags"][0])["RootFS"]["Layers"]
        found |= dict(zip(image["Layers"], layers, strict=True))
    return frozenset(name for name, layer in found.items() if layer not in needed)


def _opened(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(entry)
    assert file is not None
    return file


def _archive(engine: Any, tags: Sequence[str]) -> tarfile.TarFile:
    # The SDK asks for one image, and each would bring the layers that all share.
    asked = engine.api._get(engine.api._url("/images/get"), params={"names": tags}, stream=True)
    pieces = _Pieces(engine.api._stream_raw_result(asked, PIECE, decode=False))
    return tarfile.open(fileobj=pieces, mode="r|", bufsize=PIECE)  # type: ignore[call-overload, no-any-return]


class _Pieces:
    """What comes in pieces, to be read in any sizes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""

    def read(self, count: int) -> bytes:
        while len(self._rest) < count and (piece := next(self._pieces, b"")):
            self._rest += piece
        given, self._rest = self._rest[:count], self._rest[count:]
        return given


def main() -> None:
    """Send images by name to the engine that `--to` names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--to", required=True)
    parser.add_argument("tags", nargs="+")
    asked = parser.parse_args()
    try:
        with engine.at(engine.here(), PATIENCE) as here, engine.at(asked.to, PATIENCE) as there:
            count = send(asked.tags, here, there)
    except DashopsError as error:
        sys.exit("\n".join(filter(None, (error.message, error.where, error.hint))))
    print(f"{count / 1e6:.1f} MB sent")  # noqa: T201


if __name__ == "__main__":
    main()
