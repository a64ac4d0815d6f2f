"""How grants, tokens and the audit record print for people."""

from dataclasses import asdict

from dashops.client import administration
from dashops.publish import administering
from dashops.view import text
from dashops.view.text import as_json, as_text, say

WORDS = {
    "public": "everybody, also without a login",
    "signed-in": "everybody who has logged in",
    "private": "nobody",
}


@as_text.register
def _(value: administering.Access) -> None:
    say(*(_words(each) for each in value.grants))
    if value.default:
        text.note("nobody shared it yet, so the setting `dashboard.access` says this")
    _others(value.owner)


@as_text.register
def _(value: administering.Shared) -> None:
    text.note(f"`{value.name}` can be opened by")
    say(*(_words(each) for each in value.grants))
    _others(value.owner)
    if value.ended:
        pages = "1 open page" if value.ended == 1 else f"{value.ended} open pages"
        text.note(f"{pages} of others ended")


@as_text.register
def _(value: administering.Tried) -> None:
    may = "may" if value.allowed else "may not"
    say(f"{value.user} {may} open {value.name}: {value.why}")
    known = [value.role, *(f"in `{each}`" for each in value.groups)]
    text.note(f"{value.user} is known as {', '.join(filter(None, known)) or 'nobody'}")


@as_text.register
def _(value: administering.Made) -> None:
    until = f"until {text.when(value.token.expires)}" if value.token.expires else "until revoked"
    may = ", ".join(value.token.scopes)
    text.note(
        f"token `{value.token.id}` ({value.token.name}) may {may}, {until}",
        "keep it now, nobody can show it again; the variable `DASHOPS_TOKEN` takes it",
    )
    say(value.text.reveal())


@as_json.register
def _(value: administering.Made) -> None:
    text.document({**asdict(value.token), "secret": value.text.reveal()})


@as_text.register
def _(value: administering.Tokens) -> None:
    if not value.tokens:
        text.note(f"no tokens at {value.server} but its own two; `dashops tokens create` makes one")
        return
    head = ("id", "name", "state", "scopes", "of", "expires", "used")
    say(*text.table(head, map(_token, value.tokens)))


@as_text.register
def _(value: administration.Token) -> None:
    text.note(f"token `{value.id}` ({value.name}) is {value.state}")


@as_text.register
def _(value: administering.Audit) -> None:
    rows = [
        (
            f"{each.time.astimezone():%Y-%m-%d %H:%M:%S}",
            each.event,
            text.short(each.who, 40) or "-",
            str(each.facts.get("address") or "-"),
            text.short(_facts(each), 100),
        )
        for each in value.records
    ]
    if rows:
        say(*text.table(("time", "event", "who", "from", "what"), rows))
    found = value.verified
    if found and not found.problem:
        since = f" since `{found.first}`" if found.first not in ("", "000001.jsonl") else ""
        text.note(
            f"{found.records} records{since} are as they were written, the last is {found.head}"
        )


def _words(grant: administration.Grant) -> str:
    return WORDS.get(grant.kind, f"{grant.kind} {grant.value}")


def _others(owner: str) -> None:
    his = f"its owner {owner}" if owner else ""
    text.note(f"also {' and '.join(filter(None, (his, 'operators')))}")


def _token(token: administration.Token) -> tuple[str, ...]:
    return (
        token.id,
        text.short(token.name, 30),
        token.state,
        " ".join(token.scopes),
        token.creator or "-",
        text.when(token.expires) if token.expires else "never",
        text.when(token.used) if token.used else "never",
    )


def _facts(record: administration.Record) -> str:
    """What is not in a column of its own, as `key=value`."""
    skipped = ("address", "previous")
    found = {
        key: " ".join(map(str, value)) if isinstance(value, list) else value
        for key, value in record.facts.items()
        if key not in skipped and value not in (None, "", [])
    }
    return " ".join(f"{key}={value}" for key, value in found.items())
