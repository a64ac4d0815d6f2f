"""Every route there is and who may call it, in one table; it asks nobody.

`docs/routes.md` is made of it and of the applications, and `dashops attack` calls each route as
those who may not. Words in capitals stand for what differs; `EXAMPLES` has one of each.
"""

from collections.abc import Mapping
from dataclasses import dataclass

MAIN, CONTENT, GATEWAY = "main", "content", "gateway"

ANYBODY = "anybody"
VIEWER = "viewer"
KEY = "key"
TOKEN = "token"
READ = "read"
DEPLOY = "deploy"
ADMIN = "admin"
GATEWAY_TOKEN = "gateway token"
NOBODY = "nobody"
WORDS: Mapping[str, str] = {
    ANYBODY: "everybody, also who is not logged in: nothing of a dashboard is in the answer",
    VIEWER: "who is logged in and may open it; without a login only what is shared as public",
    KEY: "who has the key of a page, and then that page's kernel and files only",
    TOKEN: "a program with any good token; the answer leaves out what the token may not read",
    READ: "a token with the scope `read`, or `deploy:` of that dashboard",
    DEPLOY: "a token with the scope `deploy:` of that dashboard",
    ADMIN: "a token with the scope `admin`",
    GATEWAY_TOKEN: "the dashboard server alone, with the token of the gateway",
    NOBODY: "it is there, and always says that there is nothing",
}
VERSION = "v-0123456789abcdef"  # of public files; any is as good as the right one
EXAMPLES: Mapping[str, str] = {
    "NAME": "dashops-attack-nothing",
    "FILE": "index.ipynb",
    "KEY": "x" * 43,
    "LINK": "x" * 60,
    "KERNEL": "00000000-0000-4000-8000-000000000000",
    "DEPLOY": "0" * 32,
    "DIGEST": "0" * 64,
    "REVISION": "1",
    "TOKEN": "0",
    "USER": "dashops-attack-nobody",
    "SPEC": "dashops-attack-nothing",
    "v-VERSION": VERSION,
    "ANYTHING": "dashops-attack-nothing",
}


@dataclass(frozen=True)
class Route:
    """One address of one server; ``who`` may call it, by method."""

    server: str
    path: str
    who: Mapping[str, str]

    @property
    def example(self) -> str:
        """An address of this route that names nothing that exists."""
        parts = (EXAMPLES.get(each, each) for each in self.path.split("/"))
        return "/".join(parts)


def _same(who: str, *methods: str) -> Mapping[str, str]:
    return dict.fromkeys(methods, who)


def _gateway(*methods: str) -> Mapping[str, str]:
    # Browsers ask with OPTIONS whether another site may call; the answer is no.
    return {**_same(GATEWAY_TOKEN, *methods), "OPTIONS": ANYBODY}


