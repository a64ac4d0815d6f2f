"""Stands before the engine's socket and writes down what is asked; it changes nothing."""

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

# The start of a request: at the start of what a client sends.
REQUEST = re.compile(rb"^([A-Z]+) (/\S*) HTTP/1\.1\r\n", re.MULTILINE)


class Recorder:
    """Listens at `path` until it is closed; `calls` are methods with addresses.

    Each is told to `heard` before the engine gets it.
    """

    def __init__(
        self, path: Path, engine: Path, heard: Callable[[str], None] = lambda _: None
    ) -> None:
        self.calls: list[str] = []
        self.address = f"unix://{path}"
        self._heard = heard
        self._turn = threading.Lock()
        self._engine = str(engine)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def changing(self) -> list[str]:
        """Those calls that may change something."""
        return [each for each in self.calls if not each.startswith(("GET ", "HEAD "))]

    def close(self) -> None:
        """Take no more callers."""
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(self._engine)
                for target, ends in ((self._ask, (client, engine)), (_pass, (engine, client))):
                    threading.Thread(target=target, args=ends, daemon=True).start()

    def _ask(self, client: socket.socket, engine: socket.socket) -> None:
        def note(data: bytes) -> None:
            for each in REQUEST.findall(data):
                call = b" ".join(each).decode()
                with self._turn:
                    self.calls.append(call)
                    self._heard(call)

        _pass(client, engine, note)


def _pass(
    source: socket.socket, sink: socket.socket, note: Callable[[bytes], None] = lambda _: None
) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            note(data)
            sink.sendall(data)
    for each in (source, sink):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
