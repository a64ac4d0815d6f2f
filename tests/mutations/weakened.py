"""What protects, each weakened by a textual patch, and the tests that must notice it."""

from dataclasses import dataclass

SERVER, IDENTITY = "dashops/services/dashboard", "dashops/services/dashboard/identity"
UNIT, SERVICES = "tests/unit", "tests/unit/services"
WALL = f"{SERVICES}/test_wall.py"
ATTACKED = f"{SERVICES}/test_attacked.py"
CAPABILITIES = f"{SERVICES}/test_capabilities.py"
TOKENS = f"{SERVICES}/test_tokens.py"
THROTTLE = f"{SERVICES}/test_throttle.py"
GRANTS = f"{SERVICES}/test_grants.py"
DOOR = f"{SERVICES}/test_door.py"
BUNDLE = f"{UNIT}/test_bundle.py"
SECRETS = f"{UNIT}/test_secrets.py"


@dataclass(frozen=True)
class Weakened:
    """``old`` becomes ``new`` in a file, which one of ``tests`` must fail of."""

    what: str
    file: str
    old: str
    new: str
    tests: str


ALL = (
    Weakened(
        "viewers may send more kinds of messages",
        f"{SERVER}/wall.py",
        "if (channel, kind) not in FROM_VIEWER or",
        "if kind not in CONTENT or",
        WALL,
    ),
    Weakened(
        "viewers may execute",
        f"{SERVER}/wall.py",
        '        kind = header["msg_type"]\n        if (channel',
        '        kind = header["msg_type"]\n'
        '        if kind == "execute_request":\n            return frame\n        if (channel',
        WALL,
    ),
    Weakened(
        "any comm may be opened",
        f"{SERVER}/wall.py",
        'if kind == "comm_open" and kept.get("target_name") not in COMM_TARGETS:',
        "if False:",
        WALL,
    ),
    Weakened(
        "code that runs is shown",
        f"{SERVER}/wall.py",
        'TO_VIEWER = {\n    "status",',
        'TO_VIEWER = {\n    "status",\n    "execute_input",',
        WALL,
    ),
    Weakened("tracebacks are shown", f"{SERVER}/wall.py", 'if kind == "error":', "if False:", WALL),
    Weakened(
        "warnings are shown",
        f"{SERVER}/wall.py",
        'if kind == "stream" and content.get("name") == "stderr":',
        "if False:",
        WALL,
    ),
    Weakened(
        "frames have no limit",
        f"{SERVER}/wall.py",
        "if isinstance(frame, str) or len(frame) > FRAME:",
        "if isinstance(frame, str):",
        WALL,
    ),
    Weakened(
        "parts of a frame may overlap",
        f"{SERVER}/wall.py",
        "if any(begin > end for begin, end in pairwise(places)):",
        "if False:",
        WALL,
    ),
    Weakened(
        "other sites may connect to kernels",
        f"{SERVER}/content.py",
        "and (origin or self.get_origin()) == key.origin",
        "",
        ATTACKED,
    ),
    Weakened(
        "kernels answer under any host name",
        f"{SERVER}/content.py",
        'return bool(self.settings["answers"](self.request.host_name))',
        "return True",
        ATTACKED,
    ),
    Weakened(
        "dashboards answer under any host name",
        f"{SERVER}/sandbox.py",
        'if not self.settings["answers"](self.request.host_name):',
        "if False:",
        ATTACKED,
    ),
    Weakened(
        "the main origin answers under any host name",
        f"{SERVER}/app.py",
        '"allow_remote_access": False',
        '"allow_remote_access": True',
        ATTACKED,
    ),
    Weakened(
        "dashboards are of the origin of all",
        f"{SERVER}/sandbox.py",
        '"sandbox allow-scripts ',
        '"sandbox allow-same-origin allow-scripts ',
        CAPABILITIES,
    ),
    Weakened(
        "a page has an origin where dashboards share one",
        f"{SERVER}/sandbox.py",
        "sandbox=OWN if key.own else SANDBOX,",
        "sandbox=OWN,",
        CAPABILITIES,
    ),
    Weakened(
        "a key is good at the host of another dashboard",
        f"{SERVER}/capabilities.py",
        "return not self.own or host == urlsplit(self.content).hostname",
        "return True",
        CAPABILITIES,
    ),
    Weakened(
        "dashboards share a host",
        f"{SERVER}/addresses.py",
        "self.content.replace(ANY, label(name))",
        'self.content.replace(ANY, "all-0123456789abcdef")',
        CAPABILITIES,
    ),
    Weakened(
        "any host below the domain of dashboards is one",
        f"{SERVER}/addresses.py",
        "bool(LABEL.fullmatch(first))",
        "bool(first)",
        CAPABILITIES,
    ),
    Weakened(
        "answers of the content origin have no sandbox",
        f"{SERVER}/sandbox.py",
        '"Content-Security-Policy": f"',
        '"X-Content-Security-Policy": f"',
        ATTACKED,
    ),
    Weakened(
        "other sites may frame our pages",
        f"{SERVER}/pages.py",
        "frame-ancestors 'none'\"",
        'frame-ancestors *"',
        ATTACKED,
    ),
    Weakened(
        "our pages are kept in caches",
        f"{SERVER}/pages.py",
        'self.set_header("Cache-Control", "no-store")',
        "pass",
        ATTACKED,
    ),
    Weakened(
        "scripts may read the login's cookie",
        f"{IDENTITY}/account.py",
        "httponly=True",
        "httponly=False",
        ATTACKED,
    ),
    Weakened(
        "other sites send the login's cookie",
        f"{IDENTITY}/account.py",
        'samesite="Lax"',
        "samesite=None",
        ATTACKED,
    ),
    Weakened(
        "forms need no token",
        f"{SERVER}/logins.py",
        "class Logout(pages.Page):",
        "class Logout(pages.Page):\n    def check_xsrf_cookie(self) -> None: ...\n",
        ATTACKED,
    ),
    Weakened(
        "the login needs no token",
        f"{SERVER}/logins.py",
        "class Login(pages.Page):",
        "class Login(pages.Page):\n    def check_xsrf_cookie(self) -> None: ...\n",
        ATTACKED,
    ),
    Weakened(
        "the login leads anywhere",
        f"{SERVER}/logins.py",
        'return wanted if plain and not parts.scheme and not parts.netloc else "/"',
        "return wanted",
        ATTACKED,
    ),
    Weakened(
        "a logout ends nothing on the server",
        f"{SERVER}/logins.py",
        "await identity.out(self.settings, user.login)",
        "pass",
        ATTACKED,
    ),
    Weakened(
        "the shared password need not be right",
        f"{IDENTITY}/shared.py",
        "if right_name and right_password else None",
        "if right_name else None",
        ATTACKED,
    ),
    Weakened(
        "a page is sent to whoever has its address",
        f"{SERVER}/capabilities.py",
        "found.claimed = True",
        "found.claimed = False",
        CAPABILITIES,
    ),
    Weakened(
        "a key outlives its kernel",
        f"{SERVER}/capabilities.py",
        "return self._kernels.owned(capability.kernel.kernel_id, owner) is capability.kernel",
        "return True",
        CAPABILITIES,
    ),
    Weakened(
        "keys get into logs",
        f"{SERVER}/sandbox.py",
        'return KEY.sub("/c/...", path)',
        "return path",
        CAPABILITIES,
    ),
    Weakened(
        "who may read may deploy",
        f"{SERVER}/scopes.py",
        "if need == READ and READ in scopes:",
        "if READ in scopes:",
        TOKENS,
    ),
    Weakened(
        "a token for one name is good for all",
        f"{SERVER}/scopes.py",
        "and name is not None and deploys(scopes, name)",
        "and name is not None",
        TOKENS,
    ),
    Weakened(
        "scopes are not looked at",
        f"{SERVER}/api.py",
        "if not scopes.allows(self.bearer.scopes, need, name):",
        "if False:",
        TOKENS,
    ),
    Weakened(
        "revoked tokens are good",
        f"{SERVER}/tokens.py",
        "if token.revoked:",
        "if False:",
        TOKENS,
    ),
    Weakened(
        "expired tokens are good",
        f"{SERVER}/tokens.py",
        "datetime.fromisoformat(token.expires) <= now",
        "False",
        TOKENS,
    ),
    Weakened(
        "the secret of a token need not be right",
        f"{SERVER}/tokens.py",
        "if found is None or not right:",
        "if found is None:",
        TOKENS,
    ),
    Weakened(
        "an account may be guessed at",
        f"{IDENTITY}/throttle.py",
        "ACCOUNT, ADDRESS = Pace(free=5, most=60)",
        "ACCOUNT, ADDRESS = Pace(free=5000, most=60)",
        THROTTLE,
    ),
    Weakened(
        "an address may guess at all accounts",
        f"{IDENTITY}/throttle.py",
        "Pace(free=20, most=300)",
        "Pace(free=20000, most=300)",
        THROTTLE,
    ),
    Weakened(
        "any address may say who a visitor is",
        f"{IDENTITY}/header.py",
        'if not self._near(request.remote_ip or ""):',
        "if False:",
        f"{SERVICES}/test_header.py",
    ),
    Weakened(
        "a proxy need not sign",
        f"{IDENTITY}/header.py",
        "if self._key and not",
        "if False and not",
        f"{SERVICES}/test_header.py",
    ),
    Weakened(
        "strangers open what is for people who log in",
        f"{SERVER}/access.py",
        "if action == OPEN and Grant(PUBLIC) in grants.given else",
        "if action == OPEN else",
        f"{GRANTS} {DOOR}",
    ),
    Weakened(
        "viewers see drafts",
        f"{SERVER}/access.py",
        "if action == PREVIEW and person.role not in (AUTHOR, None):",
        "if False:",
        f"{GRANTS} {DOOR}",
    ),
    Weakened(
        "tokens that only read get links to drafts",
        f"{SERVER}/history.py",
        "may = scopes.allows(self.bearer.scopes, scopes.DEPLOY, revision.name)",
        "may = True",
        TOKENS,
    ),
    Weakened(
        "the notebook server sends on what is no picture",
        "dashops/services/notebook/servers.py",
        "if not found.startswith(PNG):",
        "if False:",
        f"{SERVICES}/test_menu.py",
    ),
    Weakened(
        "the gate's browser opens any dashboard",
        f"{SERVER}/door.py",
        "if user.username == kernels.GATE.username:",
        "if False:",
        DOOR,
    ),
    Weakened(
        "links in bundles",
        "dashops/bundle/archive.py",
        "if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):",
        "if False:",
        BUNDLE,
    ),
    Weakened(
        "zips are believed how large they are",
        "dashops/bundle/archive.py",
        "contents.check_size(sum(entry.file_size for entry in entries), limit)",
        "pass",
        BUNDLE,
    ),
    Weakened(
        "paths lead out of a bundle",
        "dashops/bundle/contents.py",
        'bool({"", ".", ".."} & set(parts))',
        "False",
        BUNDLE,
    ),
    Weakened(
        "any number of files",
        "dashops/bundle/contents.py",
        "if len(seen) - 1 > MAX_FILES:",
        "if False:",
        BUNDLE,
    ),
    Weakened(
        "uploads have no limit",
        f"{SERVER}/uploads.py",
        'if self._size > self.settings["upload_limit"]:',
        "if False:",
        f"{SERVICES}/test_api.py",
    ),
    Weakened(
        "secrets are for everybody on the machine",
        "dashops/secrets.py",
        "os.open(draft, flags, 0o600)",
        "os.open(draft, flags, 0o644)",
        SECRETS,
    ),
    Weakened(
        "the folder of secrets is for everybody",
        "dashops/secrets.py",
        "path.mkdir(mode=0o700",
        "path.mkdir(mode=0o755",
        SECRETS,
    ),
    Weakened(
        "secrets are written where a link leads",
        "dashops/secrets.py",
        " | os.O_NOFOLLOW",
        "",
        SECRETS,
    ),
    Weakened(
        "claims are good for ever",
        "dashops/viewer.py",
        'if not claims["issued"] - SLACK <= received <= claims["expires"] + SLACK:',
        "if False:",
        f"{SERVICES}/test_claims.py",
    ),
    Weakened(
        "the gateway asks nobody for a token",
        "recipes/_shared/gateway.py.j2",
        "c.KernelGatewayApp.auth_token =",
        "unused =",
        f"{UNIT}/test_render.py {UNIT}/test_local.py",
    ),
    Weakened(
        "the gateway has routes that ask for no token",
        "dashops/services/gateway/personality.py",
        "*filter(_asks, super().create_request_handlers())",
        "*super().create_request_handlers()",
        f"{UNIT}/test_routes.py",
    ),
    Weakened(
        "code in an answer is not noticed",
        "dashops/attack/outcome.py",
        "if MARK in text:",
        "if False:",
        f"{UNIT}/test_attacking.py",
    ),
    Weakened(
        "the sockets that lead to a host may be anybody's",
        "dashops/targets/compose/host/link.py",
        "about.st_uid != os.getuid() or about.st_mode & 0o077",
        "False",
        f"{UNIT}/test_hosts.py",
    ),
    Weakened(
        "everybody on a host reads what it is sent",
        "dashops/targets/compose/host/files.py",
        "entry.mode, entry.uid, entry.gid = len(text), 0o600,",
        "entry.mode, entry.uid, entry.gid = len(text), 0o644,",
        f"{UNIT}/test_hosts.py",
    ),
    Weakened(
        "a dashboard server that did not pass gets visitors",
        "dashops/trial.py",
        "if not report.passed:",
        "if False:",
        f"{UNIT}/test_trial.py",
    ),
    Weakened(
        "a dashboard server serves before it was checked",
        f"{SERVER}/shifts.py",
        'replaced = self.turn not in ("", self._config.instance)',
        "replaced = False",
        f"{SERVICES}/test_shifts.py",
    ),
)
