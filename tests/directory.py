"""A real OpenID Connect provider for tests, canaille, as a process.

People log in there with plain HTTP, as a browser would; its database ends with it.
"""

import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import httpx
from live import free_ports, until

CLIENT, SECRET, PASSWORD = "dashops", "the secret of a registration", "correct horse"
# It gives a person the same token twice in a second and stumbles over that: each logs in once.
OTHERS = [f"user{number}" for number in range(40)]
PEOPLE: dict[str, tuple[str, list[str]]] = {
    "alice": ("Alice Smith", ["analysts", "admins"]),
    **{name: (name.title(), []) for name in OTHERS},
}


@dataclass(frozen=True)
class Directory:
    """A provider that runs."""

    url: str

    def log_in(self, browser: httpx.Client, address: str, name: str, password: str) -> str:
        """Go to where we were sent, log in, and return where that sends us back to."""
        answer = self._follow(browser, browser.get(address))
        for field, value in (("login", name), ("password", password)):
            form = dict(re.findall(r'name="([^"]+)"[^>]*value="([^"]*)"', answer.text))
            page = str(answer.url)
            sent = {**form, field: value}
            answer = self._follow(browser, browser.post(page, data=sent, headers={"Referer": page}))
        return answer.headers["Location"]

    def _follow(self, browser: httpx.Client, answer: httpx.Response) -> httpx.Response:
        """As far as that server leads, to a page or to somewhere else."""
        while answer.is_redirect:
            address = urljoin(str(answer.url), answer.headers["Location"])
            if not address.startswith(self.url):
                answer.headers["Location"] = address
                return answer
            answer = browser.get(address)
        return answer


@contextmanager
def serving(back: str) -> Iterator[Directory]:
    """The provider until the block ends; ``back`` is where it may send people."""
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [sys.executable, Path(__file__), str(port), back],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: process.poll() is None and _answers(url), "the provider to answer", 90)
        yield Directory(url)
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/.well-known/openid-configuration").is_success
    except httpx.TransportError:
        return False


def main(port: int, back: str, folder: str) -> None:
    """Serve until terminated."""
    from canaille import create_app
    from canaille.app import models
    from joserfc.jwk import RSAKey
    from werkzeug.serving import run_simple

    key = RSAKey.generate_key(2048, {"alg": "RS256", "use": "sig"}, auto_kid=True)
    app = create_app(
        {
            "SECRET_KEY": "of a provider that lasts as long as a test",
            "SERVER_NAME": f"127.0.0.1:{port}",
            "PREFERRED_URL_SCHEME": "http",
            "SESSION_COOKIE_SECURE": False,
            "CANAILLE": {"DATABASE": "sql", "JAVASCRIPT": False, "HTMX": False},
            # Its database in memory finds codes of others when there is more than one.
            "CANAILLE_SQL": {"DATABASE_URI": f"sqlite:///{folder}/people.sqlite"},
            "CANAILLE_OIDC": {"ACTIVE_JWKS": [key.as_dict(private=True)]},
        },
        init_backend=True,
    )
    with app.app_context():
        backend = app.backend
        groups: dict[str, list[object]] = {}
        for name, (shown, names) in PEOPLE.items():
            person = models.User(
                user_name=name,
                display_name=name,
                formatted_name=shown,
                family_name=shown,
                emails=[f"{name}@example.com"],
                password=PASSWORD,
            )
            backend.save(person)
            for each in names:
                groups.setdefault(each, []).append(person)
        for name, members in groups.items():
            backend.save(models.Group(display_name=name, members=members))
        client = models.Client(
            client_id=CLIENT,
            client_secret=SECRET,
            client_name="Dashboards",
            client_uri="http://127.0.0.1",
            redirect_uris=[back],
            grant_types=["authorization_code"],
            response_types=["code"],
            scope=["openid", "profile", "email", "groups"],
            token_endpoint_auth_method="client_secret_basic",
        )
        backend.save(client)
        client.audience = [client]
        backend.save(client)
    run_simple("127.0.0.1", port, app, threaded=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as kept:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        main(int(sys.argv[1]), sys.argv[2], kept)
