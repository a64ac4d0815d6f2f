"""The processes of this app: started in order, ended in the other; nothing here publishes."""

import contextlib
import ctypes
import signal
import socket
import ssl
import subprocess
import time
import urllib.request
from pathlib import Path

from launcher import settings

PYTHON = settings.VENV / "bin" / "python"
READY = 120  # seconds for a server to answer
ENDING = 15  # seconds for a server to end by itself


def free_port() -> str:
    """A TCP port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return str(probe.getsockname()[1])


class Servers:
    """The processes of this app, which end with it."""

    def __init__(self, app: settings.App, env: dict[str, str]) -> None:
        self.state, self.env = Path(app["STATE"]), env
        self.to_files = app["LOGS"] == "files"
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, words: list[str | Path], url: str, token: str = "") -> None:
        """Start one, and wait until it answers."""
        (self.state / "logs").mkdir(mode=0o700, parents=True, exist_ok=True)
        log = self.state / "logs" / f"{name}.log"
        with contextlib.ExitStack() as files:
            out = files.enter_context(log.open("wb")) if self.to_files else None
            self.running[name] = process = subprocess.Popen(
                [PYTHON, "-m", *words],
                cwd=self.state,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT if out else None,
                start_new_session=True,  # Ctrl-C is for this process, which ends them in order
                preexec_fn=end_with_parent,
            )
        deadline = time.monotonic() + READY
        while not answers(url, token):
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                told = f"\n{tail(log)}" if out else ""
                settings.stop(
                    f"the {name} did not start{told}", f"all of its log: {log}" if out else ""
                )
            time.sleep(0.1)

    def wait(self) -> None:
        """Until one of them ends, which none should."""
        while True:
            for name, process in self.running.items():
                if (code := process.poll()) is not None:
                    log = self.state / "logs" / f"{name}.log"
                    settings.stop(
                        f"the {name} ended with code {code}", f"see {log}" if log.is_file() else ""
                    )
            time.sleep(0.5)

    def stop(self, *names: str) -> None:
        """End some of them, or all, the last one first."""
        for name in names or reversed([*self.running]):
            process = self.running.pop(name)
            process.terminate()
            try:
                process.wait(ENDING)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def end_with_parent() -> None:
    """Linux ends a server also when this process is killed."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def answers(url: str, token: str = "") -> bool:
    """Whether a server on this machine is ready."""
    trusting = ssl._create_unverified_context()  # its certificate has the name that people use
    headers = {"Authorization": f"token {token}"} if token else {}
    direct = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting)
    )
    try:
        with direct.open(urllib.request.Request(url, headers=headers), timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def tail(path: Path) -> str:
    """The last lines of a log."""
    return "\n".join(path.read_text(errors="replace").splitlines()[-15:])
