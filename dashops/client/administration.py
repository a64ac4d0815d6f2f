"""Who may do what on a server: grants, tokens and the audit record, as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from dashops.client import problems
from dashops.client.records import clean, decode
from dashops.secrets import Secret

if TYPE_CHECKING:
    from dashops.client import Server


@dataclass(frozen=True)
class Grant:
    """Who may open a dashboard: `kind` is public, signed-in, group, user or private."""

    kind: str
    value: str


@dataclass(frozen=True)
class Access:
    """Who may open a dashboard; `default`: because nobody shared it, and a setting says so."""

    name: str
    link: str
    owner: str
    grants: tuple[Grant, ...]
    default: bool


@dataclass(frozen=True)
class Shared:
    """The same after a change, which ended so many open pages."""

    name: str
    link: str
    owner: str
    grants: tuple[Grant, ...]
    ended: int


@dataclass(frozen=True)
class Tried:
    """Whether a person may open a dashboard, and why."""

    name: str
    user: str
    role: str
    groups: tuple[str, ...]
    allowed: bool
    why: str


@dataclass(frozen=True)
class Token:
    """A token of programs, without what is secret of it; `state` is good, expired or revoked."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime | None
    used: datetime | None
    revoked: datetime | None
    creator: str
    state: str


@dataclass(frozen=True)
class Made:
    """A new token, and its text, which the server tells only this once."""

    token: Token
    text: Secret


@dataclass(frozen=True)
class Verified:
    """Whether the audit record is as it was written; `problem` is empty when it is."""

    records: int
    files: int
    first: str
    head: str
    problem: str


@dataclass(frozen=True)
class Record:
    """A line of the audit record; `facts` are all but when, what and who."""

    time: datetime
    event: str
    who: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Audit:
    """The newest records, oldest first, and what a look at all of them found, if asked for."""

    records: tuple[Record, ...]
    verified: Verified | None


@dataclass(frozen=True)
class _Tokens:
    tokens: tuple[Token, ...]


def access(server: "Server", name: str) -> Access:
    """Who may open a dashboard; SpecError when there is none of that name."""
    return server._record(Access, server._ask("GET", f"_api/notebooks/{name}/access"))


def share(server: "Server", name: str, grants: Sequence[Grant] | None, owner: str | None) -> Shared:
    """Let exactly these open it, and let it be that owner's; None leaves it as it is."""
    asked: dict[str, Any] = {}
    if grants is not None:
        asked["grants"] = [{"kind": each.kind, "value": each.value} for each in grants]
    if owner is not None:
        asked["owner"] = owner
    lost = f"`dashops access who {name}` tells who may open it"
    path = f"_api/notebooks/{name}/access"
    return server._record(Shared, server._ask("PUT", path, lost=lost, json=asked))


def tried(server: "Server", name: str, user: str, groups: Sequence[str]) -> Tried:
    """Whether somebody (in these groups, too) may open it."""
    query = urlencode([("user", user), *(("group", each) for each in groups)])
    return server._record(Tried, server._ask("GET", f"_api/notebooks/{name}/access?{query}"))


def tokens(server: "Server") -> tuple[Token, ...]:
    """All tokens there are and were, newest first."""
    return server._record(_Tokens, server._ask("GET", "_api/tokens")).tokens


def make_token(
    server: "Server", name: str, scopes: Sequence[str], days: int | None, creator: str
) -> Made:
    """A new token; SpecError when there are no such scopes."""
    asked = {"name": name, "scopes": list(scopes), "days": days, "creator": creator}
    answer = server._ask("POST", "_api/tokens", lost="see `dashops tokens list`", json=asked)
    text = problems.body(answer).get("secret")
    if not isinstance(text, str) or clean(text) != text or not text:
        raise problems.not_ours(server.url, "no `secret` as expected")
    return Made(server._record(Token, answer), Secret(text))


def revoke_token(server: "Server", token: str) -> Token:
    """End a token for good; SpecError when there is none of that id."""
    return server._record(Token, server._ask("DELETE", f"_api/tokens/{quote(token, safe='')}"))


def audit(server: "Server", last: int, *, verify: bool) -> Audit:
    """The newest records, and whether all of them are as they were written."""
    path = f"_api/audit?last={last}{'&verify=1' if verify else ''}"
    found = problems.body(server._ask("GET", path, wait=600))
    try:
        rows = found["records"]
        records = tuple(_record(each) for each in rows)
        verified = found.get("verified")
        return Audit(records, decode(Verified, verified) if verified else None)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise problems.not_ours(server.url, str(error)) from error


def _record(row: Mapping[str, Any]) -> Record:
    known = ("time", "event", "who", "hash")
    facts = {clean(key): _fact(value) for key, value in row.items() if key not in known}
    moment = datetime.fromisoformat(row["time"])
    return Record(moment, clean(row["event"]), clean(row["who"]), facts)


def _fact(value: Any) -> Any:
    if isinstance(value, list):
        return [_fact(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float) else clean(str(value))
