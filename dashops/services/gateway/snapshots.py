"""The snapshots of a gateway: processes that ran a notebook once and are forked for each viewer."""

import asyncio
import os
import signal
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashops.services import snapshot
from dashops.services.snapshot import environ, wire

POSSIBLE = hasattr(os, "pidfd_open") and hasattr(socket, "SOCK_SEQPACKET")
LAUNCHER = "ipykernel_launcher"
PREFIX = "snapshot-"
NO_HISTORY = "--HistoryManager.enabled=False"  # it has a thread and a file
PROGRAM = str(Path(snapshot.__file__).parent)
DIED = {"kind": "kernel", "text": "its kernel ended when it was to become a snapshot"}
NOT_PYTHON = {"kind": "language", "text": "its kernel is not the one of IPython"}
TIMED = 50  # forks whose times are kept
PATIENCE = 60  # seconds a snapshot may take to answer; a fork takes some milliseconds


class Gone(Exception):
    """The snapshot ended, or cannot be forked."""


def of(kernel_name: str) -> str | None:
    """The id of the snapshot that a kernel of that name is a fork of."""
    return kernel_name.removeprefix(PREFIX) if kernel_name.startswith(PREFIX) else None


def command(words: list[str], link: int) -> list[str]:
    """The words that start a kernel of IPython, changed to start one that can be frozen."""
    at = words.index(LAUNCHER)
    return [*words[: at - 1], PROGRAM, str(link), NO_HISTORY, *words[at + 1 :]]


class Snapshot:
    """One process, first a kernel; `kernels` are the forks of it that are still there, by id.

    `took` are the seconds that the last forks took.
    """

    def __init__(self, manager: Any, revision: str) -> None:
        self.id = str(manager.kernel_id)
        self.revision = revision
        self.created = time.time()
        self.kernels: dict[str, Fork] = {}
        self.took: deque[float] = deque(maxlen=TIMED)
        self._manager = manager
        self._link: socket.socket = manager.link
        self._link.settimeout(PATIENCE)
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int:
        """Its process."""
        return int(self._manager.provisioner.pid)

    async def freeze(self, *, anyway: bool) -> dict[str, Any]:
        """Ask the kernel to become a snapshot; raises Gone when it ends instead of answering."""
        answer, _ = await self._ask({"anyway": anyway})
        return answer

    async def fork(
        self, kernel_id: str, connection_file: str, env: dict[str, str], claims: str = ""
    ) -> "Fork":
        """A new kernel, which has its ports, for the viewer in the claims; raises Gone."""
        began = time.monotonic()
        lifeline, its = wire.pair()
        try:
            variables = {name: env[name] for name in environ.VIEWER if name in env}
            wish = {"connection_file": connection_file, "env": variables, "claims": claims}
            answer, files = await self._ask(wish, its.fileno())
            if "failed" in answer:
                raise Gone(answer["failed"])
        except BaseException:
            lifeline.close()
            raise
        finally:
            its.close()
        fork = Fork(answer["process"], files[0], lifeline)
        try:
            await fork.settle()
        except BaseException:
            fork.kill()
            raise
        self.kernels[kernel_id] = fork
        self.took.append(time.monotonic() - began)
        return fork

    async def end(self) -> None:
        """End the process; its forks live on."""
        self._link.close()
        with suppress(ProcessLookupError):
            await self._manager.shutdown_kernel(now=True)

    def watch(self, gone: Callable[[], None]) -> None:
        """Call back once when the process ends."""
        loop, file = asyncio.get_running_loop(), os.pidfd_open(self.pid)

        def ended() -> None:
            loop.remove_reader(file)
            os.close(file)
            gone()

        loop.add_reader(file, ended)

    async def _ask(self, wish: dict[str, Any], *files: int) -> tuple[dict[str, Any], list[int]]:
        async with self._turn:
            received = await asyncio.to_thread(_exchange, self._link, wish, files)
        if received is None:
            raise Gone("the snapshot ended")
        return received


def _exchange(
    link: socket.socket, wish: dict[str, Any], files: tuple[int, ...]
) -> tuple[dict[str, Any], list[int]] | None:
    try:
        wire.send(link, wish, *files)
        return wire.receive(link)
    except OSError as error:
        raise Gone(f"the snapshot does not answer: {error}") from error


class Snapshots:
    """Those that can be forked now."""

    def __init__(self) -> None:
        self._all: dict[str, Snapshot] = {}

    def all(self) -> dict[str, Snapshot]:
        """By id."""
        return dict(self._all)

    def add(self, snapshot: Snapshot) -> None:
        """Take one in until it ends."""
        self._all[snapshot.id] = snapshot
        snapshot.watch(lambda: self._died(snapshot))

    def has(self, kernel_name: str) -> bool:
        """Whether there is one for a kernel of that name."""
        return kernel_name.removeprefix(PREFIX) in self._all

    def get(self, snapshot_id: str) -> Snapshot:
        """One of them; raises Gone."""
        if snapshot_id not in self._all:
            raise Gone("there is no such snapshot")
        return self._all[snapshot_id]

    async def end(self, snapshot_id: str) -> None:
        """End one; raises Gone."""
        snapshot = self.get(snapshot_id)
        del self._all[snapshot_id]
        await snapshot.end()

    async def end_all(self) -> None:
        """End them."""
        for snapshot_id in list(self._all):
            with suppress(Gone):
                await self.end(snapshot_id)

    def _died(self, snapshot: Snapshot) -> None:
        if self._all.pop(snapshot.id, None):
            task = asyncio.ensure_future(snapshot.end())  # what its kernel had: ports, files
            _ENDING.add(task)
            task.add_done_callback(_ENDING.discard)


_ENDING: set["asyncio.Task[None]"] = set()  # tasks that nobody holds may vanish


@dataclass
class Fork:
    """The process of a fork, with the methods of ``subprocess.Popen`` that Jupyter uses.

    It is a child of the snapshot and not of this process: a file tells whether it has ended.
    While `lifeline` is open here it runs. `ports` are as in a connection file.
    """

    pid: int
    file: int
    lifeline: socket.socket
    ports: dict[str, int] = field(default_factory=dict)
    stdin: None = None
    stdout: None = None
    stderr: None = None
    returncode: int | None = field(default=None)

    async def settle(self) -> None:
        """Wait until it has its ports; raises Gone when it ends before."""
        self.lifeline.settimeout(0)
        told = asyncio.get_running_loop().sock_recv(self.lifeline, wire.LIMIT)
        try:
            packet = await asyncio.wait_for(told, PATIENCE)
        except OSError as error:  # also when it takes too long
            raise Gone(f"a fork does not answer: {error!r}") from error
        if not packet:
            raise Gone("a fork ended at once")
        self.ports = wire.read(packet)["ports"]

    def poll(self) -> int | None:
        """None while it runs; how it ended only its parent knows."""
        if self.returncode is None and wire.readable(self.file, seconds=0):
            with suppress(ChildProcessError):  # when this process got it from a dead snapshot
                os.waitpid(self.pid, os.WNOHANG)
            os.close(self.file)
            self.lifeline.close()
            self.returncode = 0
        return self.returncode

    def wait(self) -> int:
        """How it ended; it has."""
        return self.poll() or 0

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it ended."""
        if self.poll() is None:
            signal.pidfd_send_signal(self.file, number)

    def kill(self) -> None:
        """End it now."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)
