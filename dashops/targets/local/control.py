"""`python -m dashops.targets.local.control STATE restart SLOT | stop`: steps no tool has ready."""

import contextlib
import http.client
import os
import signal
import sys
import time
import xmlrpc.client
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from dashops.targets.local import supervisor
from dashops.targets.local.facts import roots

# Seconds. A slot has 10 s to end (stopwaitsecs in the recipe) before its supervisor kills it.
PATIENCE = 15
POLL = 0.03


def restart(state_dir: Path, slot: str) -> None:
    """Read the slot's program file again and start it afresh, whatever state it is in.

    `supervisorctl update` leaves a slot alone whose file is unchanged, and `restart` waits until
    the slot counts as running.
    """
    control = supervisor.connect(state_dir)
    control.reloadConfig()
    if slot in {each["group"] for each in control.getAllProcessInfo()}:
        control.stopProcessGroup(slot)
        control.removeProcessGroup(slot)
    control.addProcessGroup(slot)


def stop(state_dir: Path) -> list[int]:
    """End the supervisor and every slot with all they started; the pids that would not end.

    Slots whose supervisor died are found and ended too.
    """
    # This may run in a terminal of the JupyterLab it ends.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    mine = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    ours = [psutil.Process(pid) for pid in roots(state_dir) if psutil.pid_exists(pid)]
    family = {process for process in _families(ours) if process.pid not in mine}
    try:
        control = supervisor.connect(state_dir)
        control.stopAllProcesses()
        control.shutdown()
    except (OSError, http.client.HTTPException, xmlrpc.client.Error):
        _send(ours, psutil.Process.terminate)
    alive = _wait(family, PATIENCE)
    _send(alive, psutil.Process.kill)
    return [process.pid for process in _wait(alive, PATIENCE)]


def _families(roots: Iterable[psutil.Process]) -> Iterable[psutil.Process]:
    for process in roots:
        yield process
        with contextlib.suppress(psutil.NoSuchProcess):
            yield from process.children(recursive=True)


def _send(processes: Iterable[psutil.Process], signal: Callable[[psutil.Process], None]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            signal(process)


def _wait(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    deadline = time.monotonic() + seconds
    alive = [process for process in processes if _lives(process)]
    while alive and time.monotonic() < deadline:
        time.sleep(POLL)
        alive = [process for process in alive if _lives(process)]
    return alive


def _lives(process: psutil.Process) -> bool:
    # In a container without an init nobody collects the dead.
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def main() -> None:
    """Do what the words on the command line say; the exit code is 1 when something stays alive."""
    state_dir, verb, *words = sys.argv[1:]
    if verb == "restart":
        restart(Path(state_dir), *words)
    elif alive := stop(Path(state_dir)):
        sys.exit(f"still running: {', '.join(map(str, alive))}")


if __name__ == "__main__":
    main()
