"""One kernel process that can become a snapshot, without a gateway, for tests of what it does."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.channels import HBChannel
from jupyter_client.connect import write_connection_file

from dashops.services import ports
from dashops.services.gateway import snapshots
from dashops.services.snapshot import app, wire

PATIENCE = 30  # seconds
PORTS = ports.Ports()


class Patient(HBChannel):
    """On a busy machine a second without a heartbeat is no death."""

    time_to_dead = float(PATIENCE)


class Kernel:
    """A client of one kernel."""

    def __init__(self, connection_file: str, process: int) -> None:
        self.process = process
        self.client = BlockingKernelClient(hb_channel_class=Patient)
        self.client.load_connection_file(connection_file)
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)

    def run(self, code: str) -> str:
        """What it printed, and the value of the last expression; its errors fail the test."""
        said: list[str] = []
        comms: list[dict[str, Any]] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                said.append(content["text"])
            elif message["msg_type"] in ("execute_result", "display_data"):
                said.append(content["data"]["text/plain"])
            elif message["msg_type"] == "comm_msg":
                comms.append(content["data"])

        answer = self.client.execute_interactive(
            code, store_history=False, timeout=PATIENCE, output_hook=hear
        )
        assert answer["content"]["status"] == "ok", answer["content"]
        self.comms = comms
        return "".join(said).strip()

    def end(self) -> None:
        self.client.stop_channels()


class Frozen:
    """The process and the gateway's end of its link."""

    def __init__(self, folder: Path, *, python: str = sys.executable) -> None:
        self.folder = folder
        self.link, its = wire.pair()
        self.link.settimeout(PATIENCE)
        found = {name: PORTS.find_available_port("127.0.0.1") for name in app.PORTS}
        self.connection_file, _ = write_connection_file(str(folder / "first.json"), **found)
        words = [python, "-m", snapshots.LAUNCHER, "-f", self.connection_file]
        log = (folder / "log").open("wb")
        self.popen = subprocess.Popen(
            snapshots.command(words, its.fileno()),
            pass_fds=(its.fileno(),),
            cwd=folder,
            stdout=log,
            stderr=log,
            env={**os.environ, "HOME": str(folder)},
        )
        log.close()
        its.close()
        self.lifelines: list[socket.socket] = []
        self.forks: list[Kernel] = []
        self.kernel = Kernel(self.connection_file, self.popen.pid)

    def freeze(self, *, anyway: bool = False) -> dict[str, Any]:
        wire.send(self.link, {"anyway": anyway})
        received = wire.receive(self.link)
        if received is None:
            return {"frozen": False, "hazards": [snapshots.DIED]}
        if not received[0]["frozen"]:
            self.kernel.end()
            self.kernel = Kernel(self.connection_file, self.popen.pid)
        return received[0]

    def fork(self, **variables: str) -> Kernel:
        path, _ = write_connection_file(str(self.folder / f"fork{len(self.forks)}.json"))
        lifeline, its = wire.pair()
        wire.send(self.link, {"connection_file": path, "env": variables}, its.fileno())
        its.close()
        self.lifelines.append(lifeline)
        received = wire.receive(self.link)
        assert received, "the snapshot ended"
        answer, files = received
        assert "failed" not in answer, answer
        os.close(files[0])
        told = wire.receive(lifeline)
        assert told, "the fork ended"
        info = {**json.loads(Path(path).read_text()), **told[0]["ports"]}
        Path(path).write_text(json.dumps(info))
        kernel = Kernel(path, answer["process"])
        self.forks.append(kernel)
        return kernel

    def end(self) -> None:
        for each in (self.kernel, *self.forks):
            each.end()
        for each in self.lifelines:
            each.close()
        self.link.close()
        self.popen.send_signal(signal.SIGKILL)
        self.popen.wait()


@contextmanager
def process(folder: Path, *cells: str) -> Iterator[Frozen]:
    """A kernel that has run some cells."""
    frozen = Frozen(folder)
    try:
        for cell in cells:
            frozen.kernel.run(cell)
        yield frozen
    finally:
        frozen.end()
