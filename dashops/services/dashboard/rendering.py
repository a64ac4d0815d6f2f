"""Runs a notebook in a viewer's kernel and yields its page piece by piece, without any source."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert.filters import strip_ansi
from nbconvert.filters.markdown_mistune import IPythonRenderer
from voila.execute import VoilaExecutor, strip_code_cell_warnings
from voila.exporter import VoilaMarkdownRenderer
from voila.notebook_renderer import NotebookRenderer
from voila.utils import get_page_config

from dashops.services.dashboard import channels, claims, kernels, layout

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


class Renderer(NotebookRenderer):
    """Voilà's renderer, but a cell that fails ends the page instead of leaving half of one."""

    def __init__(
        self,
        *,
        notebook_text: str,
        kernel: kernels.ViewerKernel,
        watch: Watch,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self._text = notebook_text
        self._kernel = kernel
        self._watch = watch
        self._done: Sequence[Sequence[Any]] = kernel.kept.outputs if kernel.kept else ()

    async def load_notebook(self, path: str) -> Any:  # noqa: ARG002 Voilà reads it from a folder
        """The notebook of the revision, its cells placed."""
        revision = self._kernel.visit.revision
        notebook = nbformat.reads(self._text, as_version=4)
        notebook.metadata.kernelspec = {
            "name": revision.kernel,
            "display_name": revision.kernel,
            "language": revision.language,
        }
        layout.place(notebook)
        return notebook

    async def _jinja_kernel_start(self, nb: Any, kernel_id: str, kernel_future: Any) -> str:  # noqa: ARG002
        self.executor = VoilaExecutor(nb, km=self._kernel, config=self.traitlet_config)
        if len(self._done) < len(nb.cells):
            self.executor.kc = await self.executor.async_start_new_kernel_client()
            self._tell(claims.of(self._kernel.untold))
        self.kernel_started = True
        return kernel_id

    def _tell(self, told: str) -> None:
        """Tell the kernel who views; it does what it is asked in order, so before any cell."""
        if told and self._kernel.visit.revision.language == "python":
            self._kernel.untold = {}
            self.executor.kc.execute(
                claims.code(told), silent=True, store_history=False, allow_stdin=False
            )

    async def _jinja_cell_generator(self, nb: Any, kernel_id: str) -> AsyncIterator[Any]:  # noqa: ARG002
        try:
            for index, cell in enumerate(nb.cells):
                self._watch(index + 1, len(nb.cells), cell)
                if index < len(self._done):
                    if cell.cell_type == "code":
                        cell.outputs = deepcopy(self._done[index])
                    yield cell
                else:
                    yield await self._run(cell, index)
        finally:
            if self.executor.kc:
                self.executor.kc.stop_channels()

    async def _run(self, cell: Any, index: int) -> Any:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        number = index + 1
        try:
            # The executor's own method for a cell, as it lets us keep no history.
            done = await self.executor.async_execute_cell(cell, index, store_history=False)
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
        except channels.TooMuchOutput as error:
            what = f"cell {number}: {error}"
            text = "Its output is too large to be shown"
            raise RunFailed(text, what, number, cell.source, "") from error
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


async def pieces(
    settings: Mapping[str, Any],
    log: Any,
    kernel: kernels.ViewerKernel,
    notebook_text: str,
    *,
    chrome: bool,
    watch: Watch = lambda *_: None,
) -> AsyncGenerator[str, None]:
    """The page of a dashboard as pieces of HTML, each ready when its cells are.

    ``watch`` is told before each cell runs; the cell it is given gets its outputs later. What
    the kernel ran before, its ``kept``, does not run again.

    Raises:
        RunFailed: when a cell fails or takes too long, or the kernel dies.
    """
    revision, base_url = kernel.visit.revision, settings["public"]
    voila = settings["voila_configuration"]
    renderer = Renderer(
        notebook_text=notebook_text,
        kernel=kernel,
        watch=watch,
        voila_configuration=voila,
        traitlet_config=settings["traitlet_config"],
        notebook_path=f"{revision.name}.ipynb",
        template_paths=[str(TEMPLATES), *settings["template_paths"]],
        base_url=base_url,
        page_config=get_page_config(
            base_url=base_url, settings=settings, log=log, voila_configuration=voila
        ),
        mathjax_config=settings["mathjax_config"],
        mathjax_url=settings["mathjax_url"],
    )
    await renderer.initialize()
    # Where its scripts find its kernel; what is public has one address for all pages.
    renderer.resources["base_url"] = kernel.visit.base
    renderer.resources["metadata"]["name"] = revision.title
    renderer.resources["dashops"] = {
        "layout": layout.of(renderer.notebook),
        "dashboard": revision,
        "title": settings["title"],
        "chrome": chrome,
        "user": kernel.visit.user,
        "main": kernel.visit.main,
        "preview": kernel.visit.pinned,
    }
    async for piece in renderer.generate_content_generator(kernel.kernel_id):
        yield piece[0]
