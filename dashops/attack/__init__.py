"""Attempts against the operator's own stack, each of which must be refused.

routes    every route and who may call it
wire      HTTP as it is written; sockets the same for websockets
zips      archives made to harm
hostile   a page that tries all a script can, and a browser that opens it
probe     dashboards of its own, viewers, tokens: what attempts may use
attempts  the catalogue
outcome   what came of an attempt, and the report
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit

from dashops import errors
from dashops.attack import probe, sockets
from dashops.attack.attempts import CATALOGUE, Attempt
from dashops.attack.outcome import GotThrough, NotMade, Outcome, Report
from dashops.attack.probe import Ground
from dashops.client.guest import Login
from dashops.secrets import Secret
from dashops.stack import Stack

__all__ = ["Login", "Outcome", "Report", "attack", "login", "made"]

Tell = Callable[[str], None]


def attack(stack: Stack, url: str | None, who: Login | None, tell: Tell) -> Report:
    """Make all attempts against a stack that runs; `url` is its main address, if it is another.

    Raises ToolError and others when the probe cannot be made; attempts are in the report.
    """
    if url is not None and urlsplit(url).scheme not in ("http", "https"):
        raise errors.SpecError(f"`{url}` is no URL", hint="write it like `https://example.org`")
    with probe.ground(stack, url, who, tell) as ground:
        return Report(ground.main, tuple(made(CATALOGUE, ground, tell)))


def made(catalogue: Iterable[Attempt], ground: Ground, tell: Tell) -> Iterable[Outcome]:
    """What came of each attempt, one after the other."""
    group = ""
    for each in catalogue:
        if each.group != group:
            group = each.group
            tell(group)
        yield _made(each, ground)


def _made(attempt: Attempt, ground: Ground) -> Outcome:
    try:
        return Outcome(attempt.group, attempt.name, "refused", attempt.make(ground))
    except GotThrough as through:
        return Outcome(attempt.group, attempt.name, "got through", str(through))
    except NotMade as lacks:
        return Outcome(attempt.group, attempt.name, "not made", str(lacks))
    except sockets.Denied as denied:
        how = f"the probe's own websocket was refused with {denied.status}"
        return Outcome(attempt.group, attempt.name, "not made", how)
    except (OSError, sockets.Closed) as error:
        how = f"the connection was lost: {error or type(error).__name__}"
        return Outcome(attempt.group, attempt.name, "not made", how)


def login(user: str | None, password_file: Path | None) -> Login | None:
    """Whom the options name, None for the account of the stack."""
    if user is None and password_file is None:
        return None
    if user is None or password_file is None:
        raise errors.SpecError("`--user` and `--password-file` go together")
    try:
        return Login(user, Secret(password_file.read_text("utf-8").rstrip("\n")))
    except (OSError, UnicodeError) as error:
        raise errors.SpecError(f"`{password_file}` cannot be read: {error}") from error
