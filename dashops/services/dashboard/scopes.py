"""What each part of the API asks of a token, in one table; a part that is not in it is refused."""

import re
from collections.abc import Collection, Mapping

ANY = "any"
"""Any good token; the answer leaves out what it may not read."""

READ = "read"
"""`read`, or `deploy:` of that dashboard."""

DEPLOY = "deploy"
"""`deploy:` of that dashboard."""

ADMIN = "admin"
"""`admin`, which includes everything else: whoever has it can make any token."""

NEEDS: Mapping[str, Mapping[str, str]] = {
    "about.About": {"GET": ANY},
    "api.Notebooks": {"GET": ANY},
    "api.Status": {"GET": READ},
    "administering.Access": {"GET": ADMIN, "PUT": ADMIN},
    "administering.Audit": {"GET": ADMIN},
    "administering.Token": {"DELETE": ADMIN},
    "administering.Tokens": {"GET": ADMIN, "POST": ADMIN},
    "backups.Backup": {"GET": ADMIN},
    "backups.Restore": {"POST": ADMIN},
    "events.Deploys": {"GET": ANY},
    "events.Events": {"GET": READ},
    "history.Bundle": {"GET": READ},
    "history.Revision": {"GET": READ},
    "history.Revisions": {"GET": READ},
    "history.Rollback": {"POST": DEPLOY},
    "history.Thumbnail": {"GET": READ},
    "history.Switch": {"POST": DEPLOY},
    "shifts.Turn": {"GET": ADMIN, "PUT": ADMIN},
    "uploads.Notebook": {"GET": READ, "POST": DEPLOY, "DELETE": DEPLOY},
    "usage.Usage": {"GET": READ},
    "users.Logout": {"POST": ADMIN},
    "users.User": {"PATCH": ADMIN, "DELETE": ADMIN},
    "users.Users": {"GET": ADMIN, "POST": ADMIN},
}
"""By module and class of the handler, then by method."""

SCOPE = re.compile(r"read|admin|deploy:[a-z0-9*][a-z0-9*._-]{0,62}")


def allows(scopes: Collection[str], need: str, name: str | None) -> bool:
    """Whether these scopes are enough; ``name`` is the dashboard it is about, if it is one."""
    if ADMIN in scopes or need == ANY:
        return True
    if need == READ and READ in scopes:
        return True
    return need in (READ, DEPLOY) and name is not None and deploys(scopes, name)


def sees(scopes: Collection[str], name: str) -> bool:
    """Whether a list may have that dashboard in it."""
    return allows(scopes, READ, name)


def deploys(scopes: Collection[str], name: str) -> bool:
    """Whether one of them is about deploying that dashboard; `*` stands for any letters."""
    patterns = (each.removeprefix("deploy:") for each in scopes if each.startswith("deploy:"))
    return any(
        re.fullmatch(".*".join(map(re.escape, each.split("*"))), name, re.DOTALL)
        for each in patterns
    )


def wanted(need: str, name: str | None) -> str:
    """The scope that would do, in the words of a hint."""
    return f"deploy:{name}" if need == DEPLOY and name else need
