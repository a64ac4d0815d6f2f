"""What is set for this app, and by whom: arguments, environment, app.env; it starts nothing."""

import argparse
import json
import os
import re
import socket
import ssl
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parents[1]
VENV = HERE / ".venv"

EVERYWHERE = ("0.0.0.0", "::")
"""Addresses to listen on that mean all of a machine."""

App = Mapping[str, str]

# A name here is `APP_NAME` in the environment and in app.env; those of ARGUMENTS are `--name` too.
DEFAULTS = {
    "HOST": "127.0.0.1",
    "PORT": "8866",
    "CONTENT_PORT": "8869",
    "ADDRESS": "",
    "CONTENT_ADDRESS": "",
    "CERTIFICATE": "",
    "CERTIFICATE_KEY": "",
    "USER": "viewer",
    "PASSWORD": "",
    "PASSWORD_FILE": "",
    "GATEWAY_URL": "",
    "GATEWAY_TOKEN": "",
    "GATEWAY_TOKEN_FILE": "",
    "STATE": "state",
    "CA": "ca.pem",
    "LOGS": "files",
}
SECRETS = {"PASSWORD", "GATEWAY_TOKEN"}  # other users of a machine see arguments
FILES = ("CERTIFICATE", "CERTIFICATE_KEY", "PASSWORD_FILE", "GATEWAY_TOKEN_FILE", "CA", "STATE")

# What the servers, and so the notebook, may see of this environment: no setting, and no secret.
SHOWN = re.compile(
    r"PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|SSL_CERT_FILE|SSL_CERT_DIR"
    r"|(HTTP|HTTPS|NO|ALL)_PROXY|(http|https|no|all)_proxy"
)
DASHOPS = re.compile(r"DASHOPS_(?!TOKEN|SERVER|STACK)\w+")


def stop(message: str, hint: str = "") -> NoReturn:
    """End with words for whoever runs this."""
    sys.exit(f"error: {message}" + (f"\nhint: {hint}" if hint else ""))


