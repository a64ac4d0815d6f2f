"""Who may do what with a dashboard: decided from values alone; it asks no store and no request."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from dashops import errors

OPEN, PREVIEW = "open", "preview"
PUBLIC, SIGNED_IN, GROUP, USER, PRIVATE = "public", "signed-in", "group", "user", "private"
KINDS = (PUBLIC, SIGNED_IN, GROUP, USER, PRIVATE)
NAMED = (GROUP, USER)  # kinds that say of whom
AUTHOR, OPERATOR = "author", "operator"
LONGEST = 200  # characters of a name of a user or group
MOST = 500  # grants of one dashboard; a group is the way to name more people


class Person(Protocol):
    """Somebody who has logged in, as far as a decision needs to know him."""

    @property
    def name(self) -> str:
        """As grants name him."""

    @property
    def groups(self) -> Collection[str]:
        """The groups he is in."""

    @property
    def role(self) -> str | None:
        """Viewer, author or operator; None where nobody knows roles."""


@dataclass(frozen=True, order=True)
class Grant:
    """Lets somebody open a dashboard; ``value`` names the user or group."""

    kind: str
    value: str = ""

    def __str__(self) -> str:
        """As people are told."""
        return f"{self.kind} `{self.value}`" if self.value else self.kind


@dataclass(frozen=True)
class Grants:
    """What is granted of one dashboard; ``owner`` deployed it first, empty where nobody knows."""

    given: frozenset[Grant] = frozenset()
    owner: str = ""

    def otherwise(self, kind: str) -> "Grants":
        """The same, or with a grant of that kind where nobody ever granted anything."""
        return self if self.given else Grants(frozenset({Grant(kind)}), self.owner)


def may(person: Person | None, action: str, grants: Grants) -> bool:
    """Whether a person, or somebody who has not logged in (None), may do that."""
    return bool(why(person, action, grants))


def why(person: Person | None, action: str, grants: Grants) -> str:
    """What lets him do it, in words; empty when nothing does."""
    if action not in (OPEN, PREVIEW):
        return ""
    if person is None:
        return "everybody may" if action == OPEN and Grant(PUBLIC) in grants.given else ""
    if person.role == OPERATOR:
        return "operators may open all"
    # A link to a draft is for those who work on dashboards; elsewhere nobody knows who does.
    if action == PREVIEW and person.role not in (AUTHOR, None):
        return ""
    if person.role == AUTHOR and grants.owner and person.name == grants.owner:
        return "he deployed it first"
    return next((words for each in sorted(grants.given) if (words := _lets(each, person))), "")


def _lets(grant: Grant, person: Person) -> str:
    match grant.kind:
        case "public":
            return "everybody may"
        case "signed-in":
            return "everybody who has logged in may"
        case "group" if grant.value in person.groups:
            return f"he is in the group `{grant.value}`"
        case "user" if grant.value == person.name:
            return "it is shared with him"
    return ""


def read(rows: Any) -> frozenset[Grant]:
    """The grants in a JSON list of ``{"kind", "value"}``.

    Raises:
        SpecError: when it is none, or says two things at once.
    """
    if not isinstance(rows, list) or not 0 < len(rows) <= MOST:
        raise errors.SpecError(f"`grants` should be a list of 1 to {MOST} grants")
    found = frozenset(_grant(row) for row in rows)
    if Grant(PRIVATE) in found and len(found) > 1:
        raise errors.SpecError(
            "it cannot be private and shared", hint="name those who may open it, or nobody"
        )
    return found


def written(grants: Iterable[Grant]) -> list[dict[str, str]]:
    """The same as JSON."""
    return [{"kind": each.kind, "value": each.value} for each in sorted(grants)]


def name(text: Any, what: str) -> str:
    """The name of a user or group, if it can be one; SpecError else."""
    fine = isinstance(text, str) and 0 < len(text) <= LONGEST and text.isprintable()
    if not fine or text != text.strip():
        raise errors.SpecError(
            f"a {what} has a name of 1 to {LONGEST} characters without blanks at its ends"
        )
    return str(text)


def _grant(row: Any) -> Grant:
    kind, value = (row.get("kind"), row.get("value", "")) if isinstance(row, dict) else ("", "")
    if kind not in KINDS:
        raise errors.SpecError("a grant is of no known kind", hint=f"there are {', '.join(KINDS)}")
    if kind in NAMED:
        return Grant(kind, name(value, kind))
    if value:
        raise errors.SpecError(f"`{kind}` names nobody")
    return Grant(kind)
