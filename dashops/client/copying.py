"""A backup on its way from or to a server, in pieces; it opens no file and no connection."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import httpx

CHUNK = 2**20


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
