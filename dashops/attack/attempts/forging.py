"""Requests that pretend: of other sites, for other hosts, by other people."""

import base64
import functools
from urllib.parse import urlsplit

from dashops.attack import routes, wire
from dashops.attack.attempts.attempt import Attempt
from dashops.attack.outcome import GotThrough, NotMade, refused
from dashops.attack.probe import Ground

GROUP = "forging"
EVIL = "dashops-attack.invalid"
NOBODY = "dashops-attack-nobody"
AWAY = (
    f"//{EVIL}",
    f"http://{EVIL}/",
    f"/\\{EVIL}",
    "javascript:alert(1)",
    f"\t//{EVIL}",
    f"/\t/{EVIL}",
)
HEADERS = {
    "X-Forwarded-User": "admin",
    "X-Remote-User": "admin",
    "Remote-User": "admin",
    "X-Auth-Request-User": "admin",
    "X-JupyterHub-User": "admin",
    "X-Forwarded-For": "127.0.0.1",
    "X-Original-URL": "/login",
    "Authorization": "Basic " + base64.b64encode(b"admin:admin").decode(),
}
CHANGING = [
    (route.path, method)
    for route in routes.ALL
    if route.server == routes.MAIN
    for method, who in route.who.items()
    if method not in ("GET", "HEAD", "OPTIONS") and who in (routes.ANYBODY, routes.VIEWER)
]
SMUGGLED = b"GET /_api/status HTTP/1.1\r\nHost: x\r\n\r\n"


def without_form(path: str, xsrf: str, origin: str, ground: Ground) -> str:
    """Send a changing request as another site would: with the cookies, without the form's token."""
    viewer = ground.viewer("dave")
    form = {"username": NOBODY, "password": "x"} | ({"_xsrf": xsrf} if xsrf else {})
    headers = {"Origin": origin} if origin else {}
    answer = viewer.post(path, form, headers)
    if answer.location:  # also to the login: that is where a logout leads
        raise GotThrough(f"it was answered with {answer.status} to `{answer.location}`")
    return refused(answer, (403, 404) if origin else (403,))


def other_host(path: str, ground: Ground) -> str:
    """Ask one origin under a name that is not its own, as after DNS was changed."""
    url = ground.main if path == "main" else ground.page().origin
    visitor = wire.Visitor(url)
    found = [
        visitor.ask("GET", each, headers={"Host": EVIL})
        for each in ("/", "/login", f"/{routes.VERSION}/voila/static/x")
    ]
    return ", ".join(refused(each, (400, 403, 421)) for each in found)


def shared_with(origin: str, ground: Ground) -> str:
    """Whether a page of another site may read answers."""
    url = {"main": ground.main, "content": ground.page().origin, "gateway": ground.gateway}[origin]
    headers = {"Origin": f"http://{EVIL}", "Access-Control-Request-Method": "POST"}
    for method in ("GET", "OPTIONS"):
        for path in ("/", "/_api/notebooks", "/api/kernels", "/login"):
            answer = wire.Visitor(url).ask(method, path, headers=headers)
            allowed = answer.get("Access-Control-Allow-Origin")
            if allowed == "*" or EVIL in allowed:
                raise GotThrough(f"`{path}` allows `{allowed}`")
            if answer.get("Access-Control-Allow-Credentials"):
                raise GotThrough(f"`{path}` allows cookies")
    return "not allowed"


def framed(ground: Ground) -> str:
    """Whether another site may show our pages inside of its own."""
    visitor = ground.viewer()
    for each in (visitor.ask("GET", "/"), ground.stranger.ask("GET", "/login")):
        if "frame-ancestors 'none'" not in each.get("Content-Security-Policy"):
            raise GotThrough("the policy of the page does not forbid it")
    return "forbidden by policy"


def unsandboxed(ground: Ground) -> str:
    """Whether something of the content origin is without a sandbox, or sets a cookie.

    A page may have an origin only at a host that begins with the name of its dashboard.
    """
    page = ground.page("alice")
    own = urlsplit(page.origin).netloc.startswith(f"{ground.name}-")
    public = f"{page.origin}/{routes.VERSION}/voila/static/x"
    asked = (page.address, page.state, public, f"{page.origin}/nothing")
    for each in asked:
        answer = wire.Visitor(page.origin).ask("GET", each)
        policy = answer.get("Content-Security-Policy")
        if not policy.startswith("sandbox") or ("allow-same-origin" in policy and not own):
            raise GotThrough(f"an answer with {answer.status} has the policy `{policy}`")
        if answer.all("Set-Cookie"):
            raise GotThrough("an answer sets a cookie")
        if answer.get("X-Content-Type-Options") != "nosniff":
            raise GotThrough("an answer lets browsers guess what it is")
    return "sandboxed"


def kept(ground: Ground) -> str:
    """Whether pages are kept in caches that others may read."""
    page = ground.page("alice")
    for each in (ground.viewer().ask("GET", "/"), wire.Visitor(page.origin).ask("GET", page.state)):
        if "no-store" not in each.get("Cache-Control"):
            raise GotThrough("an answer may be kept")
    return "not kept"


def fixed(ground: Ground) -> str:
    """Give the victim a login cookie before he logs in, and use it afterwards."""
    name = _login_cookie(ground)
    chosen = "x" * 43
    victim, thief = ground.stranger, ground.stranger
    victim.cookies[name] = chosen
    _log_in(ground, victim)
    ground.found["victim"] = victim
    if victim.cookies.get(name) == chosen:
        raise GotThrough("the cookie is the same after the login")
    thief.cookies[name] = chosen
    return refused(thief.ask("GET", "/"))


