"""A stack in containers for tests, used through its command line and its engine."""

import json
import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import engines
import yaml
from live import placed

DASHOPS = Path(sys.executable).with_name("dashops")
COMPOSE = Path(sysconfig.get_path("purelib")) / "compose" / "docker-compose"
NAME = os.environ.get("DASHOPS_TEST_STACK", "demo")  # another where tests share an engine
# What this machine trusts, which containers do not know: as behind a company's proxy.
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True)
class Stack:
    """One in a folder of its own, on an engine."""

    folder: Path
    engine: str
    ports: dict[str, int]

    @property
    def project(self) -> str:
        return f"dashops-{yaml.safe_load((self.folder / 'dashops.yaml').read_text())['name']}"

    def dashops(self, *words: str | Path, code: int | None = 0, engine: str = "") -> str:
        """What a command printed, with its errors where another code than 0 is expected.

        None stands for any code.
        """
        done = subprocess.run(
            [DASHOPS, *words],
            cwd=self.folder,
            env={**os.environ, "DOCKER_HOST": engine or self.engine},
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert code is None or done.returncode == code, (
            f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        return done.stdout if code == 0 else done.stdout + done.stderr

    def begin(self, *words: str, engine: str = "") -> subprocess.Popen[bytes]:
        """A command that goes on, with a group of processes of its own; `log` has what it says."""
        with self.log.open("wb") as said:
            return subprocess.Popen(
                [DASHOPS, *words],
                cwd=self.folder,
                env={**os.environ, "DOCKER_HOST": engine or self.engine},
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    @property
    def log(self) -> Path:
        return self.folder / "command.log"

    def docker(self, *words: str | Path) -> str:
        """What the engine's own command printed."""
        return self._run("docker", *words)

    def compose(self, *words: str) -> str:
        """What Compose printed, used by hand on the rendered file."""
        file = self.folder / ".dashops" / "rendered" / "compose.yaml"
        return self._run(COMPOSE, "--file", file, *words)

    def container(self, slot: str) -> str:
        """The name of a slot's container, the first where there are several."""
        return min(self.docker("ps", "--all", *self._of(slot)).split())

    def running(self, slot: str) -> set[str]:
        """The names of a slot's containers that run."""
        return set(self.docker("ps", *self._of(slot)).split())

    def memory(self, slot: str) -> int:
        """Bytes that processes of a slot's container take; shared ones are divided among them.

        Asked of the kernel, as the engine does not know it on every machine.
        """
        pids = self.docker("top", self.container(slot), "-o", "pid").split()[1:]
        rolled = (Path("/proc", pid, "smaps_rollup").read_text() for pid in pids)
        return sum(int(text.partition("\nPss:")[2].split()[0]) * 1024 for text in rolled)

    def slots(self) -> dict[str, dict[str, Any]]:
        done = subprocess.run(
            [DASHOPS, "status", "--json"],
            cwd=self.folder,
            env={**os.environ, "DOCKER_HOST": self.engine},
            capture_output=True,
            text=True,
            timeout=60,
        )
        return {each["slot"]: each for each in json.loads(done.stdout)["slots"]}

    def _of(self, slot: str) -> tuple[str, ...]:
        mine = ("--filter", f"label=dashops.stack={self.project.removeprefix('dashops-')}")
        return (*mine, "--filter", f"label=dashops.slot={slot}", "--format", "{{.Names}}")

    def _run(self, *words: str | Path) -> str:
        done = subprocess.run(
            words,
            env={**os.environ, "DOCKER_HOST": self.engine},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout.strip()


def make(folder: Path, engine: str) -> Stack:
    """A stack that was never up, on free ports."""
    ports, settings = placed()
    settings |= {
        "images": {"base": engines.BASE},
        "environment": {"certificates": AUTHORITIES},
    }
    (folder / "dashops.yaml").write_text(yaml.safe_dump({"name": NAME, **settings}))
    return Stack(folder, engine, ports)


def runs(pattern: str) -> bool:
    """Whether there is a process whose command has it."""
    return subprocess.run(["pgrep", "-f", pattern], capture_output=True).returncode == 0
