"""Somebody who logs in as a viewer as long as checks run, however people log in."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from secrets import token_urlsafe

from dashops import secrets
from dashops.client import Server, people
from dashops.errors import DashopsError
from dashops.secrets import Secret
from dashops.stack import Stack


@dataclass(frozen=True)
class Login:
    """With which name and password to log in."""

    user: str
    password: Secret


@contextlib.contextmanager
def guest(stack: Stack, name: str, number: str = "") -> Iterator[Login | None]:
    """The account for all, or where the server keeps people one more of them, with that name.

    Of several servers that one is asked that has the number. None where people are kept elsewhere.
    Raises ToolError when the server does not answer.
    """
    if stack.identity.provider == "shared":
        word = secrets.read(stack.state_dir / "secrets", "viewer-password")
        yield Login(stack.dashboard.user, word)
    elif stack.identity.provider == "local":
        made = Login(name, Secret(token_urlsafe(24)))
        people.add(_server(stack, number), name, made.password, "viewer", (), "")
        try:
            yield made
        finally:
            forget(stack, name)
    else:
        yield None


def forget(stack: Stack, name: str) -> None:
    """Remove a guest of that name, if there is one and the server answers."""
    with contextlib.suppress(DashopsError):
        people.remove(_server(stack), name)


def _server(stack: Stack, number: str = "") -> Server:
    token = secrets.read(stack.state_dir / "secrets", "admin-token")
    return Server(stack.url("dashboard"), token, number=number)
