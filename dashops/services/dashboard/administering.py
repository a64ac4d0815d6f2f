"""The part of the API for those who decide who may do what: grants, tokens, the audit record."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from dashops import errors
from dashops.services.dashboard import access, api, scopes, store, tokens

MOST_DAYS = 3650
LISTED, MOST_LISTED = 100, 10_000  # records of the audit


class Access(api.Api):
    """Who may open one dashboard."""

    def get(self, name: str) -> None:
        """Say it; with ``user`` (and ``group``, repeatable) say whether that person may."""
        if self.refused() or not self.known(name):
            return
        if user := self.get_query_argument("user", ""):
            self.finish(self.tried(name, user))
        else:
            self.finish(self.described(name))

    async def put(self, name: str) -> None:
        """Replace ``grants``, or name another ``owner``; ends the pages of whom that shuts out."""
        if self.refused() or not self.known(name):
            return
        kept: store.Store = self.settings["store"]
        try:
            body = self.body()
            given = access.read(body["grants"]) if "grants" in body else None
            owner = body.get("owner")
            owner = access.name(owner, "user") if owner else owner
        except errors.SpecError as error:
            self.fail(400, error.message, error.hint)
            return
        asked = {
            **({} if given is None else {"grants": [str(each) for each in sorted(given)]}),
            **({} if owner is None else {"owner": owner}),
        }
        self.note_first("share", dashboard=name, **asked)
        if given is not None:
            kept.grant(name, given)
        if owner is not None:
            kept.own(name, owner)
        ended = await self.settings["door"].close(name)
        self.finish({**self.described(name), "ended": ended})

    def known(self, name: str) -> bool:
        """Whether there is such a dashboard or a draft of one; answers with an error if not."""
        found = bool(self.settings["store"].revisions(name))
        if not found:
            self.fail(404, f"there is no dashboard `{name}`")
        return found

    def described(self, name: str) -> dict[str, Any]:
        """Who may open it; ``default``: only because of the setting."""
        grants = self.settings["door"].grants(name)
        return {
            "name": name,
            "link": self.link(name),
            "owner": grants.owner,
            "grants": access.written(grants.given),
            "default": not self.settings["store"].grants(name).given,
        }

    def tried(self, name: str, user: str) -> dict[str, Any]:
        """Whether a person may open it, and why."""
        named = frozenset(self.get_query_arguments("group"))
        person, gone = self.settings["door"].look_up(user, named)
        grants = self.settings["door"].grants(name)
        words = "" if gone else access.why(person, access.OPEN, grants)
        return {
            "name": name,
            "user": user,
            "role": person.role or "",
            "groups": sorted(person.groups),
            "allowed": bool(words),
            "why": words or gone or "nothing lets him",
        }


class Tokens(api.Api):
    """All tokens of programs."""

    def get(self) -> None:
        """List them, without what would be secret."""
        if self.refused():
            return
        self.finish({"tokens": [described(each) for each in self.settings["store"].tokens()]})

    def post(self) -> None:
        """Make one, and show it this once."""
        if self.refused():
            return
        try:
            body = self.body()
            name = access.name(body.get("name"), "token")
            creator = body.get("creator") or ""
            creator = access.name(creator, "user") if creator else ""
            wanted = _scopes(body.get("scopes"))
            days = _days(body.get("days"))
        except errors.SpecError as error:
            self.fail(400, error.message, error.hint)
            return
        text, kept = tokens.make(name, wanted, days, creator)
        facts = {"token": kept.id, "name": name, "scopes": list(wanted), "of": creator}
        self.note_first("token", action="create", **facts, expires=kept.expires)
        self.settings["store"].keep_token(kept)
        self.set_status(201)
        self.set_header("Cache-Control", "no-store")
        self.finish({**described(kept), "secret": text})


class Token(api.Api):
    """One of them."""

    def delete(self, token_id: str) -> None:
        """End it, from the next request on."""
        if self.refused():
            return
        kept: store.Store = self.settings["store"]
        found = kept.token(token_id)
        if found is None:
            hint = "`dashops tokens list` shows their ids"
            self.fail(404, f"there is no token `{token_id}`", hint)
            return
        self.note_first("token", action="revoke", token=token_id, name=found.name)
        kept.revoke_token(token_id)
        self.finish(described(kept.token(token_id) or found))


class Audit(api.Api):
    """The record of who did what."""

    async def get(self) -> None:
        """The newest ``last`` records; with ``verify`` whether all of them are as written."""
        if self.refused():
            return
        record = self.settings["audit"]
        number = self.get_query_argument("last", "")
        last = min(int(number), MOST_LISTED) if number.isascii() and number.isdecimal() else LISTED
        found = await asyncio.to_thread(record.last, last)
        answer: dict[str, Any] = {"records": found, "verified": None}
        if self.get_query_argument("verify", ""):
            answer["verified"] = vars(await asyncio.to_thread(record.verify))
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(answer))


def described(token: store.Token) -> dict[str, Any]:
    """A token as the API shows it: all but its hash."""
    shown = {key: value for key, value in vars(token).items() if key != "hash"}
    state = tokens.state(token, datetime.now(UTC))
    return {**shown, "scopes": list(token.scopes), "state": state}


def _scopes(sent: Any) -> tuple[str, ...]:
    if not isinstance(sent, list) or not 0 < len(sent) <= 50:
        raise errors.SpecError("a token needs a scope", hint=_known())
    for each in sent:
        if not isinstance(each, str) or not scopes.SCOPE.fullmatch(each):
            raise errors.SpecError(f"there is no scope `{str(each)[:80]}`", hint=_known())
    return tuple(dict.fromkeys(sent))


def _known() -> str:
    return "use `read`, `admin` or `deploy:NAME`, where `*` stands for any letters"


def _days(sent: Any) -> int | None:
    if sent is None:
        return None
    if type(sent) is not int or not 0 < sent <= MOST_DAYS:
        raise errors.SpecError(f"a token is good for 1 to {MOST_DAYS} days")
    return sent
