"""What the figures share, each part made when first asked for and taken down at the end."""

import contextlib
import tempfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from playwright.sync_api import Browser

from bench import browser, notebooks, voila
from bench.stack import Stack


class Ground:
    """A temporary folder with a stack, the peer's environment and a browser."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.tell = tell

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
        """A stack that has been up once and is down now."""
        self.tell("making the stack and its environments")
        stack = Stack(self.folder / "stack")
        self._held.callback(stack.remove)
        stack.up()
        stack.down()
        return stack

    @cached_property
    def running(self) -> Stack:
        """The stack, up from now on."""
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
