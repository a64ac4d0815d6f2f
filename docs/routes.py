"""Write docs/routes.md: every route of the servers, asked of the applications themselves.

Who may call each is declared in dashops/attack/routes.py. A route that is not in that table, and
an entry of it that is no route, are errors.
"""

import asyncio
import contextlib
import dataclasses
import logging
import signal
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jupyter_server.serverapp import ServerApp  # noqa: F401  before Voilà, as when it starts
from kernel_gateway.gatewayapp import KernelGatewayApp
from tornado import web
from traitlets.config import Config as Traits

from dashops.attack import routes
from dashops.services.dashboard import app, config, content

ROOT = Path(__file__).parents[1]
SETTINGS = ROOT / "tests/golden/local/defaults/dashboard/dashboard.toml"
GATEWAY_SETTINGS = {
    "api": "dashops.services.gateway.personality",
    "kernel_manager_class": "dashops.services.gateway.kernels.BundleKernels",
    "kernel_spec_manager_class": "dashops.services.gateway.specs.SnapshotSpecs",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
TITLES = {
    routes.MAIN: "Dashboard server, main origin",
    routes.CONTENT: "Dashboard server, content origin",
    routes.GATEWAY: "Kernel gateway",
}
HEADING = """\
# Routes

<!-- Written by docs/routes.py from the applications and dashops/attack/routes.py. -->

Every address that the servers of a stack answer, asked of the applications themselves, and who may
call it. Everything else is answered with 404. [`dashops attack`](attack.md) calls each as those who
may not, and a test fails when an upgrade brings a route that nobody has put into this table.
"""

Applications = Mapping[str, web.Application]


def applications(folder: Path) -> Applications:
    """The applications as the servers make them, without a port; they write into ``folder``."""
    with _left_alone():
        return {**_dashboard(folder), routes.GATEWAY: _gateway(folder)}


def dashboard(folder: Path) -> Applications:
    """Those of the dashboard server alone."""
    with _left_alone():
        return _dashboard(folder)


def close(made: Applications) -> None:
    """Let go of what they have open."""
    for application in made.values():
        if audit := application.settings.get("audit"):
            audit.close()


@contextlib.contextmanager
def _left_alone() -> Iterator[None]:
    """Undo what both do to a process that they take for their own."""
    root, ended = logging.getLogger(), signal.getsignal(signal.SIGTERM)
    before = (root.level, list(root.handlers))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        asyncio.get_event_loop().close()  # which the server has made
        asyncio.set_event_loop(None)
        signal.signal(signal.SIGTERM, ended)
        root.level, root.handlers = before


def _dashboard(folder: Path) -> Applications:
    secret = folder / "secret"
    secret.write_text("x" * 40)
    found = config.load(SETTINGS)
    settings = dataclasses.replace(
        found,
        store=folder / "store",
        password_file=secret,
        deploy_token_file=secret,
        author_token_file=secret,
        admin_token_file=secret,
        cookie_secret_file=secret,
        gateways=tuple(dataclasses.replace(each, token_file=secret) for each in found.gateways),
    )
    made: dict[str, web.Application] = {}

    class Listed(app.DashboardServer):
        def listen(self) -> None:
            """Hand over what would be served."""
            made[routes.MAIN] = self.app
            made[routes.CONTENT] = content.application(self, self.app.settings)

    app.serve(settings, Listed)
    return made


def _gateway(folder: Path) -> web.Application:
    traits = Traits()
    for name, value in GATEWAY_SETTINGS.items():
        setattr(traits.KernelGatewayApp, name, value)
    traits.BundleKernels.bundle_root = traits.BundleKernels.environment_root = str(folder)
    gateway = KernelGatewayApp(config=traits, log=logging.getLogger("gateway"))
    gateway.init_io_loop()
    gateway.init_configurables()
    gateway.init_webapp()
    made: web.Application = gateway.web_app
    return made


def found(made: Applications) -> Iterator[tuple[str, Any, tuple[str, ...]]]:
    """Server, matcher of the path and methods of each route, in the order they are tried."""
    for server, application in made.items():
        for host in application.default_router.rules:
            for rule in getattr(host.target, "rules", ()):
                yield server, rule.matcher.regex, methods(rule.target)


def methods(handler: Any) -> tuple[str, ...]:
    """What a handler answers with anything but 405."""
    none = web.RequestHandler._unimplemented_method
    return tuple(each for each in METHODS if getattr(handler, each.lower(), none) is not none)


def problems(made: Applications) -> list[str]:
    """Routes that are not in the table, entries of the table that are none, and other methods."""
    said, left = [], list(routes.ALL)
    seen: set[str] = set()
    for server, matcher, has in found(made):
        if (place := f"{server} {matcher.pattern}") in seen:
            continue  # an earlier one of the same address takes its place
        seen.add(place)
        entry = next((e for e in left if e.server == server and matcher.match(e.example)), None)
        if entry is None:
            said.append(f"{place} is not in the table")
            continue
        left.remove(entry)
        if set(has) != set(entry.who):
            said.append(f"{place} takes {', '.join(has)}, the table says {', '.join(entry.who)}")
    return said + [f"{each.server} {each.path} is in the table and no route" for each in left]


def page() -> str:
    """The text of docs/routes.md."""
    parts = [HEADING, "| word | who |\n|---|---|"]
    parts += [f"| {word} | {meaning} |" for word, meaning in routes.WORDS.items()]
    for server, title in TITLES.items():
        parts.append(f"\n## {title}\n\n| address | who may call it |\n|---|---|")
        entries = sorted((e for e in routes.ALL if e.server == server), key=lambda e: e.path)
        parts += [f"| `{each.path}` | {_who(each)} |" for each in entries]
    return "\n".join(parts) + "\n"


def _who(entry: routes.Route) -> str:
    by: dict[str, list[str]] = {}
    for method in METHODS:
        if method in entry.who:
            by.setdefault(entry.who[method], []).append(method)
    return "; ".join(f"{', '.join(names)}: {who}" for who, names in by.items()) or routes.NOBODY


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        made = applications(Path(scratch))
        close(made)
        if wrong := problems(made):
            raise SystemExit("\n".join(wrong))
    Path(__file__).with_suffix(".md").write_text(page())
