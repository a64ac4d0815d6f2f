"""HTTP as it is written, without a library that would tidy it; it follows no redirect."""

import contextlib
import http.client
import re
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

PATIENCE = 60  # seconds: a dashboard may run its notebook while it is opened
MOST = 2**24  # bytes of an answer that are read

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What a server said; status 0 when it closed the connection without a word."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""

    def all(self, name: str) -> list[str]:
        """The values of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name: str) -> str:
        """The values of a header as one."""
        return ", ".join(self.all(name))

    @property
    def location(self) -> str:
        """Where it leads on to, empty when nowhere."""
        return self.get("Location")


def connect(url: str, patience: float = PATIENCE) -> socket.socket:
    """A connection to the server of a URL; OSError when there is none."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme in ("https", "wss") else 80)
    plain = socket.create_connection((parts.hostname or "", port), timeout=patience)
    if parts.scheme not in ("https", "wss"):
        return plain
    return ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname)


def host_of(url: str) -> str:
    """Host and port of a URL, as a request names them."""
    return urlsplit(url).netloc


def path_of(location: str) -> str:
    """The path of an address, also of one without a host."""
    return urlsplit(location).path


def request(method: str, path: str, headers: Headers, body: bytes = b"") -> bytes:
    """A request as bytes; nothing is added but the length of a body."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    if body or method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def send(url: str, data: bytes, method: str = "GET", patience: float = PATIENCE) -> Answer:
    """Send these bytes to the server of a URL and read one answer."""
    with connect(url, patience) as line:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(data)  # who refuses a body need not read it
        with contextlib.closing(http.client.HTTPResponse(line, method=method)) as answer:
            try:
                answer.begin()
                text = answer.read(MOST).decode(errors="replace")
            except (http.client.HTTPException, ConnectionError, ValueError):
                return Answer(0)
            return Answer(answer.status, tuple(answer.getheaders()), text)


@dataclass
class Visitor:
    """Somebody with cookies of his own; ``url`` is where paths are asked for."""

    url: str
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """Ask for a path, or a whole URL; ``headers`` come instead of the usual ones."""
        url = path if "://" in path else self.url
        if "://" in path:
            parts = urlsplit(path)
            path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        usual = {"Host": host_of(url)} | ({"Cookie": self.cookie} if self.cookies else {})
        answer = send(url, request(method, path, (usual | (dict(headers or {}))).items(), body))
        for each in answer.all("Set-Cookie"):
            name, _, value = each.split(";")[0].partition("=")
            self.cookies[name.strip()] = value.strip().strip('"')
        return answer

    def post(
        self, path: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a form."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask(
            "POST", path, headers=kind | dict(headers or {}), body=urlencode(form).encode()
        )

    @property
    def cookie(self) -> str:
        """The cookies as a request has them."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def log_in(self, name: str, password: str, **more: str) -> Answer:
        """Send the login's form; 302 when that went well."""
        form = {"username": name, "password": password, "_xsrf": self.form()}
        return self.post("/login", form | more)

    def form(self) -> str:
        """The token of the login's form, empty when there is none."""
        found = re.search(r'name="_xsrf" value="([^"]+)"', self.ask("GET", "/login").text)
        return found[1] if found else ""
