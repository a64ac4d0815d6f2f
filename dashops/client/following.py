"""Follows a deploy by its server-sent events until it ends; it sends no upload."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashops.client.records import Happening, clean

if TYPE_CHECKING:
    import httpx

Tell = Callable[[Happening], None]
"""Called with what happens in a deploy while it runs."""

PAUSE = 0.5  # seconds before a broken connection is made anew
TRIES = 5  # connections that break without an event between them


@dataclass(frozen=True)
class End:
    """How a deploy ended: the status and the body that the upload would have been answered with."""

    status: int
    answer: dict[str, Any]


def follow(
    connection: Callable[[], AbstractContextManager["httpx.Client"]], url: str, tell: Tell
) -> End:
    """Tell what happens until the deploy ends, over as many connections as that takes.

    Raises:
        httpx.HTTPStatusError: when the server knows nothing of the deploy.
        httpx.TransportError: when it does not answer, several times in a row.
        ValueError: when what it says is no event.
    """
    import httpx

    last, failures = "", 0
    while True:
        try:
            with connection() as http:
                for number, kind, data in _events(http, url, last):
                    last, failures = number, 0
                    if kind == "end":
                        return End(int(data["status"]), dict(data["answer"]))
                    tell(_happening(kind, data))
            raise httpx.RemoteProtocolError("the events ended before the deploy did")
        except httpx.TransportError:
            failures += 1
            if failures > TRIES:
                raise
            time.sleep(PAUSE)


def _events(http: "httpx.Client", url: str, last: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    import httpx_sse

    headers = {"Last-Event-ID": last} if last else {}
    try:
        with httpx_sse.connect_sse(http, "GET", url, headers=headers) as source:
            source.response.raise_for_status()
            for event in source.iter_sse():
                if not event.data:
                    continue  # httpx-sse makes an event of the comments that bridge silence
                data = json.loads(event.data)
                if not isinstance(data, dict):
                    raise ValueError("an event without data")
                yield event.id, event.event, data
    except httpx_sse.SSEError as error:
        raise ValueError(str(error)) from error


def _happening(kind: str, data: dict[str, Any]) -> Happening:
    percent = data.get("percent", 0)
    return Happening(
        phase=clean(data.get("phase")) if kind == "phase" else "",
        percent=percent if isinstance(percent, int | float) else 0,
        text=clean(data.get("text") if kind == "phase" else data.get("line")),
    )
