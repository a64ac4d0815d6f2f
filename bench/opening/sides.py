"""Who is measured: dashops, plain Voilà and preheated Voilà, each showing one notebook."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import Browser, BrowserContext

from bench import browser, processes, voila
from bench.opening.result import DASHOPS, PLAIN, PREHEATED
from bench.stack import Stack

XSRF = "0123456789abcdef" * 2
PATIENCE = 180.0
QUIET = 0.5
RESTING = 10.0
"""Percent of a core."""


@dataclass(frozen=True)
class Side:
    """A server that shows one notebook at `url`."""

    name: str
    url: str
    cookies: dict[str, str]
    context: BrowserContext
    servers: tuple[psutil.Process, ...]
    kernels: Callable[[], list[psutil.Process]]
    """The processes of kernels and of what makes them."""
    empty: Callable[[], bool]
    """Whether nobody has a page open, and what is kept ready for the next one is there."""

    def rest(self) -> None:
        """Return when nobody is there and nothing works any more."""
        deadline = time.monotonic() + PATIENCE
        # The use first: asking without a pause whether it is empty would be work of its own.
        while not (self.used(QUIET) < RESTING and self.empty()):
            if time.monotonic() > deadline:
                raise processes.Unmeasured(f"{self.name} does not come to rest")

    def calm(self) -> None:
        """Return when nothing works any more, or has not stopped for a while."""
        deadline = time.monotonic() + PATIENCE / 6
        while self.used(QUIET) > RESTING and time.monotonic() < deadline:
            pass

    def resting(self) -> float:
        """Bytes, proportional, of the processes there are besides the servers."""
        found = 0.0
        for each in self.kernels():
            with contextlib.suppress(psutil.NoSuchProcess):
                found += each.memory_full_info().pss
        return found

    def used(self, seconds: float) -> float:
        """Percent of one core that servers and kernels use in the seconds from now."""
        before, began = self._times(), time.perf_counter()
        time.sleep(seconds)
        after, took = self._times(), time.perf_counter() - began
        return 100 * sum(after[pid] - before.get(pid, 0.0) for pid in after) / took

    def _times(self) -> dict[int, float]:
        return processes.times((*self.servers, *self.kernels()))


def dashops(engine: Browser, stack: Stack, notebook: Path, script: str) -> Side:
    """The stack, with the notebook deployed."""
    url = stack.deploy(notebook)
    context = browser.viewer(engine, stack, script)
    servers = (stack.process("dashboard"), stack.process("gateway"))
    cookies = {each["name"]: each["value"] for each in context.cookies()}

    def kernels() -> list[psutil.Process]:
        return processes.children(servers[1])

    return Side(DASHOPS, url, cookies, context, servers, kernels, lambda: not stack.viewers())


@contextlib.contextmanager
def peer(
    engine: Browser, environment: Path, notebook: Path, script: str, pool: int = 0
) -> Iterator[Side]:
    """Voilà with local kernels while the block runs, so many of them preheated."""
    options = ("--preheat_kernel=True", f"--pool_size={pool}") if pool else ()
    name = PREHEATED if pool else PLAIN
    with voila.serve(environment, notebook, options=options) as served:
        context = browser.stranger(engine, served.url, script)

        def kernels() -> list[psutil.Process]:
            return processes.children(served.process)

        yield Side(
            name,
            served.url,
            {"_xsrf": XSRF},
            context,
            (served.process,),
            kernels,
            lambda: len(kernels()) == pool,
        )
        context.close()
