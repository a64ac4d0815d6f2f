"""How people with passwords print; a password is shown once, when dashops made it."""

from dataclasses import asdict

from dashops.client import people as kept
from dashops.publish import people
from dashops.view import text
from dashops.view.text import as_json, as_text, say


@as_text.register
def _(value: people.Users) -> None:
    if not value.users:
        text.note(f"no users at {value.server}; `dashops users add NAME` adds one")
        return
    head = ("name", "role", "groups", "since", "logins", "shown as")
    say(*text.table(head, map(_row, value.users)))


@as_text.register
def _(value: people.Given) -> None:
    what = "is added" if value.done == "added" else "has a new password"
    text.note(f"`{value.name}` {what}{_ended(value.ended)}")
    if value.password:
        text.note("the password is shown only now:")
        say(value.password.reveal())


@as_json.register
def _(value: people.Given) -> None:
    password = value.password.reveal() if value.password else None
    text.document({**asdict(value), "password": password})


@as_text.register
def _(value: people.Ended) -> None:
    text.note(f"`{value.name}` is {value.done}{_ended(value.ended)}")


def _ended(number: int) -> str:
    return f"; {number} login{'s' if number != 1 else ''} ended" if number else ""


def _row(user: kept.User) -> tuple[str, ...]:
    return (
        user.name,
        f"{user.role} (disabled)" if user.disabled else user.role,
        text.short(", ".join(user.groups), 40) or "-",
        text.when(user.created),
        str(user.logins),
        user.display,
    )
