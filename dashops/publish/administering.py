"""The verbs of those who decide who may do what: share, tokens, audit; values, no printing."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashops import bundle, errors
from dashops.client import administration
from dashops.client.administration import Access, Grant, Made, Shared, Token, Tried
from dashops.publish.destinations import Destination

__all__ = ["Access", "Audit", "Made", "Shared", "Tokens", "Tried", "Whom"]


@dataclass(frozen=True)
class Whom:
    """With whom to share; nobody at all is a mistake, `private` says it on purpose."""

    public: bool = False
    signed_in: bool = False
    private: bool = False
    groups: Sequence[str] = ()
    users: Sequence[str] = ()

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What to ask for, in the order of the options."""
        flags = {"public": self.public, "signed-in": self.signed_in, "private": self.private}
        return (
            *(Grant(kind, "") for kind, wanted in flags.items() if wanted),
            *(Grant("group", each) for each in self.groups),
            *(Grant("user", each) for each in self.users),
        )


@dataclass(frozen=True)
class Tokens:
    """The tokens of one server, newest first."""

    server: str
    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class Audit:
    """What happened on one server lately, and whether its record is whole, if that was asked."""

    server: str
    records: tuple[administration.Record, ...]
    verified: administration.Verified | None

    def raise_for_problems(self) -> None:
        """Raise ChecksFailed when the record is not as it was written."""
        if self.verified and self.verified.problem:
            raise errors.ChecksFailed(
                f"the audit record is not as it was written: {self.verified.problem}",
                hint="compare it with a copy, and find out who can write to the store's folder",
            )


def share(name: str, whom: Whom, owner: str | None, to: Destination) -> Shared:
    """Let exactly these people open a dashboard, and end the pages of all others."""
    bundle.check_name(name)
    grants = whom.grants
    if not grants and owner is None:
        raise errors.SpecError(
            f"nobody is named to share `{name}` with",
            hint="use `--user`, `--group`, `--signed-in`, `--public` or `--private`",
        )
    if whom.private and len(grants) > 1:
        raise errors.SpecError(
            "it cannot be private and shared", hint="leave `--private` or the others out"
        )
    return administration.share(to.server, name, grants or None, owner)


def who(name: str, to: Destination) -> Access:
    """Who may open a dashboard."""
    return administration.access(to.server, bundle.check_name(name))


def may(user: str, name: str, groups: Sequence[str], to: Destination) -> Tried:
    """Whether somebody may open a dashboard, and why."""
    return administration.tried(to.server, bundle.check_name(name), user, groups)


def make_token(name: str, scopes: Sequence[str], days: int, creator: str, to: Destination) -> Made:
    """A new token for programs, good for so many days or (0) until it is revoked."""
    return administration.make_token(to.server, name, scopes, days or None, creator)


def tokens(to: Destination) -> Tokens:
    """All tokens of programs."""
    return Tokens(to.server.url, administration.tokens(to.server))


def revoke_token(token: str, to: Destination) -> Token:
    """End a token for good."""
    return administration.revoke_token(to.server, token)


def audit(last: int, to: Destination, *, verify: bool) -> Audit:
    """What happened lately; with `verify` also whether the whole record is as it was written."""
    found = administration.audit(to.server, last, verify=verify)
    return Audit(to.server.url, found.records, found.verified)
