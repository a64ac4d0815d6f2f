"""The dashboard server's HTTP API; the only package that imports httpx, and it prints nothing."""

import io
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from dashops import errors
from dashops.client.records import (
    Dashboard,
    Deployed,
    Gateway,
    Listing,
    Record,
    Status,
    Viewer,
    clean,
    decode,
)
from dashops.secrets import Secret

if TYPE_CHECKING:
    import httpx

__all__ = ["Dashboard", "Deployed", "Gateway", "Progress", "Server", "Status", "Viewer"]

Progress = Callable[[int, int], None]
"""Called with bytes sent and bytes in total while an upload runs."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ANSWER = 30.0
_UPLOAD_ANSWER = 300.0
"""Seconds to wait for an answer; the server checks and stores an upload before it answers."""


class Server:
    """A dashboard server; every method raises ToolError when it cannot do its work.

    `transport` takes the place of the network.
    """

    def __init__(
        self, url: str, token: Secret, transport: "httpx.BaseTransport | None" = None
    ) -> None:
        self.url = _checked(url)
        self._token = token
        self._transport = transport
        text = token.reveal()
        if not (text and text.isascii() and text.isprintable() and " " not in text):
            raise errors.SpecError("the deploy token is empty or has characters no token has")

    def upload(self, name: str, data: bytes, progress: Progress) -> Deployed:
        """Publish a packed bundle (or .ipynb) as `name`; SpecError if the server refuses it."""
        part = {"file": (f"{name}.zip", _Counted(data, progress), "application/octet-stream")}
        answer = self._ask("POST", f"_api/notebooks/{name}", wait=_UPLOAD_ANSWER, files=part)
        deployed = self._record(Deployed, answer)
        return replace(deployed, link=self._absolute(deployed.link))

    def dashboards(self) -> tuple[Dashboard, ...]:
        """All published dashboards, by name."""
        found = self._record(Listing, self._ask("GET", "_api/notebooks")).dashboards
        absolute = (replace(one, link=self._absolute(one.link)) for one in found)
        return tuple(sorted(absolute, key=lambda one: one.name))

    def remove(self, name: str) -> None:
        """Take `name` off the server; SpecError when it is not there."""
        self._ask("DELETE", f"_api/notebooks/{name}")

    def status(self) -> Status:
        """Open viewers and gateways."""
        return self._record(Status, self._ask("GET", "_api/status"))

    def _ask(
        self, method: str, path: str, *, wait: float = _ANSWER, files: Any = None
    ) -> "httpx.Response":
        with self._named_failures(), self._connection(wait) as http:
            answer = http.request(method, f"{self.url}/{path}", files=files)
        if not answer.is_success:
            raise self._refusal(answer)
        return answer

    def _connection(self, wait: float) -> "httpx.Client":
        import httpx

        try:
            return httpx.Client(
                headers={"Authorization": f"token {self._token.reveal()}"},
                timeout=httpx.Timeout(wait, connect=10, write=60),
                follow_redirects=False,
                transport=self._transport,
                # A proxy has no way to this machine's loopback, and must not see the token.
                mounts=dict.fromkeys(("all://", "http://", "https://")) if self._here else None,
            )
        except OSError as error:
            raise errors.ToolError(
                f"the certificates to trust cannot be read: {error}",
                hint="check the file that `SSL_CERT_FILE` names",
            ) from error

    @property
    def _here(self) -> bool:
        return urlsplit(self.url).hostname in _LOOPBACK

    @contextmanager
    def _named_failures(self) -> Iterator[None]:
        import httpx

        try:
            yield
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        except httpx.InvalidURL as error:
            raise errors.SpecError(f"`{self.url}` is not a URL: {error}") from error
        except httpx.DecodingError as error:
            raise self._not_ours(str(error)) from error

    def _unreachable(self, error: Exception) -> errors.ToolError:
        import httpx

        if reason := _tls_problem(error):
            return errors.ToolError(
                f"there is no secure connection to `{self.url}`: {reason}",
                hint="check that the server speaks https; if its certificate is your own, name "
                "the authority's file in `SSL_CERT_FILE`",
            )
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
            return errors.ToolError(
                f"no dashboard server answers at `{self.url}`",
                hint="start it with `dashops up`; `dashops status` tells what runs"
                if self._here
                else f"check the address and the way to it: {clean(str(error))}",
            )
        if isinstance(error, httpx.TimeoutException):
            return errors.ToolError(
                f"the dashboard server at `{self.url}` did not answer in time",
                hint="`dashops status` and `dashops logs dashboard` tell what it is doing",
            )
        if isinstance(error, httpx.ProtocolError) and "disconnected" not in str(error):
            return self._not_ours(str(error))
        return errors.ToolError(
            f"the connection to `{self.url}` broke: {clean(str(error)) or type(error).__name__}",
            hint="try again; nothing is published before an upload is complete",
        )

    def _refusal(self, answer: "httpx.Response") -> errors.DashopsError:
        """The error that says what the server means."""
        code = answer.status_code
        said = _object(answer)
        message, hint = clean(said.get("message")), clean(said.get("hint"))
        if answer.is_redirect:
            return errors.ToolError(
                f"`{self.url}` redirects to `{clean(answer.headers.get('location'))}`",
                hint="dashops does not carry a token elsewhere; if you trust that address, "
                "name it with `--server`",
            )
        if code in _REFUSALS:
            plain, way_out = _REFUSALS[code]
            return errors.ToolError(message or plain, hint=hint or way_out)
        if not message or code == 403:  # Jupyter says 403 where we say 401
            return self._not_ours(" ".join([f"status {code}", message]).strip())
        kind = errors.SpecError if code in (400, 404) else errors.ToolError
        return kind(message, hint=hint)

    def _not_ours(self, reason: str) -> errors.ToolError:
        return errors.ToolError(
            f"what answers at `{self.url}` is not a dashops dashboard server: {clean(reason)}",
            hint="another program may have taken the port: see `dashops status`"
            if self._here
            else "check `--server`",
        )

    def _record(self, kind: type[Record], answer: "httpx.Response") -> Record:
        try:
            return decode(kind, _object(answer))
        except ValueError as error:
            raise self._not_ours(str(error)) from error

    def _absolute(self, link: str) -> str:
        """The URL a link means; never one that a browser would run instead of open."""
        url = urljoin(f"{self.url}/", link)
        if urlsplit(url).scheme not in ("http", "https"):
            raise self._not_ours("its link is no web page")
        return url


_REFUSALS = {
    401: (
        "the server refuses the deploy token",
        "use the token of that server: `DASHOPS_TOKEN` or `--token-file`",
    ),
    413: (
        "the upload is larger than the server takes",
        "leave files out, or raise `dashboard.upload_limit`",
    ),
    507: (
        "the server's disk is full",
        "take dashboards off it with `dashops remove`, or free disk space",
    ),
}
"""Message and hint for answers whose meaning is known even if a proxy sent them."""


class _Counted(io.BytesIO):
    """Bytes that tell how much of them has been read; httpx reads them 64 KiB at a time."""

    def __init__(self, data: bytes, progress: Progress) -> None:
        super().__init__(data)
        self._progress = progress
        self._total = len(data)

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size)
        if chunk:
            self._progress(self.tell(), self._total)
        return chunk


def _checked(url: str) -> str:
    """The server's URL without a slash at the end."""
    problem = "it is no http or https URL"
    try:
        parts = urlsplit(url)
        _ = parts.port
        if parts.scheme in ("http", "https") and parts.hostname:
            if "@" not in parts.netloc and not parts.query and not parts.fragment:
                return url.rstrip("/")
            problem = "it has more than scheme, host, port and path"
    except ValueError as error:
        problem = str(error)
    # A password in the URL must not end up in a message.
    raise errors.SpecError(
        f"the server `{clean(url.rpartition('@')[2])}` cannot be used: {problem}",
        hint="write it like `https://dashboards.example.com`",
    )


def _object(answer: "httpx.Response") -> dict[str, Any]:
    try:
        data = answer.json()
    except (ValueError, RecursionError):  # an error page of a proxy, or of another program
        return {}
    return data if isinstance(data, dict) else {}


def _tls_problem(error: BaseException | None) -> str:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return getattr(error, "verify_message", "") or clean(error.reason)
        error = error.__cause__ or error.__context__
    return ""
