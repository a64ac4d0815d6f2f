"""A real stack for tests that need one: `dashops up` in a temporary folder, on free ports."""

import json
import random
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import commandline
import httpx
import pytest
import shelf
import yaml

DASHOPS = Path(sys.executable).with_name("dashops")
ALONE = {"up", "down", "smoke", "attack"}  # verbs in a process of their own
# For stacks of tests that ask nothing of the browser with which a server looks at new revisions.
UNSEEN = {"browser": "none"}
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # or each client loads certificates: 30 ms
CELL_TIMEOUT, GRACE, IDLE = 15, 2, 120  # seconds
PORTS = 10_100, 20_000  # browsers refuse 10080

Cell = tuple[str, str] | str


def until(true: Callable[[], Any], what: str, seconds: float = 20) -> Any:
    """Wait for a condition; fail with its name at the deadline."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)
    return found


def notebook(*cells: Cell, **metadata: Any) -> dict[str, Any]:
    """A notebook of code cells; ("markdown", text) makes another kind."""
    made = []
    for number, cell in enumerate(cells):
        kind, source = ("code", cell) if isinstance(cell, str) else cell
        code = {"outputs": [], "execution_count": None} if kind == "code" else {}
        made.append(
            {"cell_type": kind, "id": f"c{number}", "metadata": {}, "source": source, **code}
        )
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": spec, **metadata},
        "cells": made,
    }


@dataclass(frozen=True)
class Live:
    """A running stack, used through its command line and its pages only."""

    folder: Path
    ports: dict[str, int]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['dashboard']}"

    @property
    def content(self) -> str:
        """The origin of pages of dashboards."""
        return f"http://127.0.0.1:{self.ports['content']}"

    def dashops(self, *args: str | Path, code: int = 0) -> str:
        done = self.try_dashops(*args)
        assert done.returncode == code, f"dashops {args}: {done.returncode}\n{self._told(done)}"
        return done.stdout if code == 0 else done.stderr

    def _told(self, done: subprocess.CompletedProcess[str]) -> str:
        """What it said, and the last lines of its servers: often all there is of a failure."""
        logs = [
            self.try_dashops("logs", slot, "--lines", "15") for slot in ("dashboard", "gateway")
        ]
        return "\n".join([done.stderr, *(each.stdout for each in logs)])

    def try_dashops(self, *args: str | Path) -> subprocess.CompletedProcess[str]:
        words = tuple(str(each) for each in args)
        # The current folder and stdout are the whole process's.
        alone = threading.current_thread() is not threading.main_thread()
        if not alone and words[0] not in ALONE:
            return commandline.run(self.folder, *words)
        return subprocess.run(
            [DASHOPS, *words], cwd=self.folder, capture_output=True, text=True, timeout=180
        )

    def up(self) -> None:
        """For the first time."""
        with shelf.lent(self.folder):
            self.dashops("up", "-y")

    def secret(self, name: str) -> str:
        return (self.folder / ".dashops" / "secrets" / name).read_text().strip()

    def deploy(
        self,
        name: str,
        *cells: Cell,
        files: tuple[Path, ...] = (),
        code: int = 0,
        **asked: Any,
    ) -> str:
        """The URL, or what the author reads when it is refused; `asked` is of dashops."""
        path = self.folder / f"{name}.ipynb"
        path.write_text(json.dumps(notebook(*cells, dashops=asked)))
        return self.dashops("deploy-notebook", path.name, *files, code=code).strip()

    def viewer(self, name: str = "viewer", password: str = "") -> "Viewer":
        """The shared account, or somebody with a password of his own."""
        return Viewer(self, name, password)

    def api(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        headers = {"Authorization": f"token {self.secret('deploy-token')}"}
        url = f"{self.url}{path}"
        return httpx.request(method, url, headers=headers, timeout=60, verify=NO_TLS, **arguments)

    def viewers(self, name: str) -> list[dict[str, Any]]:
        found = self.api("GET", "/_api/status").json()["viewers"]
        return [each for each in found if each["dashboard"] == name]

    def kernels(self) -> list[str]:
        """What the gateway runs, asked there."""
        answer = httpx.get(
            f"http://127.0.0.1:{self.ports['gateway']}/api/kernels",
            headers={"Authorization": f"token {self.secret('gateway-token')}"},
            verify=NO_TLS,
        )
        return [each["id"] for each in answer.json()]

    def log(self, slot: str) -> str:
        return self.dashops("logs", slot, "--lines", "2000")

    def pid(self, slot: str) -> int:
        return next(int(each["pid"]) for each in self.slots() if each["slot"] == slot)

    def slots(self) -> list[dict[str, Any]]:
        # One that answers late on a busy machine is in it too, with another exit code.
        told = self.try_dashops("status", "--json").stdout
        found: list[dict[str, Any]] = json.loads(told)["slots"]
        return found


class Viewer:
    """Someone who is logged in, with plain HTTP instead of a browser."""

    def __init__(self, live: Live, name: str = "viewer", password: str = "") -> None:
        self.live = live
        self.http = httpx.Client(base_url=live.url, timeout=60, verify=NO_TLS)
        self.http.get("/login")
        assert self.log_in(name, password or live.secret("viewer-password")).status_code == 302

    def log_in(self, name: str, password: str) -> httpx.Response:
        form = {"username": name, "password": password, "_xsrf": self.http.cookies["_xsrf"]}
        return self.http.post("/login", data=form)

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())

    def open(self, name: str, query: str = "", *, within: str = "dashboards") -> "Opened":
        """Load a dashboard's page without running its scripts."""
        answer = self.http.get(f"/{within}/{name}/{query}", follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return Opened(str(answer.url), answer.text)

    def key(self, name: str) -> str:
        """Ask for a dashboard, but do not load its page: where that would be."""
        answer = self.http.get(f"/dashboards/{name}/")
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]


