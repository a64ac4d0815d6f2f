"""Follows what a gateway tells while it resolves or installs packages; decides nothing."""

import json
from collections.abc import Callable
from typing import Any

from tornado import httpclient, web

LONGEST = 3600  # seconds; the gateway itself gives up long before


class EnvironmentFailed(Exception):
    """The author's packages cannot be used; `log` is what the gateway's tools said last."""

    def __init__(self, message: str, hint: str, log: str) -> None:
        super().__init__(message)
        self.message, self.hint, self.log = message, hint, log


def failed(answer: dict[str, Any]) -> EnvironmentFailed:
    """The failure that a gateway told."""
    return EnvironmentFailed(*(str(answer[key]) for key in ("message", "hint", "log")))


async def follow(
    request: httpclient.HTTPRequest, tell: Callable[[str], None]
) -> tuple[int, dict[str, Any]]:
    """The status and the last line of an answer; lines before it are told as they come.

    Raises:
        EnvironmentFailed: when that is what the gateway says last.
        web.HTTPError: 503 when the gateway is gone or stops in the middle.
    """
    held, last = b"", {}

    def heard(chunk: bytes) -> None:
        nonlocal held, last
        *lines, held = (held + chunk).split(b"\n")
        for line in lines:
            last = json.loads(line)
            if "line" in last:
                tell(last["line"])

    request.streaming_callback, request.request_timeout = heard, LONGEST
    # A client of its own: the shared one has few places, which viewers need.
    client = httpclient.AsyncHTTPClient(force_instance=True)
    try:
        answer = await client.fetch(request, raise_error=False)
    except (OSError, ValueError, httpclient.HTTPError) as error:
        raise web.HTTPError(503, "gateway %s: %s", request.url, error) from error
    finally:
        client.close()
    if answer.code == 409:
        return answer.code, {}
    if "failed" in last:
        raise failed(last["failed"])
    if answer.code != 200 or not last or "line" in last:
        said = answer.reason if answer.code != 200 else "it stopped in the middle"
        raise web.HTTPError(503, "gateway %s: %s", request.url, said)
    return answer.code, last
