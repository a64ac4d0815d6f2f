"""What an identity provider is, and which one a server has; it keeps nothing and asks nobody."""

import importlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from typing import Any, Protocol, runtime_checkable

from tornado import httputil

from dashops import errors
from dashops.services.dashboard import config

ROLES = ("viewer", "author", "operator")
"""Who opens, who also publishes, who also runs the server."""

GROUP = "dashops.identity"  # entry points of other packages
_HERE = __name__.rpartition(".")[0]
BUILT_IN = {
    "shared": f"{_HERE}.shared:Shared",
    "local": f"{_HERE}.local:Local",
    "header": f"{_HERE}.header:Header",
    "oidc": f"{_HERE}.oidc:Oidc",
}
# It becomes an owner of kernels, a line of the log, a row: nothing that could be taken for more.
_NAME = re.compile(r"[^\s/\x00-\x1f\x7f](?:[^/\x00-\x1f\x7f]{0,198}[^\s/\x00-\x1f\x7f])?")


@dataclass(frozen=True)
class Person:
    """Somebody a provider vouches for.

    ``role`` is one of ROLES, or None where the settings `operators` and `authors` say it.
    """

    name: str
    display: str
    groups: frozenset[str] = frozenset()
    role: str | None = None


@runtime_checkable
class Form(Protocol):
    """A provider that our login page's name and password are for."""

    async def check(self, name: str, password: str, *, known: bool) -> Person | None:
        """Who that is, None if the password is not his.

        ``known``: this person was here before from the same address, and need not wait in a line
        with strangers. Raises passwords.Busy when too many are waiting.
        """
        ...


@runtime_checkable
class Request(Protocol):
    """A provider that reads each request; there is no login page and nothing to log out of."""

    def read(self, request: httputil.HTTPServerRequest) -> Person | None:
        """Who sent it, None if it does not say so in a way that can be believed."""
        ...


@runtime_checkable
class Redirect(Protocol):
    """A provider that people are sent to, and that sends them back."""

    async def begin(self, back: str) -> tuple[str, dict[str, str]]:
        """Where to send the browser, and what ``finish`` needs to know again.

        ``back`` is the address it will be sent to. Raises Refused.
        """
        ...

    async def finish(
        self, back: str, arguments: Mapping[str, str], known: Mapping[str, str]
    ) -> Person:
        """Who came back with these query arguments. Raises Refused."""
        ...


Provider = Form | Request | Redirect


class Refused(Exception):
    """The provider does not vouch for anybody; ``shown`` may be told to the visitor."""

    def __init__(self, shown: str, detail: str = "") -> None:
        super().__init__(detail or shown)
        self.shown = shown


@dataclass(frozen=True)
class Means:
    """What a provider is made from: the rendered settings, and what dashops has for it."""

    settings: config.Config
    people: Any
    hashing: Any


def make(means: Means) -> Provider:
    """The provider that the settings name, one of ours or an entry point of `dashops.identity`.

    Raises:
        SpecError: when there is none of that name, or it is no provider.
    """
    name = means.settings.identity.provider
    found = _built_in(name) or _entry_point(name)
    if found is None:
        raise errors.SpecError(
            f"there is no identity provider `{name}`",
            hint=f"use {', '.join(BUILT_IN)}, or install a package with an entry point of that "
            f"name in the group `{GROUP}` by `identity.packages`",
        )
    made = found(means)
    if not isinstance(made, Form | Request | Redirect):
        raise errors.SpecError(f"the entry point `{name}` of `{GROUP}` makes no provider")
    return made


def role(person: Person, operators: Iterable[str], authors: Iterable[str]) -> str:
    """What a person is here: as the provider says, else the most that a setting gives him."""
    if person.role in ROLES:
        return str(person.role)
    for found, named in (("operator", operators), ("author", authors)):
        wanted = set(named)
        if person.name in wanted or any(f"group:{group}" in wanted for group in person.groups):
            return found
    return "viewer"


def checked(person: Person) -> Person | None:
    """The person, or None when his name cannot be one; what is too long for a row is cut."""
    if not _NAME.fullmatch(person.name):
        return None
    fine = frozenset(group for group in person.groups if _NAME.fullmatch(group))
    shown = "".join(letter for letter in person.display if letter.isprintable()).strip()
    return replace(person, display=shown[:200] or person.name, groups=fine)


def _built_in(name: str) -> Callable[[Means], Any] | None:
    if name not in BUILT_IN:
        return None
    module, _, attribute = BUILT_IN[name].partition(":")
    made: Callable[[Means], Any] = getattr(importlib.import_module(module), attribute)
    return made


def _entry_point(name: str) -> Callable[[Means], Any] | None:
    found = metadata.entry_points(group=GROUP, name=name)
    made: Callable[[Means], Any] | None = next((each.load() for each in found), None)
    return made
