"""Commands and servers of a bench run; every server is stopped by pid with all it started."""

import contextlib
import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import psutil

POLL = 0.01
PATIENCE = 60.0
QUIET = 0.5

# What dashops and Jupyter read from the environment would make the two sides unlike.
FOREIGN = ("DASHOPS_", "JUPYTER", "VOILA", "IPYTHON", "PYTHON", "KG_", "VIRTUAL_ENV")


class Unmeasured(Exception):
    """Something a figure needs did not work; the text says what."""


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without settings of the measured programs, and `more`."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return {**plain, **(more or {})}


def command(*argv: str | Path, cwd: Path | None = None) -> str:
    """The output of a command; Unmeasured with its last words when it fails."""
    words = [str(word) for word in argv]
    done = subprocess.run(
        words, cwd=cwd, env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Unmeasured(f"`{' '.join(words)}` failed: {(done.stderr or done.stdout)[-2000:]}")
    return done.stdout


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, from the system."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


@contextlib.contextmanager
def server(
    argv: Sequence[str | Path],
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[psutil.Process]:
    """Run a server while the block runs."""
    with log.open("ab") as output:
        started = subprocess.Popen(
            [str(word) for word in argv],
            env=environment(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    process = psutil.Process(started.pid)
    try:
        yield process
    finally:
        family = [process, *children(process)]
        started.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            started.wait(10)
        for each in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        started.wait()


def wait_for(port: int, path: str, headers: Mapping[str, str], process: psutil.Process) -> None:
    """Return as soon as the address answers 200; Unmeasured when its server ends or is late."""
    deadline = time.monotonic() + PATIENCE
    while not answers(port, path, headers):
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            raise Unmeasured(f"the server of port {port} ended")
        if time.monotonic() > deadline:
            raise Unmeasured(f"port {port} did not answer {path} within {PATIENCE:.0f} s")
        time.sleep(POLL)


def answers(port: int, path: str, headers: Mapping[str, str]) -> bool:
    """Whether the address answers 200 now."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path, headers=dict(headers))
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def settle(process: psutil.Process, *, alone: bool) -> None:
    """Return when a server and its children rest, and if `alone` when none is left.

    Unmeasured when that never is, or when the server ends.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        before = times((process, *children(process)))
        time.sleep(QUIET)
        after = times((process, *children(process)))
        if process.pid not in after:
            raise Unmeasured(f"process {process.pid} ended")
        used = sum(after[pid] - before.get(pid, 0.0) for pid in after)
        if used < QUIET / 10 and not (alone and len(after) > 1):
            return
        if time.monotonic() > deadline:
            raise Unmeasured(f"process {process.pid} does not come to rest")


def times(several: Iterable[psutil.Process]) -> dict[int, float]:
    """Seconds of processor time so far, by process, of those that live."""
    found = {}
    for each in several:
        with contextlib.suppress(psutil.NoSuchProcess):
            found[each.pid] = cpu_seconds(each)
    return found


def cpu_seconds(process: psutil.Process) -> float:
    """Seconds of processor time the process has used so far, without its children."""
    times = process.cpu_times()
    return float(times.user + times.system)


def children(process: psutil.Process) -> list[psutil.Process]:
    """Everything below a process that lives."""
    try:
        found = process.children(recursive=True)
        return [each for each in found if each.status() != psutil.STATUS_ZOMBIE]
    except psutil.NoSuchProcess:
        return []
