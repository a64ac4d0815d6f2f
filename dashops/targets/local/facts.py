"""What is on this machine now: files, environments, processes and ports; it changes nothing."""

import contextlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashops.run import Run
from dashops.stack import Stack
from dashops.targets import machine, origin
from dashops.targets.local import supervisor
from dashops.targets.local.supervisor import Process
from dashops.targets.origin import Origin

SLOTS = ("gateway", "dashboard", "notebook")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Of the operator's shell only this reaches the services, because the rest may hold secrets.
KEPT = {"PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"}
PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"}


@dataclass(frozen=True)
class Holder:
    """The process that listens on a port; pid 0 when this user may not see it."""

    pid: int
    command: str


@dataclass(frozen=True)
class Facts:
    """What is there. `environments` maps the folder of a complete one to its requirements,
    `leftovers` are slots whose supervisor died, `holders` are strangers on the stack's ports
    by setting,
    `foreign` the names of variables that services must not see, `browser` the Chromium on PATH if
    the stack wants one."""

    origin: Origin
    code: Mapping[str, str] = field(default_factory=dict)
    rendered: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    environments: Mapping[str, str | None] = field(default_factory=dict)
    supervisor: str | None = None
    slots: Mapping[str, Process] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    leftovers: tuple[int, ...] = ()
    holders: Mapping[str, Holder] = field(default_factory=dict)
    foreign: tuple[str, ...] = ()
    browser: str = ""


def facts(stack: Stack, run: Run) -> Facts:  # noqa: ARG001
    """Everything `up` and `down` decide on; a stack that was never up has only an origin."""
    found = origin.find(stack.environment.python)
    slots = supervisor.processes(stack.state_dir)
    digests = {name: digest_of(slot.pid) for name, slot in (slots or {}).items() if slot.pid}
    leftovers = () if slots is not None else roots(stack.state_dir)
    return Facts(
        origin=found,
        code={slot: origin.code(slot) for slot in SLOTS} if found.editable else {},
        rendered=machine.read(stack.state_dir / "rendered"),
        secrets=machine.secrets(stack.state_dir),
        environments=_environments(stack.state_dir / "environments"),
        supervisor=None if slots is None else supervisor_digest(stack.state_dir),
        slots=slots or {},
        digests=digests,
        leftovers=leftovers,
        holders=_strangers(stack, {*leftovers, *(slot.pid for slot in (slots or {}).values())}),
        foreign=tuple(sorted(name for name in os.environ if not _kept(name, stack))),
        browser=_browser() if stack.dashboard.browser == "auto" else "",
    )


def roots(state_dir: Path) -> tuple[int, ...]:
    """Pids of the supervisor and the slots of this stack, whoever is their parent now.

    A slot is known by the mark in its environment, which survives any way of dying, and by the
    rendered file it was started with: what a user starts in a terminal of JupyterLab has only
    the mark, and is not ours to stop.
    """
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            ours = any(f"{state_dir}/rendered/" in word for word in process.cmdline())
            if ours and process.environ().get("DASHOPS_STATE_DIR") == str(state_dir):
                found.append(process.pid)
        except psutil.Error:
            continue
    return tuple(found)


def holder(port: int) -> Holder:
    """Who listens on a TCP port."""
    import psutil

    try:
        everybody = psutil.net_connections(kind="tcp")
        pids = [each.pid for each in everybody if each.pid and _listens(each, port)]
        return Holder(pids[0], " ".join(psutil.Process(pids[0]).cmdline()))
    except (psutil.Error, IndexError):
        # macOS tells only root.
        return Holder(0, "")


def _strangers(stack: Stack, ours: set[int]) -> dict[str, Holder]:
    taken = {key: port for key, port in stack.ports().items() if not machine.free(port)}
    held = _ports(ours) if taken else set()
    return {key: holder(port) for key, port in taken.items() if port not in held}


def _ports(pids: set[int]) -> set[int]:
    import psutil

    found: set[int] = set()
    for pid in pids - {0}:
        with contextlib.suppress(psutil.Error):
            connections = psutil.Process(pid).net_connections(kind="tcp")
            found |= {each.laddr.port for each in connections if _listens(each)}
    return found


def _listens(connection: Any, port: int | None = None) -> bool:
    here = connection.status == "LISTEN" and connection.laddr
    return bool(here and port in (None, connection.laddr.port))


def _environments(folder: Path) -> dict[str, str | None]:
    return {path.name: requirements(path) for path in sorted(folder.glob("*"))}


def requirements(environment: Path) -> str | None:
    """The requirements an environment was made from; None when it is not complete."""
    # The marker is written last; without a living interpreter it says nothing.
    marker = environment / "requirements.txt"
    if not marker.is_file() or not (environment / "bin" / "python").exists():
        return None
    return marker.read_text(encoding="utf-8")


def supervisor_digest(state_dir: Path) -> str:
    """The digest of the file that the running supervisor was started with."""
    pid = (state_dir / "run" / "supervisor.pid").read_text().strip()
    return digest_of(int(pid))


def command(pid: int) -> tuple[str, ...]:
    """The words a process was started with; none when it is gone."""
    import psutil

    try:
        return tuple(psutil.Process(pid).cmdline()) if pid else ()
    except psutil.Error:
        return ()


def digest_of(pid: int) -> str:
    """The digest of the files that a slot's process was started with; empty when it is gone."""
    import psutil

    try:
        return psutil.Process(pid).environ().get("DASHOPS_DIGEST", "")
    except psutil.Error:
        return ""


def _browser() -> str:
    found = (shutil.which(name) for name in BROWSERS)
    return next((path for path in found if path), "")


def _kept(name: str, stack: Stack) -> bool:
    kept = name in KEPT or name.upper() in PROXIES or name.startswith("LC_")
    return kept or name in stack.gateway.env
