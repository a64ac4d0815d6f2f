"""Plain HTTP requests of a visitor without a browser; it follows no redirect and knows no proxy."""

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

from dashops.client import turns

# Seconds; a dashboard runs its notebook while it is opened.
PATIENCE = 60


@dataclass(frozen=True)
class Answer:
    """What a server said; `location` is where a redirect leads, else empty."""

    status: int
    text: str
    location: str


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Leave a redirect to who asked."""


class Visitor:
    """Somebody with cookies of his own."""

    def __init__(self, number: str = "") -> None:
        """Of several servers it asks that one which has the number."""
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            # This machine's own ports stand for the addresses with TLS that people open.
            urllib.request.HTTPCookieProcessor(
                CookieJar(DefaultCookiePolicy(secure_protocols=("http", "https")))
            ),
            _Stay,
        )
        self._opener.addheaders += [(turns.NUMBER, number)] if number else []

    def get(self, url: str, token: str = "", host: str = "") -> Answer:
        """Ask for a page, as that of another host if one is named; AssertionError for no answer."""
        named = {"Authorization": f"token {token}" if token else "", "Host": host}
        headers = {name: value for name, value in named.items() if value}
        return self._ask(urllib.request.Request(url, headers=headers))

    def post(self, url: str, form: Mapping[str, str]) -> Answer:
        """Send a form; AssertionError when nobody answers."""
        return self._ask(urllib.request.Request(url, urllib.parse.urlencode(form).encode()))

    def _ask(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=PATIENCE) as answer:
                return Answer(answer.status, answer.read().decode(errors="replace"), "")
        except urllib.error.HTTPError as answer:
            # Everything but success; a redirect too.
            text = answer.read().decode(errors="replace")
            return Answer(answer.code, text, answer.headers.get("Location", ""))
        except OSError as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            raise AssertionError(f"`{request.full_url}` does not answer: {reason}") from error
