"""Every route of the table, called as those who may not."""

import functools

from dashops.attack import routes, wire
from dashops.attack.attempts.attempt import Attempt
from dashops.attack.outcome import refused
from dashops.attack.probe import Ground

GROUP = "routes"
TOKENS = (routes.TOKEN, routes.READ, routes.DEPLOY, routes.ADMIN)
# Before anything else is looked at, one has to say who one is.
UNKNOWN = (401, 403)


def called(route: routes.Route, method: str, who: str, ground: Ground) -> str:
    """Call it; ``who`` is a stranger, a viewer, or somebody with a token."""
    visitor, headers = _caller(who, ground)
    body = b"{}" if method in ("POST", "PUT", "PATCH") else b""
    path = _place(route, ground)
    codes = UNKNOWN if route.who[method] != routes.KEY else (303, 403, 404)
    return refused(visitor.ask(method, path, headers=headers, body=body), codes)


def _place(route: routes.Route, ground: Ground) -> str:
    """The address; it is about the probe, and about nothing else that exists."""
    path = route.example.replace(routes.EXAMPLES["NAME"], ground.name)
    return {
        routes.MAIN: path,
        routes.CONTENT: f"{ground.page().origin}{path}" if route.server == routes.CONTENT else "",
        routes.GATEWAY: f"{ground.gateway}{path}",
    }[route.server]


def _caller(who: str, ground: Ground) -> tuple[wire.Visitor, dict[str, str]]:
    if who == "stranger":
        return ground.stranger, {}
    if who == "viewer":
        viewer = ground.viewer()
        headers = {"Cookie": viewer.cookie, "X-XSRFToken": viewer.cookies.get("_xsrf", "")}
        return wire.Visitor(viewer.url), headers
    token = ground.limited() if who == "the probe's token" else ground.token(who)
    return ground.stranger, {"Authorization": f"token {token}"}


def _who_may_not(who: str) -> tuple[str, ...]:
    """Callers to try, by who may call."""
    if who == routes.ADMIN:
        tokens = ("the probe's token", "gateway-token", "deploy-token", "author-token")
        return ("stranger", "viewer", *tokens)
    if who in TOKENS:
        return ("stranger", "viewer", "gateway-token")
    if who == routes.GATEWAY_TOKEN:
        return ("stranger", "viewer", "deploy-token", "author-token", "admin-token")
    if who == routes.KEY:
        return ("stranger", "viewer", "admin-token")
    return ("stranger",) if who == routes.VIEWER else ()


ALL = tuple(
    Attempt(
        GROUP,
        f"{method} {route.server} {route.path} as {caller}",
        functools.partial(called, route, method, caller),
    )
    for route in routes.ALL
    for method, who in route.who.items()
    for caller in _who_may_not(who)
)
