"""What goes wrong between us and a server, as errors with a way out; it sends nothing."""

import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dashops import errors
from dashops.client.records import Failure, clean, decode

if TYPE_CHECKING:
    import httpx

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class NotebookFailed(errors.DashopsError):
    """The server ran the notebook, and it failed; `failure` says where. Exit code 1."""

    def __init__(self, message: str, hint: str, failure: Failure) -> None:
        super().__init__(message, hint=hint)
        self.failure = failure


class TokenRefused(errors.ToolError):
    """The server does not know the token. Exit code 3."""


class NotAllowed(errors.DashopsError):
    """The server knows the token, which is not for this. Exit code 1."""


def here(url: str) -> bool:
    """Whether the server is on this machine."""
    return urlsplit(url).hostname in _LOOPBACK


def unreachable(url: str, error: Exception, lost: str = "") -> errors.ToolError:
    """The error for a connection that could not be made or broke.

    `lost` is the way out when the server may have done what it was asked for.
    """
    import httpx

    if reason := _tls_problem(error):
        return errors.ToolError(
            f"there is no secure connection to `{url}`: {reason}",
            hint="check that the server speaks https; if its certificate is your own, name "
            "the authority's file in `SSL_CERT_FILE`",
        )
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
        return errors.ToolError(
            f"no dashboard server answers at `{url}`",
            hint="start it with `dashops up`; `dashops status` tells what runs"
            if here(url)
            else f"check the address and the way to it: {clean(str(error))}",
        )
    if isinstance(error, httpx.TimeoutException):
        # While sending it is the way that is slow, while reading it is the server.
        read = isinstance(error, httpx.ReadTimeout)
        return errors.ToolError(
            f"the dashboard server at `{url}` did not answer in time",
            hint=(read and lost)
            or "`dashops status` and `dashops logs dashboard` tell what it is doing",
        )
    if isinstance(error, httpx.ProtocolError) and "disconnected" not in str(error):
        return not_ours(url, str(error))
    return errors.ToolError(
        f"the connection to `{url}` broke: {clean(str(error)) or type(error).__name__}",
        hint=lost or "try again",
    )


def refusal(url: str, answer: "httpx.Response", lost: str = "") -> errors.DashopsError:
    """The error that says what the server means; `lost` as above, when a proxy gave up."""
    code, said = answer.status_code, body(answer)
    message, hint = clean(said.get("message")), clean(said.get("hint"))
    if answer.is_redirect:
        return errors.ToolError(
            f"`{url}` redirects to `{clean(answer.headers.get('location'))}`",
            hint="dashops does not carry a token elsewhere; if you trust that address, "
            "name it with `--server`",
        )
    if code == 504 and lost:
        return errors.ToolError(f"a proxy before `{url}` did not wait for its answer", hint=lost)
    if code in _REFUSALS:
        plain, way_out = _REFUSALS[code]
        kind = TokenRefused if code == 401 else errors.ToolError
        return kind(message or plain, hint=hint or way_out)
    if code == 403 and "hint" in said:
        return NotAllowed(message, hint=hint)
    if not message or code == 403:  # Jupyter says 403 where we say 401
        return not_ours(url, " ".join([f"status {code}", message]).strip())
    if code == 422:
        return _failed(url, message, hint, said.get("failure"))
    return _KINDS.get(code, errors.ToolError)(message, hint=hint)


def not_ours(url: str, reason: str) -> errors.ToolError:
    """The error for answers that no dashboard server gives."""
    return errors.ToolError(
        f"what answers at `{url}` is not a dashops dashboard server: {clean(reason)}",
        hint="another program may have taken the port: see `dashops status`"
        if here(url)
        else "check `--server`",
    )


def body(answer: "httpx.Response") -> dict[str, Any]:
    """The JSON object of an answer; empty for the page of a proxy or of another program."""
    try:
        data = answer.json()
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


_REFUSALS = {
    401: (
        "the server refuses the token",
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

_KINDS: dict[int, type[errors.DashopsError]] = {
    400: errors.SpecError,
    404: errors.SpecError,
    409: errors.DashopsError,
}
"""409 is nobody's mistake: what was asked for cannot be done now."""


def _failed(url: str, message: str, hint: str, failure: Any) -> errors.DashopsError:
    try:
        return NotebookFailed(message, hint, decode(Failure, failure))
    except ValueError as error:
        return not_ours(url, str(error))


def _tls_problem(error: BaseException | None) -> str:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return getattr(error, "verify_message", "") or clean(error.reason)
        error = error.__cause__ or error.__context__
    return ""
