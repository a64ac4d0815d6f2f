"""A Docker Engine for tests, with a base image made on this machine; no registry is asked."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

BASE = "dashops-base:bookworm"
# Where one is that has the base image already: nothing is started then.
GIVEN = "DASHOPS_TEST_ENGINE"


def missing() -> str:
    """Why there can be no engine here; empty when there can."""
    return "" if GIVEN in os.environ else unstartable()


def unstartable() -> str:
    """Why none of our own can be started here; empty when one can."""
    if os.geteuid() != 0:
        return "an engine of its own needs root"
    wanted = ("dockerd", "docker", "debootstrap", "iptables")
    gone = [name for name in wanted if shutil.which(name) is None]
    return f"not installed: {', '.join(gone)}" if gone else ""


@contextmanager
def engine(folder: Path) -> Iterator[str]:
    """The address of an engine with the base image; it and all it made is gone at the end."""
    if given := os.environ.get(GIVEN):
        yield given
        return
    with started(folder) as address:
        _base(folder / "base", address)
        yield address


@contextmanager
def started(folder: Path, *before: str) -> Iterator[str]:
    """The address of an engine that has nothing and keeps all in this folder; gone at the end.

    It is called with these words before its own.
    """
    address = f"unix://{folder}/docker.sock"
    with (folder / "dockerd.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(*before, "dockerd", "--host", address, "--data-root", folder / "data"),
                *("--exec-root", folder / "exec", "--pidfile", folder / "pid"),
            ],
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 60
        while not _answers(address):
            said = (folder / "dockerd.log").read_text()[-2000:]
            assert process.poll() is None and time.monotonic() < deadline, said
            time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder / "data", ignore_errors=True)


def docker(address: str, *words: str | Path, env: Mapping[str, str] | None = None) -> str:
    """What Docker's own command printed that asked this engine and went well."""
    done = subprocess.run(
        ["docker", "--host", address, *words],
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
    return done.stdout.strip()


def _answers(address: str) -> bool:
    asked = ["docker", "--host", address, "version"]
    return subprocess.run(asked, capture_output=True).returncode == 0


def _base(folder: Path, address: str) -> None:
    words = ["--variant=minbase", "--include=ca-certificates,python3,python3-venv", "bookworm"]
    done = subprocess.run(["debootstrap", *words, folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
    packed = subprocess.Popen(["tar", "-C", folder, "-c", "."], stdout=subprocess.PIPE)
    asked = ["docker", "--host", address, "import", "-", BASE]
    subprocess.run(asked, stdin=packed.stdout, check=True, capture_output=True)
    assert packed.wait() == 0
    shutil.rmtree(folder)
