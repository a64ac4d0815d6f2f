"""The part of the store with people, their groups and their logins; it knows no password itself."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sql

from dashops.services.dashboard.store import records, tables

USER, MEMBER, SESSION = tables.users.c, tables.members.c, tables.sessions.c


@dataclass(frozen=True)
class Kept:
    """Somebody with a password here, of which ``password`` is the hash; ``created`` is ISO 8601."""

    name: str
    display: str
    password: str
    role: str
    created: str
    disabled: bool = False
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Login:
    """One login; ``id`` is the SHA-256 of the cookie's value, moments are seconds since 1970."""

    id: str
    user: str
    display: str
    groups: tuple[str, ...]
    role: str | None
    provider: str
    created: int
    seen: int
    expires: int
    address: str


class People:
    """Every method raises Unavailable when the database does not do its work."""

    def __init__(self, reading: sql.Engine, writing: sql.Engine) -> None:
        self._reading, self._writing = reading, writing

    def all(self) -> list[Kept]:
        """Everybody with a password here, by name."""
        return self._people(sql.true())

    def by_name(self, name: str) -> Kept | None:
        """Whoever has that name, if there is one."""
        return next(iter(self._people(USER.name == name)), None)

    def add(self, person: Kept) -> bool:
        """Keep somebody new; ``False`` when the name is taken."""
        row = asdict(person)
        groups = row.pop("groups")
        try:
            with self._writing.begin() as connection:
                connection.execute(sql.insert(tables.users).values(row))
                _join(connection, person.name, groups)
        except sql.exc.IntegrityError:
            return False
        return True

    def change(
        self, name: str, values: Mapping[str, Any], groups: Iterable[str] | None = None
    ) -> bool:
        """Set columns of somebody, and his groups unless None; ``False`` when there is nobody."""
        with self._writing.begin() as connection:
            this = USER.name == name
            if connection.scalar(sql.select(USER.name).where(this)) is None:
                return False
            if values:
                connection.execute(sql.update(tables.users).where(this).values(dict(values)))
            if groups is not None:
                connection.execute(sql.delete(tables.members).where(MEMBER.user == name))
                _join(connection, name, groups)
        return True

    def remove(self, name: str) -> bool:
        """Forget somebody with his groups; ``False`` when there is nobody of that name."""
        with self._writing.begin() as connection:
            connection.execute(sql.delete(tables.members).where(MEMBER.user == name))
            gone = connection.execute(sql.delete(tables.users).where(USER.name == name))
        return bool(gone.rowcount)

    def login(self, login_id: str) -> Login | None:
        """The login of that id, whether it is still good or not."""
        return next(iter(self._logins(SESSION.id == login_id)), None)

    def logins(self) -> list[Login]:
        """All logins that are kept, the newest first."""
        return self._logins(sql.true())

    def keep(self, login: Login) -> None:
        """Keep a new login."""
        row = asdict(login) | {"groups": list(login.groups)}
        with self._writing.begin() as connection:
            connection.execute(sql.insert(tables.sessions).values(row))

    def note(self, seen: Mapping[str, int], now: int, idle: int) -> None:
        """Note when logins were seen, then forget those that expired, or idled so many seconds."""
        over = sql.or_(SESSION.expires <= now, SESSION.seen <= now - idle)
        with self._writing.begin() as connection:
            for login_id, moment in seen.items():
                this = sql.update(tables.sessions).where(SESSION.id == login_id)
                connection.execute(this.values(seen=moment))
            connection.execute(sql.delete(tables.sessions).where(over))

    def end(self, login_id: str) -> None:
        """Forget one login."""
        with self._writing.begin() as connection:
            connection.execute(sql.delete(tables.sessions).where(SESSION.id == login_id))

    def end_all(self, user: str) -> list[str]:
        """Forget all logins of somebody; their ids."""
        whose = SESSION.user == user
        with self._writing.begin() as connection:
            found = list(connection.scalars(sql.select(SESSION.id).where(whose)))
            connection.execute(sql.delete(tables.sessions).where(whose))
        return found

    def _people(self, wanted: sql.ColumnElement[bool]) -> list[Kept]:
        query = sql.select(tables.users).where(wanted).order_by(USER.name)
        joined = sql.select(MEMBER.user, MEMBER.grp).join(tables.users, USER.name == MEMBER.user)
        groups: dict[str, list[str]] = {}
        with self._reading.connect() as connection:
            rows = connection.execute(query).mappings().all()
            for user, group in connection.execute(joined.where(wanted).order_by(MEMBER.grp)):
                groups.setdefault(user, []).append(group)
        return [Kept(**row, groups=tuple(groups.get(row["name"], ()))) for row in rows]

    def _logins(self, wanted: sql.ColumnElement[bool]) -> list[Login]:
        query = sql.select(tables.sessions).where(wanted).order_by(SESSION.created.desc())
        with self._reading.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [Login(**{**row, "groups": tuple(row["groups"])}) for row in rows]


def person(name: str, display: str, password: str, role: str, groups: Iterable[str]) -> Kept:
    """Somebody new, as of now."""
    return Kept(name, display, password, role, records.now(), groups=tuple(sorted(set(groups))))


def _join(connection: sql.Connection, user: str, groups: Iterable[str]) -> None:
    rows = [{"user": user, "grp": group} for group in sorted(set(groups))]
    if rows:
        connection.execute(sql.insert(tables.members), rows)
