"""The people that a dashboard server keeps, over its API; it makes no password and shows none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from dashops.client import Server
from dashops.secrets import Secret


@dataclass(frozen=True)
class User:
    """Somebody with a password on that server; `logins` is how often he is logged in now."""

    name: str
    display: str
    role: str
    groups: tuple[str, ...]
    disabled: bool
    created: datetime
    logins: int


@dataclass(frozen=True)
class _Users:
    users: tuple[User, ...]


@dataclass(frozen=True)
class _Ended:
    ended: int


def users(server: Server) -> tuple[User, ...]:
    """All of them, by name."""
    return server._record(_Users, server._ask("GET", "_api/users")).users


def add(
    server: Server, name: str, password: Secret, role: str, groups: Sequence[str], display: str
) -> User:
    """Add somebody; SpecError when the server cannot take him, DashopsError when he is there."""
    sent: dict[str, Any] = {"name": name, "role": role, "groups": list(groups)}
    sent |= {"display": display, "password": password.reveal()}
    return server._record(User, server._ask("POST", "_api/users", json=sent))


def change(server: Server, name: str, values: Mapping[str, Any]) -> int:
    """Change what `values` has of role, groups, disabled and password; how many logins ended."""
    sent = {
        key: each.reveal() if isinstance(each, Secret) else each for key, each in values.items()
    }
    return server._record(_Ended, server._ask("PATCH", _path(name), json=sent)).ended


def remove(server: Server, name: str) -> int:
    """Remove somebody; how many logins ended. SpecError when there is no such user."""
    return server._record(_Ended, server._ask("DELETE", _path(name))).ended


def log_out(server: Server, name: str) -> int:
    """End all logins of somebody; how many there were."""
    return server._record(_Ended, server._ask("POST", f"{_path(name)}/logout")).ended


def _path(name: str) -> str:
    return f"_api/users/{quote(name, safe='')}"
