"""The dashboard server's HTTP API; the only package that imports httpx, and it prints nothing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urljoin, urlsplit

from dashops import errors
from dashops.client import about, copying, following, problems, turns, usage
from dashops.client.about import About, Kernel
from dashops.client.copying import Progress
from dashops.client.problems import NotAllowed, NotebookFailed, TokenRefused
from dashops.client.records import (
    Contents,
    Dashboard,
    Deploy,
    Deployed,
    Deploys,
    Failure,
    File,
    Gateway,
    Happening,
    History,
    Listing,
    Preview,
    Record,
    Restored,
    Revision,
    RolledBack,
    Started,
    Status,
    Viewer,
    clean,
    decode,
)
from dashops.secrets import Secret

if TYPE_CHECKING:
    import httpx

__all__ = [
    "About",
    "Dashboard",
    "Deploy",
    "Deployed",
    "Failure",
    "File",
    "Gateway",
    "Happening",
    "History",
    "Kernel",
    "NotAllowed",
    "NotebookFailed",
    "Preview",
    "Progress",
    "Revision",
    "RolledBack",
    "Secret",
    "Server",
    "Status",
    "TokenRefused",
    "Viewer",
    "about",
    "usage",
]

_ANSWER = 30.0
"""Seconds to wait for an answer, or for the next sign of life of a deploy."""

_TAKEN = 120.0
"""Seconds that the server may take to unpack a large upload."""

_COPIED = 3600.0
"""Seconds that the server may take to put a backup together, or to check one."""

_FORGOTTEN = {"message": "the server knows nothing of this deploy any more", "hint": ""}


class Server:
    """A dashboard server; every method raises ToolError when it cannot do its work.

    Where several take turns, `number` is of the one that is asked, and not of who serves.
    `transport` takes the place of the network.
    """

    def __init__(
        self,
        url: str,
        token: Secret,
        transport: "httpx.BaseTransport | None" = None,
        number: str = "",
    ) -> None:
        self.url = _checked(url)
        self._number = {turns.NUMBER: number} if number else {}
        self._token = token
        self._transport = transport
        text = token.reveal()
        if not (text and text.isascii() and text.isprintable() and " " not in text):
            raise errors.SpecError("the token is empty or has characters no token has")

    def upload(
        self,
        name: str,
        data: bytes,
        progress: Progress,
        about: Mapping[str, str] | None = None,
        tell: following.Tell = lambda _: None,
    ) -> Deployed:
        """Publish a packed bundle (or .ipynb) as `name`, if it runs on the server.

        `about` has the form fields `author`, `commit` and `draft`. `tell` gets what happens
        when the server has the upload. NotebookFailed when it does not run, SpecError if the
        server refuses it.
        """
        part = {
            "file": (f"{name}.zip", copying.Counted(data, progress), "application/octet-stream")
        }
        lost = f"the server may have gone on: `dashops deploys {name}` shows the outcome"
        asked = {"Prefer": "respond-async"}
        path = f"_api/notebooks/{name}"
        answer = self._ask(
            "POST", path, lost=lost, wait=_TAKEN, headers=asked, files=part, data=about
        )
        if answer.status_code != 202:  # a server need not do as it is asked, and waited instead
            return self._deployed(answer)
        deploy = self._record(Started, answer).deploy
        return self.follow(deploy, name, tell)

    def follow(self, deploy: str, name: str, tell: following.Tell) -> Deployed:
        """Wait until a deploy of `name` ends, and tell what happens; raises what it ended with."""
        import httpx

        lost = f"the server may have gone on: `dashops deploys {name}` shows the outcome"
        url = f"{self.url}/_api/deploys/{deploy}/events"
        with self._named_failures(lost):
            try:
                end = following.follow(lambda: self._connection(_ANSWER), url, tell)
            except httpx.HTTPStatusError as error:
                # An unread stream has no body to tell more.
                answer = httpx.Response(error.response.status_code, json=_FORGOTTEN)
                raise problems.refusal(self.url, answer, lost) from error
            except (ValueError, KeyError, TypeError) as error:
                raise problems.not_ours(self.url, str(error)) from error
        answer = httpx.Response(end.status, json=end.answer)
        if not answer.is_success:
            raise problems.refusal(self.url, answer, lost)
        return self._deployed(answer)

    def deploys(self) -> tuple[Deploy, ...]:
        """The deploys of lately, those that run among them, newest first."""
        return self._record(Deploys, self._ask("GET", "_api/deploys")).deploys

    def dashboards(self) -> tuple[Dashboard, ...]:
        """All published dashboards, by name."""
        found = self._record(Listing, self._ask("GET", "_api/notebooks")).dashboards
        absolute = (replace(one, link=self._absolute(one.link)) for one in found)
        return tuple(sorted(absolute, key=lambda one: one.name))

    def remove(self, name: str) -> None:
        """Take `name` off the server; SpecError when it is not there."""
        self._ask("DELETE", f"_api/notebooks/{name}")

    def revisions(self, name: str) -> tuple[Revision, ...]:
        """What is kept of `name`, newest first; SpecError when there is no such dashboard."""
        answer = self._ask("GET", f"_api/notebooks/{name}/revisions")
        return self._record(History, answer).revisions

    def revision(self, name: str, number: int) -> tuple[Revision, tuple[File, ...]]:
        """One revision and its files; SpecError when it is not there, or not any more."""
        answer = self._ask("GET", f"_api/notebooks/{name}/revisions/{number}")
        return self._record(Revision, answer), self._record(Contents, answer).files

    def bundle(self, name: str, number: int) -> bytes:
        """The bundle of a revision as a zip; SpecError when it is not there, or not any more."""
        path = f"_api/notebooks/{name}/revisions/{number}/bundle"
        return self._ask("GET", path, wait=120).content

    def activate(self, name: str, number: int) -> RolledBack:
        """Let `name` show that revision, which may be a draft; errors as in `roll_back`."""
        return self._switch(name, "activate", number)

    def roll_back(self, name: str, number: int | None) -> RolledBack:
        """Let `name` show that revision, or (None) the one it showed before.

        SpecError when there is none, DashopsError when it cannot be shown.
        """
        return self._switch(name, "rollback", number)

    def backup(self, file: BinaryIO) -> None:
        """Write all that the server keeps into a file."""
        with self._named_failures(""), self._connection(_COPIED) as http:
            answer = copying.take(http, f"{self.url}/_api/backup", file)
        if not answer.is_success:
            raise problems.refusal(self.url, answer, "")

    def restore(self, file: BinaryIO) -> tuple[str, ...]:
        """Bring in a backup as a whole; the names it has. SpecError when it is refused."""
        lost = "`dashops dashboards` tells whether the server has them: all or none"
        content = copying.chunks(file)
        answer = self._ask("POST", "_api/restore", lost=lost, wait=_COPIED, content=content)
        return self._record(Restored, answer).dashboards

    def status(self) -> Status:
        """Open viewers and gateways."""
        return self._record(Status, self._ask("GET", "_api/status"))

    def usage(self) -> usage.Usage:
        """What dashboards and their viewers take, and what gateways have."""
        return self._record(usage.Usage, self._ask("GET", "_api/usage"))

    def _deployed(self, answer: "httpx.Response") -> Deployed:
        deployed = self._record(Deployed, answer)
        preview = deployed.preview
        if preview:
            preview = replace(preview, url=self._absolute(preview.url))
        return replace(deployed, link=self._absolute(deployed.link), preview=preview)

    def _switch(self, name: str, how: str, number: int | None) -> RolledBack:
        path = f"_api/notebooks/{name}/{how}"
        lost = f"`dashops revisions {name}` tells which is active"
        answer = self._ask("POST", path, lost=lost, json={"revision": number})
        done = self._record(RolledBack, answer)
        return replace(done, link=self._absolute(done.link))

    def _ask(
        self, method: str, path: str, *, lost: str = "", wait: float = _ANSWER, **content: Any
    ) -> "httpx.Response":
        with self._named_failures(lost), self._connection(wait) as http:
            answer = http.request(method, f"{self.url}/{path}", **content)
        if not answer.is_success:
            raise problems.refusal(self.url, answer, lost)
        return answer

    def _connection(self, wait: float) -> "httpx.Client":
        import httpx

        try:
            return httpx.Client(
                headers={"Authorization": f"token {self._token.reveal()}", **self._number},
                timeout=httpx.Timeout(wait, connect=10, write=60),
                follow_redirects=False,
                transport=self._transport,
                # A proxy has no way to this machine's loopback, and must not see the token.
                mounts=dict.fromkeys(("all://", "http://", "https://"))
                if problems.here(self.url)
                else None,
            )
        except OSError as error:
            raise errors.ToolError(
                f"the certificates to trust cannot be read: {error}",
                hint="check the file that `SSL_CERT_FILE` names",
            ) from error

    @contextmanager
    def _named_failures(self, lost: str) -> Iterator[None]:
        import httpx

        try:
            yield
        except httpx.TransportError as error:
            raise problems.unreachable(self.url, error, lost) from error
        except httpx.InvalidURL as error:
            raise errors.SpecError(f"`{self.url}` is not a URL: {error}") from error
        except httpx.DecodingError as error:
            raise problems.not_ours(self.url, str(error)) from error

    def _record(self, kind: type[Record], answer: "httpx.Response") -> Record:
        try:
            return decode(kind, problems.body(answer))
        except ValueError as error:
            raise problems.not_ours(self.url, str(error)) from error

    def _absolute(self, link: str) -> str:
        """The URL a link means; never one that a browser would run instead of open."""
        url = urljoin(f"{self.url}/", link)
        if urlsplit(url).scheme not in ("http", "https"):
            raise problems.not_ours(self.url, "its link is no web page")
        return url


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
