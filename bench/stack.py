"""The measured side: a dashops stack of its own in a temporary folder, through its CLI only."""

import json
import sys
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import psutil
import yaml

from bench import notebooks, processes

PROGRAM = Path(sys.executable).parent / "dashops"
SLOTS = ("gateway", "dashboard", "notebook")


class Stack:
    """One stack; `up` makes its environments the first time, `remove` leaves nothing."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        target: str = "local",
    ) -> None:
        self.folder = folder
        self.state = folder / ".dashops"
        *free, content = processes.free_ports(len(SLOTS) + 1)
        self.ports = dict(zip(SLOTS, free, strict=True))
        folder.mkdir()
        sections: dict[str, Any] = {slot: {"port": port} for slot, port in self.ports.items()}
        sections["target"] = target
        sections["dashboard"]["content_port"] = content
        for section, values in (settings or {}).items():
            sections[section] = {**sections.get(section, {}), **values}
        (folder / "dashops.yaml").write_text(yaml.safe_dump(sections))

    def up(self) -> None:
        """Return when all slots are healthy."""
        self._dashops("up", "--yes")

    def timed(self) -> float:
        """Seconds of an `up`; it is down again after it."""
        began = time.perf_counter()
        self.up()
        took = time.perf_counter() - began
        self.down()
        return took

    def down(self) -> None:
        """Stop all slots; environments stay."""
        self._dashops("down")

    def remove(self) -> None:
        """Stop all slots and remove what they wrote."""
        self._dashops("down", "--purge", "--yes")

    def secret(self, name: str) -> str:
        """A password or token of the stack."""
        return (self.state / "secrets" / name).read_text().strip()

    def rendered(self, path: str) -> Path:
        """A rendered file."""
        return self.state / "rendered" / path

    @property
    def url(self) -> str:
        """The dashboard server's address."""
        return f"http://127.0.0.1:{self.ports['dashboard']}"

    def address(self, notebook: Path) -> str:
        """Where a deployed notebook is shown."""
        return f"{self.url}/dashboards/{notebook.stem}/"

    @cached_property
    def slider(self) -> str:
        """Address of the slider notebook, deployed on first use."""
        return self.deploy(notebooks.slider(self.folder))

    @cached_property
    def sleep(self) -> str:
        """Address of the sleeping notebook, deployed on first use."""
        return self.deploy(notebooks.sleep(self.folder))

    def deploy(self, notebook: Path) -> str:
        """The address of a notebook, deployed now."""
        self._dashops("deploy-notebook", notebook)
        return self.address(notebook)

    def api(self, method: str, path: str, **content: Any) -> httpx.Response:
        """One request to the API, with the token that may do all."""
        headers = {"Authorization": f"token {self.secret('admin-token')}"}
        url = f"{self.url}/_api/{path}"
        return httpx.request(method, url, headers=headers, timeout=120, **content)

    def process(self, slot: str) -> psutil.Process:
        """The process of a slot of the running stack."""
        status = json.loads(self._dashops("status", "--json"))
        pid = next(each["pid"] for each in status["slots"] if each["slot"] == slot)
        found = psutil.Process(pid)
        # The first process of a container only looks after the others.
        return found.children()[0] if found.name() == "tini" else found

    def settle(self) -> None:
        """Return when no viewer has a kernel and the gateway rests."""
        deadline = time.monotonic() + processes.PATIENCE
        while self.viewers():
            if time.monotonic() > deadline:
                raise processes.Unmeasured("dashops does not free the kernels of closed pages")
            time.sleep(processes.QUIET)
        # Snapshots, which are its children, stay for the next viewer.
        processes.settle(self.process("gateway"), alone=False)

    def viewers(self) -> list[Any]:
        """Who has a page open."""
        token = {"Authorization": f"token {self.secret('deploy-token')}"}
        answer = httpx.get(f"{self.url}/_api/status", headers=token, timeout=10)
        return list(answer.raise_for_status().json()["viewers"])

    def _dashops(self, *words: str | Path) -> str:
        return processes.command(PROGRAM, *words, cwd=self.folder)
