"""A token where it is not good: for another dashboard, for more, at another service."""

import functools
from collections.abc import Callable

from dashops.attack import wire
from dashops.attack.attempts.attempt import Attempt
from dashops.attack.outcome import refused
from dashops.attack.probe import Ground

GROUP = "tokens"
REFUSED = (401, 403)

Call = tuple[str, str]  # method and path


def small(call: Call, ground: Ground) -> str:
    """The token for the probe alone, for the other dashboard or for all."""
    return _api(ground, call, ground.limited())


def made_up(token: Callable[[Ground], str], ground: Ground) -> str:
    """A token that nobody made."""
    return _api(ground, ("GET", "/_api/notebooks"), token(ground))


def in_query(name: str, path: str, ground: Ground) -> str:
    """A good token in the address, where logs would keep it."""
    return refused(ground.stranger.ask("GET", f"{path}?token={ground.token(name)}"))


def as_password(name: str, ground: Ground) -> str:
    """A token of the stack instead of the viewer's password."""
    return refused(
        ground.stranger.log_in(f"{ground.account.user}-token", ground.token(name)), (401, 403, 429)
    )


def as_token(ground: Ground) -> str:
    """The viewer's password instead of a token."""
    return _api(ground, ("GET", "/_api/status"), ground.account.password.reveal())


def as_cookie(ground: Ground) -> str:
    """The login's cookie instead of a token."""
    viewer = ground.viewer()
    headers = {"Cookie": viewer.cookie, "X-XSRFToken": viewer.cookies.get("_xsrf", "")}
    return refused(
        ground.stranger.ask("DELETE", f"/_api/notebooks/{ground.name}", headers=headers), REFUSED
    )


def at_content(ground: Ground) -> str:
    """The admin token at the content origin."""
    headers = {"Authorization": f"token {ground.token('admin-token')}"}
    url = f"{ground.page().origin}/_api/tokens"
    return refused(wire.Visitor(url).ask("GET", url, headers=headers))


def _api(ground: Ground, call: Call, token: str) -> str:
    method, path = call
    body = b"{}" if method in ("POST", "PUT") else b""
    asked = path.replace("HIDDEN", ground.hidden).replace("NAME", ground.name)
    headers = {"Authorization": f"token {token}"}
    return refused(ground.stranger.ask(method, asked, headers=headers, body=body), REFUSED)


_BEYOND: tuple[Call, ...] = (
    ("GET", "/_api/notebooks/HIDDEN"),
    ("GET", "/_api/notebooks/HIDDEN/revisions"),
    ("GET", "/_api/notebooks/HIDDEN/revisions/1/bundle"),
    ("POST", "/_api/notebooks/HIDDEN"),
    ("POST", "/_api/notebooks/HIDDEN/activate"),
    ("POST", "/_api/notebooks/HIDDEN/rollback"),
    ("DELETE", "/_api/notebooks/HIDDEN"),
    ("PUT", "/_api/notebooks/NAME/access"),
    ("GET", "/_api/status"),
    ("GET", "/_api/usage"),
    ("GET", "/_api/backup"),
    ("POST", "/_api/tokens"),
    ("GET", "/_api/audit"),
)
_MADE_UP: dict[str, Callable[[Ground], str]] = {
    "an empty one": lambda _: "",
    "one that is nearly right": lambda ground: ground.token("deploy-token")[:-1],
    "one with more": lambda ground: ground.token("deploy-token") + "x",
    "the right id with a wrong secret": lambda ground: (
        ground.limited().rpartition("_")[0] + "_" + "x" * 43
    ),
}
ALL = (
    *(
        Attempt(
            GROUP, f"{call[0]} {call[1]} with the probe's token", functools.partial(small, call)
        )
        for call in _BEYOND
    ),
    *(
        Attempt(GROUP, f"a token: {name}", functools.partial(made_up, token))
        for name, token in _MADE_UP.items()
    ),
    *(
        Attempt(GROUP, f"the {name} in the address {path}", functools.partial(in_query, name, path))
        for name in ("deploy-token", "admin-token")
        for path in ("/_api/notebooks", "/")
    ),
    *(
        Attempt(GROUP, f"the {name} as a password", functools.partial(as_password, name))
        for name in ("admin-token",)
    ),
    Attempt(GROUP, "a password as a token", as_token),
    Attempt(GROUP, "a login as a token", as_cookie),
    Attempt(GROUP, "the admin-token at the content origin", at_content),
)
