"""What the figures share, each part made when first asked for and taken down at the end."""

import contextlib
import tempfile
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from playwright.sync_api import Browser

from bench import browser, notebooks, voila
from bench.stack import Stack


class Ground:
    """A temporary folder with a stack, the peer's environment and a browser.

    With ``containers``, settings of a stack on the target compose, that one is measured.
    """

    def __init__(
        self,
        tell: Callable[[str], None],
        containers: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.tell = tell
        self._containers = containers

    def __enter__(self) -> Self:
        self._held = contextlib.ExitStack()
        self.folder = Path(self._held.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.close()

    @cached_property
    def stack(self) -> Stack:
        """A stack on this machine that has been up once and is down now."""
        self.tell("making the stack and its environments")
        stack = Stack(self.folder / "stack")
        self._held.callback(stack.remove)
        stack.up()
        stack.down()
        return stack

    @cached_property
    def running(self) -> Stack:
        """The stack that is measured, up from now on."""
        if self._containers is not None:
            self.tell("making the stack of containers")
            made = Stack(self.folder / "bench", self._containers, "compose")
            self._held.callback(made.remove)
            made.up()
            return made
        self.tell("starting the stack")
        self.stack.up()
        return self.stack

    @cached_property
    def peer(self) -> Path:
        """Plain Voilà's environment."""
        stack = self.stack
        self.tell("making the environment of plain Voilà")
        return voila.make(self.folder / "voila", stack)

    @cached_property
    def lab(self) -> Path:
        """An environment with JupyterLab and all that it asks for."""
        self.tell("making the environment of plain JupyterLab")
        return voila.environment(self.folder / "lab", self.stack, "jupyterlab", "notebook")

    @cached_property
    def plain(self) -> voila.Voila:
        """Plain Voilà with a local kernel on the slider notebook, running from now on."""
        notebook = notebooks.slider(self.peer)
        return self._held.enter_context(voila.serve(self.peer, notebook))

    @cached_property
    def browser(self) -> Browser:
        """The one browser for both sides."""
        return self._held.enter_context(browser.start())
