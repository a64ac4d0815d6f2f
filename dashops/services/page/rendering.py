"""Runs a notebook and yields its page piece by piece, without any source; it starts no kernel."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert.filters import strip_ansi
from nbconvert.filters.markdown_mistune import IPythonRenderer
from traitlets.config import Config as Traits
from voila.execute import VoilaExecutor, strip_code_cell_warnings
from voila.exporter import VoilaMarkdownRenderer
from voila.notebook_renderer import NotebookRenderer
from voila.utils import get_page_config

from dashops.services.page import layout

NBCLIENT_RULE = "-" * 18
TEMPLATES = Path(__file__).parent / "templates"

# The number of the cell that runs next, counted from 1, how many there are, and the cell.
Watch = Callable[[int, int, Any], None]


class RunFailed(Exception):
    """The notebook did not run to its end.

    ``text`` is for viewers and says nothing of the code; ``detail`` says it in one line, ``cell``
    counts from 1, ``source`` and ``traceback`` are for its author and for the log.
    """

    died = False  # whether it was its kernel that stopped

    def __init__(self, text: str, detail: str, cell: int, source: str, traceback: str) -> None:
        super().__init__(detail)
        self.text = text
        self.detail = detail
        self.cell = cell
        self.source = source
        self.traceback = strip_ansi(traceback)


class Markdown(VoilaMarkdownRenderer):
    """Leaves image addresses as they are written: a page's files come from its revision alone."""

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """The ``img`` element."""
        return str(IPythonRenderer.image(self, text, url, title))


def traits() -> Traits:
    """How Voilà is set wherever it makes a page."""
    found = Traits()
    found.VoilaConfiguration.show_tracebacks = False
    found.VoilaConfiguration.allow_template_override = "NO"
    found.VoilaConfiguration.allow_theme_override = "NO"
    found.VoilaConfiguration.extension_denylist = ["jupyterlab_pygments"]
    found.VoilaExporter.markdown_renderer_class = Markdown
    found.VoilaExecutor.interrupt_on_timeout = False
    return found


class Renderer(NotebookRenderer):
    """Voilà's renderer, but a cell that fails ends the page instead of leaving half of one.

    ``settings`` are those of Voilà, and the address of what is ``public``. ``kernel`` is what
    nbclient calls a kernel manager. ``watch`` is told before each cell runs; the cell it is given
    gets its outputs later. The first cells have the outputs ``done`` already, and do not run.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        log: Any,
        notebook: Any,
        kernel: Any,
        *,
        watch: Watch = lambda *_: None,
        done: Sequence[Sequence[Any]] = (),
    ) -> None:
        voila, base_url = settings["voila_configuration"], settings["public"]
        super().__init__(
            voila_configuration=voila,
            traitlet_config=settings["traitlet_config"],
            notebook_path="index.ipynb",
            template_paths=[str(TEMPLATES), *settings["template_paths"]],
            base_url=base_url,
            page_config=get_page_config(
                base_url=base_url, settings=settings, log=log, voila_configuration=voila
            ),
            mathjax_config=settings["mathjax_config"],
            mathjax_url=settings["mathjax_url"],
        )
        self._written = notebook
        self._kernel = kernel
        self._watch = watch
        self._done = done

    async def pieces(
        self, kernel_id: str, *, base: str, title: str, bar: Mapping[str, str] | None
    ) -> AsyncGenerator[str, None]:
        """The page as pieces of HTML, each ready when its cells are.

        ``base`` is the path below which its scripts find its kernel. ``bar`` is what stands above
        it: ``home``, the address and ``site``, the name of where it is, ``note`` and ``user``.

        Raises:
            RunFailed: when a cell fails or takes too long, or the kernel dies.
        """
        await self.initialize()
        # What is public has one address for all pages.
        self.resources["base_url"] = base
        self.resources["metadata"]["name"] = title
        placed = layout.of(self.notebook)
        self.resources["dashops"] = {"layout": placed, "title": title, "bar": bar}
        async for piece in self.generate_content_generator(kernel_id):
            yield piece[0]

    async def load_notebook(self, path: str) -> Any:  # noqa: ARG002 Voilà reads it from a folder
        """The notebook, its cells placed."""
        layout.place(self._written)
        return self._written

    def started(self, client: Any) -> None:
        """The kernel listens to its client and has run nothing yet."""

    async def _jinja_kernel_start(self, nb: Any, kernel_id: str, kernel_future: Any) -> str:  # noqa: ARG002
        self.executor = VoilaExecutor(nb, km=self._kernel, config=self.traitlet_config)
        if len(self._done) < len(nb.cells):
            self.executor.kc = await self.executor.async_start_new_kernel_client()
            self.started(self.executor.kc)
        self.kernel_started = True
        return kernel_id

    async def _jinja_cell_generator(self, nb: Any, kernel_id: str) -> AsyncIterator[Any]:  # noqa: ARG002
        try:
            for index, cell in enumerate(nb.cells):
                self._watch(index + 1, len(nb.cells), cell)
                if index < len(self._done):
                    if cell.cell_type == "code":
                        cell.outputs = deepcopy(self._done[index])
                    yield cell
                else:
                    yield await self.run(cell, index)
        finally:
            if self.executor.kc:
                self.executor.kc.stop_channels()

    async def _settle(self, cell: Any) -> None:
        """Let the kernel take what Output widgets show: it is sent there, and never answered.

        Whoever asks for it next, or freezes the kernel, may come before it by another connection.
        """
        if self.executor.comm_objects:
            await self.executor.async_wait_for_reply(self.executor.kc.kernel_info(), cell)

    async def run(self, cell: Any, index: int) -> Any:
        """The cell with its outputs."""
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        number = index + 1
        try:
            # The executor's own method for a cell, as it lets us keep no history.
            done = await self.executor.async_execute_cell(cell, index, store_history=False)
            if number == len(self.executor.nb.cells):
                await self._settle(cell)
        except CellTimeoutError as error:
            late = f"did not finish within {self.executor.timeout} seconds"
            raise RunFailed(
                f"It {late}", f"cell {number} {late}", number, cell.source, ""
            ) from error
        except CellExecutionError as error:
            # The name of a file that IPython made up for the cell helps nobody.
            value = re.sub(r"\(\S*?\d+\.py, line (\d+)\)", r"(line \1)", error.evalue)
            what = f"cell {number} failed: {error.ename}: {value}"
            text = "It stopped with an error"
            # nbclient puts the cell in front of the traceback.
            _, _, after = error.traceback.partition(f"{cell.source.strip()}\n{NBCLIENT_RULE}\n")
            traceback = (after or error.traceback).strip()
            raise RunFailed(text, what, number, cell.source, traceback) from error
        except (DeadKernelError, RuntimeError) as error:
            text = "Its kernel stopped while it was running"
            what = f"the kernel died in cell {number}"
            failed = RunFailed(text, what, number, cell.source, "")
            failed.died = True
            raise failed from error
        if done.cell_type == "code":
            strip_code_cell_warnings(done)
            self.executor.strip_code_cell_errors(done)
        return done
