"""The one SSH connection that all a command does on a host goes through; it changes nothing there.

The first command opens it and those that run beside it join; it ends with the last of them.
"""

import atexit
import contextlib
import fcntl
import hashlib
import os
import re
import shlex
import socket
import stat
import threading
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from dashops import run as running
from dashops.errors import DashopsError, ToolError
from dashops.run import Held, Run
from dashops.stack import Stack
from dashops.targets.compose.host import refusals

# The path of a socket has at most some hundred characters, which folders of stacks may have alone.
ROOMS = Path("/tmp")
# Seconds. Where the last command is killed, the connection ends when it is idle for so long.
PATIENCE = 20
LINGER = 3

ENGINE = "/var/run/docker.sock"

_held: dict["Link", "_Share"] = {}
_brought: dict[tuple["Link", str], int] = {}
_lock = threading.RLock()


@dataclass(frozen=True)
class Link:
    """How to reach the host of a stack; `room` has the sockets that lead there."""

    address: str
    config: str
    room: Path

    @property
    def engine(self) -> str:
        """Where this machine finds the host's Docker Engine."""
        return f"unix://{self.room / 'docker'}"

    @property
    def environment(self) -> dict[str, str | None]:
        """What makes Docker's own commands talk to the host's engine."""
        return {
            "DOCKER_HOST": self.engine,
            "DOCKER_CONTEXT": None,
            "DOCKER_TLS_VERIFY": None,
            "DOCKER_CERT_PATH": None,
        }

    @property
    def checks(self) -> str:
        """The host as testinfra names it, over the same connection."""
        shared = {"controlpath": str(self.room / "ssh"), "controlpersist": str(LINGER)}
        options = shared | ({"ssh_config": self.config} if self.config else {})
        return f"{self.address.rstrip('/')}?{urlencode(options)}"

    def argv(self, command: str, *options: str) -> tuple[str, ...]:
        """An `ssh` that gives the host's shell a command."""
        parts = urlsplit(self.address)
        return (
            *("ssh", "-T", "-o", "BatchMode=yes", "-o", f"ConnectTimeout={PATIENCE}"),
            *("-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=3"),
            *("-o", f"ControlPath={self.room / 'ssh'}", "-o", "RemoteCommand=none"),
            *(("-F", self.config) if self.config else ()),
            *(("-l", parts.username) if parts.username else ()),
            *(("-p", str(parts.port)) if parts.port else ()),
            *(*options, "--", parts.hostname or ""),
            *((command,) if command else ()),
        )

    def script(self, text: str, *words: str) -> tuple[str, ...]:
        """The same for a script of a plain shell, with its `$1` and so on."""
        return self.argv(shlex.join(("sh", "-c", text, "sh", *words)))


def of(stack: Stack) -> Link:
    """The way to the stack's host, which is not opened by this."""
    assert stack.host is not None
    config = str(stack.ssh_config or "")
    name = hashlib.sha256("\0".join((stack.host, config, str(stack.state_dir))).encode())
    return Link(stack.host, config, ROOMS / f"dashops-{os.getuid()}" / name.hexdigest()[:12])


def opened(stack: Stack) -> Link:
    """The same, open until this process ends; ToolError that says why it cannot be."""
    link = of(stack)
    with _lock:
        if link in _held and not alive(link, running.run):
            _held.pop(link).close()
        if link not in _held:
            _held[link] = _Share(link)
    return link


def alive(link: Link, run: Run) -> bool:
    """Whether the connection is there."""
    return run(*link.argv("", "-O", "check"), ok=range(256)).code == 0


def forget(link: Link, run: Run) -> None:
    """End the connection for everybody: the next has the rights that the user has by then."""
    run(*link.argv("", "-O", "exit"), ok=range(256))


def forward(link: Link, here: int, there: str) -> int:
    """Bring `there` of the host (`127.0.0.1:80`) to a port of this machine, 0 for any free one.

    ToolError when the port is taken here. It ends with the connection.
    """
    port = here or _brought.setdefault((link, there), _free())
    try:
        running.run(*link.argv("", "-O", "forward", "-L", f"127.0.0.1:{port}:{there}"))
    except ToolError as error:
        raise ToolError(
            f"port {port} of this machine is taken, so port {there.rpartition(':')[2]} of "
            f"`{link.address}` cannot be brought here",
            hint="stop what listens there, such as a stack on this machine",
            where=error.where,
        ) from error
    return port


class _Share:
    """This process's part in a connection; `close` ends all of it when no other has one."""

    def __init__(self, link: Link) -> None:
        for folder in (link.room.parent, link.room):
            make_room(folder)
        self._link = link
        self._lock = (link.room / "lock").open("a")
        fcntl.flock(self._lock, fcntl.LOCK_SH)
        forwarded = f"{link.room / 'docker'}:{ENGINE}"
        options = (
            *("-o", "ControlMaster=auto", "-o", f"ControlPersist={LINGER}"),
            *("-o", "ExitOnForwardFailure=yes", "-o", "StreamLocalBindUnlink=yes"),
            *("-L", forwarded),
        )
        argv = link.argv("echo ready; exec cat >/dev/null", *options)
        try:
            self._held = Held(*argv, ready="ready", timeout=2 * PATIENCE)
        except ToolError as error:
            self._lock.close()
            raise refusals.named(link.address, error) from error

    def close(self) -> None:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # What still uses a port that was brought here would keep it open.
            forget(self._link, running.run)
        self._held.close()
        self._lock.close()


def make_room(folder: Path) -> None:
    """A folder for nobody else; DashopsError when somebody else made it before."""
    folder.mkdir(mode=0o700, exist_ok=True)
    about = folder.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid() or about.st_mode & 0o077:
        raise DashopsError(
            f"`{folder}` is not a folder of this user alone", hint="remove it, or ask who made it"
        )


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@atexit.register
def _close() -> None:
    while _held:
        _held.popitem()[1].close()


def shown(address: str) -> str:
    """The name of a host without user and port."""
    return re.sub(r"^ssh://([^@]*@)?|(:\d+)?/?$", "", address)
