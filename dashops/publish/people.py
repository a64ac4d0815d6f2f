"""The verbs about people with passwords; a password comes by file or prompt, never by argv."""

import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashops import errors
from dashops.client import people
from dashops.publish.destinations import Destination
from dashops.secrets import Secret

LONGEST = 4096
"""Bytes of a password file; a longer one is another file."""


@dataclass(frozen=True)
class Users:
    """The people with passwords of one server."""

    server: str
    users: tuple[people.User, ...]


@dataclass(frozen=True)
class Given:
    """Somebody who was added or got a new password; `password` if dashops made it."""

    server: str
    name: str
    done: str
    ended: int
    password: Secret | None


@dataclass(frozen=True)
class Ended:
    """What was done with somebody, and how many logins that ended."""

    server: str
    name: str
    done: str
    ended: int


@dataclass(frozen=True)
class Source:
    """Where a password comes from: made here, a file (`-` is stdin), or `ask`, in this order."""

    made: bool
    file: Path | None
    ask: Callable[[str], str]

    def get(self, name: str) -> Secret:
        """The password; SpecError when it cannot be read or is none."""
        if self.made:
            return Secret(secrets.token_urlsafe(16))
        text = self._read(self.file) if self.file is not None else self.ask(name)
        if not text:
            raise errors.SpecError(
                "there is no password",
                hint="type one, name a file with `--password-file` (`-` is stdin), or let "
                "`--generate` make one",
            )
        return Secret(text)

    def _read(self, file: Path) -> str:
        try:
            if str(file) == "-":
                text = sys.stdin.read(LONGEST + 1)
            else:
                with file.open(encoding="utf-8") as opened:
                    text = opened.read(LONGEST + 1)
        except (OSError, UnicodeError) as error:
            raise errors.SpecError(f"the password file `{file}` cannot be read: {error}") from error
        if len(text) > LONGEST:
            raise errors.SpecError(f"`{file}` is too long to hold a password")
        return text.rstrip("\r\n")


def users(to: Destination) -> Users:
    """All people with a password."""
    return Users(to.server.url, people.users(to.server))


def add_user(
    name: str, role: str, groups: Sequence[str], display: str, of: Source, to: Destination
) -> Given:
    """Add somebody, who can log in from now on."""
    password = of.get(name)
    added = people.add(to.server, name, password, role, groups, display)
    return Given(to.server.url, added.name, "added", 0, password if of.made else None)


def give_password(name: str, of: Source, to: Destination) -> Given:
    """Give somebody a new password; he is logged out everywhere."""
    password = of.get(name)
    ended = people.change(to.server, name, {"password": password})
    return Given(to.server.url, name, "changed", ended, password if of.made else None)


def change_user(name: str, values: Mapping[str, Any], to: Destination) -> Ended:
    """Change role, groups or disabled; he is logged out everywhere."""
    if not values:
        raise errors.SpecError(
            "there is nothing to change", hint="see `dashops users change --help`"
        )
    return Ended(to.server.url, name, "changed", people.change(to.server, name, values))


def remove_user(name: str, to: Destination) -> Ended:
    """Remove somebody; he is logged out everywhere."""
    return Ended(to.server.url, name, "removed", people.remove(to.server, name))


def log_out(name: str, to: Destination) -> Ended:
    """Log somebody out everywhere."""
    return Ended(to.server.url, name, "logged out", people.log_out(to.server, name))
