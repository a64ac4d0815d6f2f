"""Uploads and backups on their way, in pieces; it opens no file and no connection."""

import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import httpx

CHUNK = 2**20

Progress = Callable[[int, int], None]
"""Called with bytes sent and bytes in total while an upload runs."""


def take(http: "httpx.Client", url: str, file: BinaryIO) -> "httpx.Response":
    """Write what the URL gives into the file; the answer is read only when it is an error."""
    with http.stream("GET", url) as answer:
        if answer.is_success:
            for chunk in answer.iter_bytes(CHUNK):
                file.write(chunk)
        else:
            answer.read()
    return answer


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """What is in a file, from where it stands."""
    while chunk := file.read(CHUNK):
        yield chunk


class Counted(io.BytesIO):
    """Bytes that tell how much of them has been read; httpx reads them 64 KiB at a time."""

    def __init__(self, data: bytes, progress: Progress) -> None:
        super().__init__(data)
        self._progress = progress
        self._total = len(data)

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to so many bytes."""
        chunk = super().read(size)
        if chunk:
            self._progress(self.tell(), self._total)
        return chunk