ALL = (
    Route(MAIN, "/", _same(VIEWER, "GET")),
    Route(MAIN, "/thumbnails/NAME", _same(VIEWER, "GET")),
    Route(MAIN, "/login", _same(ANYBODY, "GET", "POST")),
    Route(MAIN, "/login/back", _same(ANYBODY, "GET")),
    Route(MAIN, "/logout", _same(VIEWER, "POST")),
    Route(MAIN, "/healthz", _same(ANYBODY, "GET")),
    Route(MAIN, "/readyz", _same(ANYBODY, "GET")),
    Route(MAIN, "/servingz", _same(ANYBODY, "GET")),
    Route(MAIN, "/dashboards/NAME/", _same(VIEWER, "GET")),
    Route(MAIN, "/dashboards-plain/NAME/", _same(VIEWER, "GET")),
    Route(MAIN, "/previews/LINK/", _same(VIEWER, "GET")),
    Route(MAIN, "/waiting.js", _same(ANYBODY, "GET")),
    Route(MAIN, "/_waiting/NAME", _same(VIEWER, "GET")),
    Route(MAIN, "/_api/notebooks", _same(TOKEN, "GET")),
    Route(MAIN, "/_api/notebooks/NAME", {"GET": READ, **_same(DEPLOY, "POST", "DELETE")}),
    Route(MAIN, "/_api/notebooks/NAME/access", _same(ADMIN, "GET", "PUT")),
    Route(MAIN, "/_api/notebooks/NAME/revisions", _same(READ, "GET")),
    Route(MAIN, "/_api/notebooks/NAME/revisions/REVISION", _same(READ, "GET")),
    Route(MAIN, "/_api/notebooks/NAME/revisions/REVISION/bundle", _same(READ, "GET")),
    Route(MAIN, "/_api/notebooks/NAME/revisions/REVISION/thumbnail", _same(READ, "GET")),
    Route(MAIN, "/_api/notebooks/NAME/activate", _same(DEPLOY, "POST")),
    Route(MAIN, "/_api/notebooks/NAME/rollback", _same(DEPLOY, "POST")),
    Route(MAIN, "/_api/deploys", _same(TOKEN, "GET")),
    Route(MAIN, "/_api/deploys/DEPLOY/events", _same(READ, "GET")),
    Route(MAIN, "/_api/backup", _same(ADMIN, "GET")),
    Route(MAIN, "/_api/restore", _same(ADMIN, "POST")),
    Route(MAIN, "/_api/status", _same(READ, "GET")),
    Route(MAIN, "/_api/turn", _same(ADMIN, "GET", "PUT")),
    Route(MAIN, "/_api/tokens", _same(ADMIN, "GET", "POST")),
    Route(MAIN, "/_api/tokens/TOKEN", _same(ADMIN, "DELETE")),
    Route(MAIN, "/_api/audit", _same(ADMIN, "GET")),
    Route(MAIN, "/_api/about", _same(TOKEN, "GET")),
    Route(MAIN, "/_api/usage", _same(READ, "GET")),
    Route(MAIN, "/_api/users", _same(ADMIN, "GET", "POST")),
    Route(MAIN, "/_api/users/USER", _same(ADMIN, "PATCH", "DELETE")),
    Route(MAIN, "/_api/users/USER/logout", _same(ADMIN, "POST")),
    Route(CONTENT, "/c/KEY/dashboards/NAME/", _same(KEY, "GET")),
    Route(CONTENT, "/c/KEY/dashboards/NAME/FILE", _same(KEY, "GET")),
    Route(CONTENT, "/c/KEY/api/kernels/KERNEL", _same(KEY, "GET")),
    Route(CONTENT, "/c/KEY/api/kernels/KERNEL/channels", _same(KEY, "GET")),
    Route(CONTENT, "/c/KEY/voila/api/shutdown/KERNEL", _same(KEY, "POST")),
    Route(CONTENT, "/dashboards/NAME/", _same(ANYBODY, "GET")),
    Route(CONTENT, "/healthz", _same(ANYBODY, "GET")),
    Route(CONTENT, "/v-VERSION/voila/templates/lab/static/ANYTHING", _same(ANYBODY, "GET", "HEAD")),
    Route(CONTENT, "/v-VERSION/voila/static/ANYTHING", _same(ANYBODY, "GET", "HEAD")),
    Route(CONTENT, "/v-VERSION/voila/labextensions/ANYTHING", _same(ANYBODY, "GET", "HEAD")),
    Route(GATEWAY, "/api", _gateway("GET")),
    Route(GATEWAY, "/api/kernels", _gateway("GET", "POST")),
    Route(GATEWAY, "/api/kernels/KERNEL", _gateway("GET", "DELETE")),
    Route(GATEWAY, "/api/kernels/KERNEL/restart", _gateway("POST")),
    Route(GATEWAY, "/api/kernels/KERNEL/channels", _gateway("GET")),
    Route(GATEWAY, "/api/kernelspecs", _gateway("GET")),
    Route(GATEWAY, "/api/kernelspecs/SPEC", _gateway("GET")),
    Route(GATEWAY, "/kernelspecs/SPEC/ANYTHING", _gateway("GET", "HEAD")),
    Route(GATEWAY, "/api/dashops/load", _gateway("GET")),
    Route(GATEWAY, "/api/sessions", _gateway("GET", "POST")),
    Route(GATEWAY, "/api/sessions/KERNEL", _gateway("GET", "PATCH", "DELETE")),
    Route(GATEWAY, "/api/dashops/bundles/DIGEST", _same(GATEWAY_TOKEN, "PUT")),
    Route(GATEWAY, "/api/dashops/environments/DIGEST", _gateway("POST")),
    Route(GATEWAY, "/api/dashops/locks", _gateway("POST")),
    Route(GATEWAY, "/api/dashops/about", _gateway("GET")),
    Route(GATEWAY, "/api/dashops/usage", _gateway("GET")),
    Route(GATEWAY, "/api/dashops/snapshots", _gateway("GET", "POST")),
    Route(GATEWAY, "/api/dashops/snapshots/KERNEL", _gateway("DELETE")),
    Route(GATEWAY, "/ANYTHING", {}),
)