def readable(ground: Ground) -> str:
    """Whether scripts, or other sites, may use the cookie of a login."""
    visitor = ground.stranger
    answer = _log_in(ground, visitor)
    ground.found["cookies"] = visitor
    login = [each for each in answer.all("Set-Cookie") if each.startswith(_login_cookie(ground))]
    said = login[0].lower()
    for word in ("httponly", "samesite=", *(["secure"] if ground.main.startswith("https") else [])):
        if word not in said or "domain=" in said:
            raise GotThrough(f"the cookie lacks `{word}`, or is for a whole domain")
    return "HttpOnly, SameSite"


def out(ground: Ground) -> str:
    """Use the cookie of a login that has ended."""
    visitor = ground.stranger
    _log_in(ground, visitor)
    old = dict(visitor.cookies)
    visitor.post("/logout", {"_xsrf": visitor.cookies.get("_xsrf", "")})
    return refused(wire.Visitor(ground.main, old).ask("GET", "/"))


def led_away(target: str, ground: Ground) -> str:
    """Log in over a link that leads to another site afterwards."""
    visitor = ground.stranger
    answer = visitor.log_in(ground.account.user, ground.account.password.reveal(), next=target)
    ground.found[f"away {target}"] = visitor
    if answer.status != 302:
        raise NotMade(f"the login was answered with {answer.status}")
    if answer.location != "/":
        raise GotThrough(f"it leads to `{answer.location}`")
    return "302 to the gallery"


def spoofed(name: str, ground: Ground) -> str:
    """Say in a header who one is."""
    named = ground.stack.identity
    if named.provider == "header" and name in (named.header_name, named.header_groups):
        raise NotMade("this machine may be one that the server trusts: `identity.header_trusted`")
    visitor, value = ground.stranger, HEADERS[name]
    refused(visitor.ask("GET", "/_api/status", headers={name: value}), (401, 403))
    return refused(visitor.ask("GET", "/", headers={name: value}))


def smuggled(headers: tuple[tuple[str, str], ...], body: bytes, ground: Ground) -> str:
    """Two requests in one, which servers in a row may read as different ones."""
    host = ("Host", wire.host_of(ground.main))
    lines = ["POST /login HTTP/1.1", *(f"{name}: {value}" for name, value in (host, *headers))]
    data = "\r\n".join([*lines, "", ""]).encode() + body
    # What a server does not know the coding of it answers with 501 (RFC 9112, 6.1).
    return refused(wire.send(ground.main, data), (400, 403, 405, 501))


def _log_in(ground: Ground, visitor: wire.Visitor) -> wire.Answer:
    answer = visitor.log_in(ground.account.user, ground.account.password.reveal())
    if answer.status != 302:
        raise NotMade(f"the login was answered with {answer.status}")
    return answer


def _login_cookie(ground: Ground) -> str:
    names = [name for name in ground.viewer().cookies if "dashops" in name]
    if not names:
        raise NotMade("the login set no cookie that is known")
    return names[0]


_FORM = ("Content-Type", "application/x-www-form-urlencoded")
_SMUGGLED = {
    "a length and chunks": (
        (_FORM, ("Content-Length", "6"), ("Transfer-Encoding", "chunked")),
        b"0\r\n\r\n" + SMUGGLED,
    ),
    "two lengths": ((_FORM, ("Content-Length", "0"), ("Content-Length", "40")), SMUGGLED),
    "a negative length": ((_FORM, ("Content-Length", "-1")), SMUGGLED),
    "chunks of a strange spelling": ((_FORM, ("Transfer-Encoding", "xchunked")), b"0\r\n\r\n"),
}
ALL = (
    *(
        Attempt(
            GROUP, f"{method} {path} {words}", functools.partial(without_form, path, xsrf, origin)
        )
        for path, method in CHANGING
        for words, xsrf, origin in (
            ("without the form's token", "", ""),
            ("with a token made up", "2|a|b|1", ""),
            ("from another site", "", f"http://{EVIL}"),
        )
    ),
    *(
        Attempt(
            GROUP, f"ask the {each} origin as another host", functools.partial(other_host, each)
        )
        for each in ("main", "content")
    ),
    *(
        Attempt(
            GROUP,
            f"read the {each} answers from another site",
            functools.partial(shared_with, each),
        )
        for each in ("main", "content", "gateway")
    ),
    Attempt(GROUP, "frame our pages", framed),
    Attempt(GROUP, "leave the sandbox of dashboards", unsandboxed),
    Attempt(GROUP, "read pages from a cache", kept),
    Attempt(GROUP, "choose the cookie of somebody's login", fixed),
    Attempt(GROUP, "use the login's cookie in scripts and from other sites", readable),
    Attempt(GROUP, "use the cookie of a login that has ended", out),
    *(
        Attempt(GROUP, f"be led to {each!a} by the login", functools.partial(led_away, each))
        for each in AWAY
    ),
    *(
        Attempt(GROUP, f"be `admin` by `{name}`", functools.partial(spoofed, name))
        for name in HEADERS
    ),
    *(
        Attempt(GROUP, f"smuggle a request: {name}", functools.partial(smuggled, *parts))
        for name, parts in _SMUGGLED.items()
    ),
)
