"""Stands before the engine's socket and writes down what is asked; it changes nothing."""

import re
import socket
import threading
from contextlib import suppress
from pathlib import Path

# The start of a request: at the start of what a client sends.
REQUEST = re.compile(rb"^([A-Z]+) (/\S*) HTTP/1\.1\r\n", re.MULTILINE)


class Recorder:
    """Listens at `path` until it is closed; `calls` are methods with addresses."""

    def __init__(self, path: Path, engine: Path) -> None:
        self.calls: list[str] = []
        self.address = f"unix://{path}"
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
                for ends, noted in (((client, engine), True), ((engine, client), False)):
                    threading.Thread(target=self._pass, args=(*ends, noted), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, noted: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if noted:
                    self.calls += [b" ".join(each).decode() for each in REQUEST.findall(data)]
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
