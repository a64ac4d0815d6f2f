"""One real stack on free ports for all tests of this folder; each test finds it up and healthy."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from live import free_ports

SECRET_OF_THE_SHELL = "operators-own-secret"

STACK = """\
environment: {packages: []}
dashboard: {port: %d, content_port: %d, frontends: []}
gateway: {port: %d}
notebook: {port: %d, folder: notebooks}
"""


@dataclass
class Stack:
    """The folder of a stack, and `dashops` run in it as an operator would."""

    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / ".dashops"

    def start(self, *words: str) -> "subprocess.Popen[str]":
        env = {name: value for name, value in os.environ.items() if "DASHOPS" not in name}
        return subprocess.Popen(
            # A shell's background job ignores SIGINT, and so would all that it starts.
            ["env", "--default-signal=INT", sys.executable, "-m", "dashops.cli", *words],
            cwd=self.folder,
            env=env | {"AWS_SECRET_ACCESS_KEY": SECRET_OF_THE_SHELL},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def dashops(self, *words: str, code: int = 0) -> tuple[str, str]:
        process = self.start(*words)
        out, err = process.communicate(timeout=180)
        assert process.returncode == code, f"{words} ended with {process.returncode}\n{out}\n{err}"
        return out, err

    def slots(self) -> dict[str, dict[str, Any]]:
        process = self.start("status", "--json")
        return {
            slot["slot"]: slot for slot in json.loads(process.communicate(timeout=60)[0])["slots"]
        }

    def pids(self) -> dict[str, int]:
        return {name: slot["pid"] for name, slot in self.slots().items()}

    def port(self, slot: str) -> int:
        return int(self.slots()[slot]["url"].rpartition(":")[2])

    def secret(self, name: str) -> str:
        return (self.state / "secrets" / name).read_text()

    def edit(self, old: str, new: str) -> None:
        file = self.folder / "dashops.yaml"
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    def processes(self) -> list[psutil.Process]:
        """Everything that was started for this stack and still lives."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = any(str(self.state) in word for word in process.cmdline())
                if ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    (folder / "notebooks").mkdir()
    stack = Stack(folder)
    try:
        yield stack
    finally:
        stack.start("down", "--purge", "-y").communicate(timeout=60)


@pytest.fixture
def stack(made: Stack) -> Iterator[Stack]:
    file = made.folder / "dashops.yaml"
    if not file.exists():
        file.write_text(STACK % tuple(free_ports(4)))
    before = file.read_text()
    made.dashops("up", "-y")
    yield made
    file.write_text(before)