def read(words: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The verb and the settings: arguments, then the environment, then app.env, then defaults."""
    parser = argparse.ArgumentParser(prog="run.py", description="Runs this dashboard app.")
    parser.add_argument("verb", nargs="?", default="serve", choices=("serve", "install", "check"))
    for name, default in DEFAULTS.items():
        if name not in SECRETS:
            said = f"(default: {default})" if default else None
            parser.add_argument(f"--{name.lower().replace('_', '-')}", dest=name, help=said)
    given = vars(parser.parse_args(words))
    verb = given.pop("verb")
    told = {name: value for name, value in given.items() if value is not None}
    written = from_file(HERE / "app.env")
    found = {}
    for name, default in DEFAULTS.items():
        fallback = written.get(f"APP_{name}") or default
        found[name] = told.get(name) or os.environ.get(f"APP_{name}") or fallback
    for name in FILES:
        if found[name]:
            found[name] = str(HERE / Path(found[name]).expanduser())
    return verb, found


def from_file(path: Path) -> dict[str, str]:
    """`NAME=value` lines, as Docker reads them too."""
    found = {}
    for number, line in enumerate(path.read_text().splitlines() if path.is_file() else [], 1):
        text = line.strip()
        if text and not text.startswith("#"):
            name, equals, value = text.partition("=")
            if not equals or name not in {f"APP_{each}" for each in DEFAULTS}:
                stop(f"app.env:{number}: `{name}` is no setting", "README.md has all of them")
            found[name] = value
    return found


def check(app: App) -> None:
    """Refuse what cannot work, before anything is started."""
    for name in ("PORT", "CONTENT_PORT"):
        _check_port(name, app[name], app["HOST"])
    if app["PORT"] == app["CONTENT_PORT"]:
        stop("APP_PORT and APP_CONTENT_PORT are the same", "pages have a port of their own")
    if app["ADDRESS"] and not re.match(r"https?://[^/\s]+/?$", app["ADDRESS"]):
        stop(f"APP_ADDRESS is no address such as https://dashboard.example.com: {app['ADDRESS']}")
    if app["LOGS"] not in ("files", "stdout"):
        stop(f"APP_LOGS is neither files nor stdout: {app['LOGS']}")
    _check_certificate(app)
    for name, file in (("PASSWORD", "PASSWORD_FILE"), ("GATEWAY_TOKEN", "GATEWAY_TOKEN_FILE")):
        if app[name] and app[file]:
            stop(f"there are both APP_{name} and APP_{file}", "set one of them")
        _check_content(app[file], f"APP_{file}")
    if app["GATEWAY_URL"] and not (app["GATEWAY_TOKEN"] or app["GATEWAY_TOKEN_FILE"]):
        stop("APP_GATEWAY_URL needs APP_GATEWAY_TOKEN or APP_GATEWAY_TOKEN_FILE")


def _check_port(name: str, port: str, host: str) -> None:
    if not re.fullmatch(r"[1-9][0-9]{0,4}", port) or int(port) > 65535:
        stop(f"APP_{name} is no TCP port: {port}")
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, int(port)))
    except OSError as error:
        hint = f"stop what listens there, or set APP_{name}"
        stop(f"cannot listen on {host} port {port}: {error.strerror}", hint)


def _check_certificate(app: App) -> None:
    if bool(app["CERTIFICATE"]) != bool(app["CERTIFICATE_KEY"]):
        stop("one of APP_CERTIFICATE and APP_CERTIFICATE_KEY is missing")
    if not app["CERTIFICATE"]:
        return
    if not app["ADDRESS"].startswith("https://"):
        stop("APP_CERTIFICATE needs APP_ADDRESS, the https:// address that people open")
    try:
        pair = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pair.load_cert_chain(app["CERTIFICATE"], app["CERTIFICATE_KEY"], lambda: b"")
    except (OSError, ssl.SSLError) as error:
        stop(f"APP_CERTIFICATE and APP_CERTIFICATE_KEY cannot be used: {error}")


def _check_content(path: str, name: str) -> None:
    """Refuse a file that cannot be read, or has nothing in it: an empty password is none."""
    try:
        if path and not Path(path).read_text().strip():
            stop(f"{name} is empty: {path}")
    except (OSError, UnicodeError) as error:
        stop(f"{name} cannot be read: {error}")


def private(path: Path, text: str) -> str:
    """Write a file that only this user reads."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    return str(path)


def overrides(app: App, state: Path) -> str:
    """What differs from a stack's server, as TOML; secrets are named by file."""
    secrets = state / "secrets"
    password = app["PASSWORD_FILE"] or str(secrets / "viewer-password")
    if app["PASSWORD"]:
        password = private(secrets / "app-password", app["PASSWORD"])
    hosts = ["127.0.0.1", "localhost", *({app["HOST"]} - {*EVERYWHERE, "127.0.0.1"})]
    server: dict[str, object] = {"ip": app["HOST"], "hosts": hosts, "environments": False}
    if app["CERTIFICATE"]:
        server |= {"certificate": app["CERTIFICATE"], "certificate_key": app["CERTIFICATE_KEY"]}
    login: dict[str, object] = {"user": app["USER"], "password_file": password}
    tables = {"server": server, "login": login}
    lines = []
    for table, values in tables.items():
        lines += [f"[{table}]", *(f"{key} = {json.dumps(each)}" for key, each in values.items())]
    if app["GATEWAY_URL"]:
        token = app["GATEWAY_TOKEN_FILE"]
        token = token or private(secrets / "app-gateway-token", app["GATEWAY_TOKEN"])
        for url in app["GATEWAY_URL"].split(","):
            lines += ["[[gateways]]", f"url = {json.dumps(url.strip())}"]
            lines += [f"token_file = {json.dumps(token)}"]
    return "\n".join([*lines, ""])


def shown(names: Sequence[str] = ()) -> dict[str, str]:
    """What the servers see of this environment; `names` are more that the notebook may see."""
    env = {name: value for name, value in os.environ.items() if SHOWN.fullmatch(name)}
    env |= {name: os.environ[name] for name in names if name in os.environ}
    path = f"{VENV / 'bin'}{os.pathsep}{env.get('PATH', '')}"
    return env | {"PATH": path, "VIRTUAL_ENV": str(VENV)}


def of_dashops(app: App) -> dict[str, str]:
    """The variables of dashops' own settings: those that are set, and what follows from ours."""
    env = {name: value for name, value in os.environ.items() if DASHOPS.fullmatch(name)}
    env |= {"DASHOPS_STATE": app["STATE"], "DASHOPS_DASHBOARD_PORT": app["PORT"]}
    env |= {"DASHOPS_DASHBOARD_CONTENT_PORT": app["CONTENT_PORT"]}
    if app["ADDRESS"]:
        address = app["ADDRESS"].rstrip("/")
        parts = urlsplit(address)
        host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
        content = app["CONTENT_ADDRESS"] or f"{parts.scheme}://{host}:{app['CONTENT_PORT']}"
        env |= {"DASHOPS_DASHBOARD_ADDRESS": address, "DASHOPS_DASHBOARD_CONTENT_ADDRESS": content}
    return env


def host(app: App) -> str:
    """Where this machine reaches the app itself."""
    own = "127.0.0.1" if app["HOST"] in EVERYWHERE else app["HOST"]
    return f"[{own}]" if ":" in own else own
