#!/usr/bin/env python3
"""Runs this dashboard app: `python3 run.py`, or `make run`. Needs Python 3.11 or newer only.

It makes `.venv` from `requirements.lock`, starts a kernel gateway and a dashboard server in it,
publishes the notebook in `dashboard/` there, and stops both on Ctrl-C. README.md has the settings.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from launcher import servers, settings

HERE = settings.HERE
PYTHON = servers.PYTHON
CERTIFICATES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE")


def install(app: settings.App) -> None:
    """Make `.venv` what requirements.lock says, unless it is."""
    lock = HERE / "requirements.lock"
    wheel = next((HERE / "wheels").glob("dashops-*.whl"))
    total = hashlib.sha256(lock.read_bytes() + wheel.read_bytes() + sys.version.encode())
    done = settings.VENV / "installed"
    if done.is_file() and done.read_text() == total.hexdigest() and PYTHON.exists():
        return
    print("Installing packages into .venv, once ...", flush=True)
    env = dict(os.environ)
    if Path(app["CA"]).is_file():
        env |= dict.fromkeys(CERTIFICATES, app["CA"])
    uv = shutil.which("uv")
    try:
        if uv:
            make = [
                uv,
                "venv",
                "--quiet",
                "--clear",
                "--python",
                sys.executable,
                str(settings.VENV),
            ]
            add = [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
        else:
            make = [sys.executable, "-m", "venv", "--clear", str(settings.VENV)]
            add = [str(PYTHON), "-m", "pip", "install", "--quiet"]
        places = ["--find-links", str(HERE / "wheels")]
        subprocess.run(make, check=True, env=env)
        subprocess.run(
            [*add, "--no-deps", "--require-hashes", "-r", lock, *places], check=True, env=env
        )
        subprocess.run([*add, "--no-deps", wheel], check=True, env=env)
    except (OSError, subprocess.CalledProcessError) as error:
        hint = "its words are above; Debian has venv in python3-venv; README.md has proxies"
        settings.stop(f"the packages could not be installed: {error}", hint)
    done.write_text(total.hexdigest())


def serve(app: settings.App) -> None:
    """Run the app until it is told to stop."""
    state = Path(app["STATE"])
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        settings.stop(
            f"{state} cannot be made: {error.strerror}", "set APP_STATE to another folder"
        )
    gateway = servers.free_port()
    ours = {"DASHOPS_GATEWAY_PORT": gateway, "DASHOPS_NOTEBOOK_PORT": servers.free_port()}
    env = settings.shown() | settings.of_dashops(app) | ours
    words = [PYTHON, "-m", "dashops.hosting"]
    made = subprocess.run(words, cwd=HERE, env=env, stdout=subprocess.PIPE, text=True)
    if made.returncode:
        sys.exit(made.returncode)
    env = settings.shown(json.loads(made.stdout)["env"])
    for kind in ("CONFIG", "DATA", "RUNTIME"):
        env[f"JUPYTER_{kind}_DIR"] = str(state / "jupyter" / kind.lower())
    running = servers.Servers(app, env)
    try:
        if not app["GATEWAY_URL"]:
            token = (state / "secrets" / "gateway-token").read_text().strip()
            configuration = state / "rendered" / "gateway" / "gateway.py"
            kernels: list[str | Path] = ["kernel_gateway", f"--config={configuration}"]
            running.start("gateway", kernels, f"http://127.0.0.1:{gateway}/api", token)
        start(app, state, running)
        announce(app, state)
        running.wait()
    except KeyboardInterrupt:
        print("Stopping ...", flush=True)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        running.stop()


def start(app: settings.App, state: Path, running: servers.Servers) -> None:
    """Start the dashboard server with the notebook on it."""
    configuration = state / "rendered" / "dashboard" / "dashboard.toml"
    own = settings.private(state / "app.toml", settings.overrides(app, state))
    words: list[str | Path] = ["dashops.services.dashboard", "--config", configuration]
    words += ["--config", own]
    if not app["CERTIFICATE"]:
        url = f"http://{settings.host(app)}:{app['PORT']}"
        running.start("dashboard", words, f"{url}/readyz")
        publish(state, running.env, url)
        return
    # Published without TLS, where only this machine reaches it: the certificate is for the name
    # that people use.
    plain: dict[str, Any] = {"ip": "127.0.0.1", "certificate": "", "certificate_key": ""}
    plain |= {"port": int(servers.free_port()), "content_port": int(servers.free_port())}
    lines = [f"{key} = {json.dumps(each)}" for key, each in plain.items()]
    inner = settings.private(state / "publishing.toml", "\n".join(["[server]", *lines, ""]))
    url = f"http://127.0.0.1:{plain['port']}"
    running.start("dashboard", [*words, "--config", inner], f"{url}/readyz")
    publish(state, running.env, url)
    running.stop("dashboard")
    running.start("dashboard", words, f"https://{settings.host(app)}:{app['PORT']}/readyz")


def publish(state: Path, env: dict[str, str], url: str) -> None:
    """Publish the notebook; the server runs it first, and a failing cell stops the app."""
    name = json.loads((HERE / "app.json").read_text())["name"]
    notebook = HERE / "dashboard" / f"{name}.ipynb"
    found = (each for each in sorted((HERE / "dashboard").rglob("*")) if each.is_file())
    words = [PYTHON, "-m", "dashops.cli", "deploy-notebook", notebook, "--name", name]
    words += [each for each in found if each != notebook]
    token = (state / "secrets" / "deploy-token").read_text().strip()
    env = env | {"DASHOPS_SERVER": url, "DASHOPS_TOKEN": token}
    done = subprocess.run(words, cwd=HERE, env=env, capture_output=True, text=True)
    if done.returncode:
        settings.stop(f"the notebook could not be published\n{done.stderr.strip()}")


def announce(app: settings.App, state: Path) -> None:
    """Say where people find it, and how they get in; never the password itself."""
    name = json.loads((HERE / "app.json").read_text())["name"]
    address = app["ADDRESS"].rstrip("/") or f"http://{settings.host(app)}:{app['PORT']}"
    file = app["PASSWORD_FILE"] or state / "secrets" / "viewer-password"
    print(f"{address}/dashboards/{name}")
    print(f"user: {app['USER']}, password: in {'APP_PASSWORD' if app['PASSWORD'] else file}")
    print("Ctrl-C stops it.", flush=True)


def main() -> None:
    """Do what the words on the command line say."""
    if sys.version_info < (3, 11):  # noqa: UP036  whatever `python3` is there
        settings.stop("this needs Python 3.11 or newer", "name one: make run PYTHON=python3.12")
    verb, app = settings.read(sys.argv[1:])

    def told(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, told)  # also where whoever started this ignores it
    if verb == "check":
        scheme = "https" if app["CERTIFICATE"] else "http"
        sys.exit(not servers.answers(f"{scheme}://{settings.host(app)}:{app['PORT']}/readyz"))
    try:
        if verb == "serve":
            settings.check(app)
        install(app)
    except KeyboardInterrupt:
        settings.stop("interrupted")
    if verb == "serve":
        serve(app)


if __name__ == "__main__":
    main()
