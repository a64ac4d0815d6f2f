"""The part of the API that keeps people with passwords, and logs people out."""

import asyncio
import re
from collections import Counter
from typing import Any
from urllib.parse import unquote

from dashops import errors
from dashops.services.dashboard import api, identity
from dashops.services.dashboard.identity import passwords
from dashops.services.dashboard.store import people

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}")
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@+-]{0,99}")


class People(api.Api):
    """What the handlers here share."""

    @property
    def kept(self) -> people.People:
        """The people in the store."""
        found: people.People = self.settings["people"]
        return found

    def elsewhere(self) -> bool:
        """Send an error if people with passwords here could not log in."""
        named: str = self.settings["kernel_manager"].settings.identity.provider
        if named != "local":
            self.fail(
                409,
                f"people are not kept here: the identity provider is `{named}`",
                "set `identity.provider` to `local`, or change them where they are kept",
            )
        return named != "local"


class Users(People):
    """Everybody with a password here."""

    async def get(self) -> None:
        """List them, with how often each is logged in now."""
        if self.refused():
            return
        found = await asyncio.to_thread(self.kept.all)
        logins = await asyncio.to_thread(self.kept.logins)
        counts = Counter(each.user for each in logins)
        self.finish({"users": [_shown(each, counts[each.name]) for each in found]})

    async def post(self) -> None:
        """Add one."""
        if self.refused() or self.elsewhere():
            return
        try:
            sent = self.body()
            name, password = _name(sent.get("name")), _password(sent.get("password"))
            display, role = _line(sent.get("display") or name), _role(sent.get("role") or "viewer")
            groups = _groups(sent.get("groups") or [])
        except errors.SpecError as error:
            self.fail(400, error.message, error.hint)
            return
        hashed = await self.settings["hashing"].made(password)
        added = people.person(name, display, hashed, role, groups)
        self.note_first("user", action="add", user=name, role=role, groups=groups)
        if not await asyncio.to_thread(self.kept.add, added):
            hint = f"`dashops users change {name}` changes role or groups"
            self.fail(409, f"there is a user `{name}` already", hint)
            return
        self.set_status(201)
        self.finish(_shown(added, 0))


class User(People):
    """One of them."""

    async def patch(self, name: str) -> None:
        """Change what is sent of password, role, groups, display and disabled.

        Whoever has another password or is disabled is logged out, and so is he who may do less.
        """
        if self.refused() or self.elsewhere():
            return
        try:
            values, groups, password = _changes(self.body())
        except errors.SpecError as error:
            self.fail(400, error.message, error.hint)
            return
        if password is not None:
            values["password"] = await self.settings["hashing"].made(password)
        name = unquote(name)
        told = {key: value for key, value in values.items() if key != "password"}
        told |= {} if groups is None else {"groups": groups}
        self.note_first("user", action="change", user=name, **told, passwd="password" in values)
        if not await asyncio.to_thread(self.kept.change, name, values, groups):
            self.fail(*_nobody(name))
            return
        # What a login may do was noted when it began.
        ended = await identity.everywhere(self.settings, name)
        found = await asyncio.to_thread(self.kept.by_name, name)
        self.finish({"ended": ended, **(_shown(found, 0) if found else {})})

    async def delete(self, name: str) -> None:
        """Forget somebody."""
        if self.refused() or self.elsewhere():
            return
        name = unquote(name)
        self.note_first("user", action="remove", user=name)
        if not await asyncio.to_thread(self.kept.remove, name):
            self.fail(*_nobody(name))
            return
        self.finish({"ended": await identity.everywhere(self.settings, name)})


class Logout(People):
    """Ends all logins of somebody, whoever vouched for him."""

    async def post(self, name: str) -> None:
        """End them."""
        if self.refused():
            return
        self.note_first("user", action="logout", user=unquote(name))
        self.finish({"ended": await identity.everywhere(self.settings, unquote(name))})


def _shown(found: people.Kept, logins: int) -> dict[str, Any]:
    return {
        "name": found.name,
        "display": found.display,
        "role": found.role,
        "groups": list(found.groups),
        "disabled": found.disabled,
        "created": found.created,
        "logins": logins,
    }


def _changes(sent: dict[str, Any]) -> tuple[dict[str, Any], list[str] | None, str | None]:
    values: dict[str, Any] = {}
    if "role" in sent:
        values["role"] = _role(sent["role"])
    if "display" in sent:
        values["display"] = _line(sent["display"])
    if "disabled" in sent:
        if not isinstance(sent["disabled"], bool):
            raise errors.SpecError("`disabled` is true or false")
        values["disabled"] = sent["disabled"]
    groups = _groups(sent["groups"]) if "groups" in sent else None
    return values, groups, _password(sent["password"]) if "password" in sent else None


def _name(sent: Any) -> str:
    if not isinstance(sent, str) or not NAME.fullmatch(sent):
        raise errors.SpecError("a name has lower-case letters, digits and `.` `_` `@` `+` `-`")
    return sent


def _password(sent: Any) -> str:
    if not isinstance(sent, str):
        raise errors.SpecError("there is no password")
    if problem := passwords.problem(sent):
        raise errors.SpecError(problem)
    return sent


def _role(sent: Any) -> str:
    if sent not in identity.ROLES:
        raise errors.SpecError(f"a role is one of {', '.join(identity.ROLES)}")
    return str(sent)


def _groups(sent: Any) -> list[str]:
    if not isinstance(sent, list) or not all(
        isinstance(each, str) and WORD.fullmatch(each) for each in sent
    ):
        raise errors.SpecError("a group has letters, digits, blanks and `.` `_` `@` `+` `-`")
    return sent


def _line(sent: Any) -> str:
    if not isinstance(sent, str) or not sent.isprintable() or not 0 < len(sent.strip()) <= 100:
        raise errors.SpecError("a shown name is one line of at most 100 characters")
    return sent.strip()


def _nobody(name: str) -> tuple[int, str, str]:
    return 404, f"there is no user `{name}`", "`dashops users list` names them"