@dataclass(frozen=True)
class Opened:
    """A page that was loaded; `address` is its own, under which only it has its kernel."""

    address: str
    html: str

    @property
    def kernel(self) -> str:
        return kernel_in(self.html)

    @property
    def base(self) -> str:
        """Address of all that is this page's, with a slash at the end."""
        return base_of(self.address)

    @property
    def path(self) -> str:
        """That address without its host."""
        return urlsplit(self.base).path

    @property
    def state(self) -> str:
        return f"{self.base}api/kernels/{self.kernel}"

    @property
    def channels(self) -> str:
        return f"ws{self.state.removeprefix('http')}/channels"

    def leave(self) -> None:
        """As a tab that is closed does."""
        httpx.post(f"{self.base}voila/api/shutdown/{self.kernel}")


def base_of(address: str) -> str:
    found = re.match(r"http://[\w.-]+:\d+/c/[\w-]{43}/", address)
    assert found, address
    return found[0]


def kernel_in(page: str) -> str:
    found = re.search(r'"kernelId": "([0-9a-f-]{36})"', page)
    assert found, page
    return found[1]


def free_ports(number: int) -> list[int]:
    """Ports nobody listens on, below those of kernels and of connections to other places.

    The system's own choice is of the latter: one was another program's connection before the
    server came to listen.
    """
    found: set[int] = set()
    while len(found) < number:
        port = random.SystemRandom().randrange(*PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.add(port)
    return list(found)


def placed() -> tuple[dict[str, int], dict[str, dict[str, Any]]]:
    """Free ports for a stack, and the settings that name them."""
    slots = ("dashboard", "gateway", "notebook")
    ports = dict(zip((*slots, "content"), free_ports(4), strict=True))
    settings: dict[str, dict[str, Any]] = {slot: {"port": ports[slot]} for slot in slots}
    settings["dashboard"]["content_port"] = ports["content"]
    return ports, settings


@contextmanager
def running(folder: Path, changes: Mapping[str, Mapping[str, Any]]) -> Iterator[Live]:
    """A stack in this folder until the block ends; ``changes`` to its settings by section."""
    ports, settings = placed()
    settings["dashboard"] |= {
        "cell_timeout": CELL_TIMEOUT,
        "reconnect_grace": GRACE,
        "idle_timeout": IDLE,
        "upload_limit": "5 MB",
    }
    settings["gateway"]["kernel_memory"] = "2 GiB"
    for section, values in changes.items():
        settings[section] = {**settings.get(section, {}), **values}
    (folder / "dashops.yaml").write_text(yaml.safe_dump(settings))
    stack = Live(folder, ports)
    try:
        stack.up()
        yield stack
    finally:
        stack.dashops("down")


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with running(tmp_path_factory.mktemp("stack"), {}) as stack:
        yield stack


def outside(url: str, live: Live) -> bool:
    """Whether a request goes anywhere but to the dashboard server."""
    parts = urlsplit(url)
    ports = (live.ports["dashboard"], live.ports["content"])
    near = parts.hostname == "127.0.0.1" or str(parts.hostname).endswith(".localhost")
    own = near and parts.port in ports
    return parts.scheme not in ("data", "blob", "about") and not own
