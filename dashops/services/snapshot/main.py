"""The life of the process: a kernel, then perhaps a snapshot, and in its forks a kernel again."""

import asyncio
import atexit
import ctypes
import gc
import os
import signal
import socket
import sys
from typing import Any

from tornado import ioloop

from . import environ, forking, handed, hazards, loop, randomness, tidying, wire
from .app import App

PDEATHSIG = 1  # of prctl(2)


def run(link: int, arguments: list[str]) -> None:
    """Be a kernel until told to end; on request of the gateway become a snapshot.

    Args:
        link: file number of this end of the connection to the gateway.
        arguments: of ipykernel.
    """
    _end_with_gateway()
    end = socket.socket(fileno=link)
    end.set_inheritable(False)
    seeds, seen = randomness.Seeds(), environ.watch()
    app: Any = App.instance()
    app.initialize(arguments)
    main_loop = ioloop.IOLoop.current().asyncio_loop  # type: ignore[attr-defined]
    sources: list[str] = []
    app.shell.events.register("pre_run_cell", lambda info: sources.append(info.raw_cell))
    kernel = _Freezable(app, end, main_loop)
    while (wish := kernel.run()) is not None:
        app.detach()
        tidying.tidy()
        found = hazards.look(main_loop, end, seen)
        if hazards.forbid(found, anyway=wish["anyway"]):
            wire.send(end, {"frozen": False, "hazards": found})
            app.attach()
            continue
        seeds.find(sources)
        _freeze()
        wire.send(end, {"frozen": True, "hazards": found})
        told, lifeline = forking.serve(end)
        # From here on this is the fork of a viewer.
        atexit._clear()  # what the notebook left to be cleaned up is the snapshot's
        forking.settle(lifeline)
        os.environ.update(told["env"])
        handed.hand(told.get("claims", ""))
        loop.renew(main_loop)
        seeds.renew()
        wire.send(lifeline, {"ports": app.attach(told["connection_file"])})
        app.start()
        _leave()


class _Freezable:
    """A kernel that runs until it ends or the gateway wants a snapshot of it."""

    def __init__(self, app: Any, end: socket.socket, own: asyncio.AbstractEventLoop) -> None:
        self._app = app
        self._end = end
        self._loop = own
        self._wish: dict[str, Any] | None = None

    def run(self) -> dict[str, Any] | None:
        """What the gateway wishes, or None when the kernel was told to end."""
        self._wish = None
        self._loop.add_reader(self._end, self._asked)
        self._app.start()
        self._loop.remove_reader(self._end)
        return self._wish

    def _asked(self) -> None:
        received = wire.receive(self._end)
        if received is None:  # the gateway is gone or does not want a snapshot any more
            self._loop.remove_reader(self._end)
            return
        self._wish = received[0]
        self._loop.call_soon(self._loop.stop)


def _end_with_gateway() -> None:
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)  # it ended before it could be watched


def _freeze() -> None:
    """Keep the collector away from what is shared: looking at an object would copy its page."""
    gc.collect()
    gc.freeze()


def _leave() -> None:
    """End a fork without what the snapshot's process would do at its end."""
    atexit._run_exitfuncs()
    os._exit(0)
