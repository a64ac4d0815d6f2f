"""Runs a notebook in a viewer's kernel and yields its page piece by piece, without any source."""

from collections.abc import AsyncGenerator, AsyncIterator
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

from dashops.services.dashboard import kernels, layout

TEMPLATES = Path(__file__).parent / "templates"


class RunFailed(Exception):
    """The notebook did not run to its end; ``text`` is for the viewer, ``detail`` for the log."""

    def __init__(self, text: str, detail: str) -> None:
        super().__init__(text)
        self.text = text
        self.detail = strip_ansi(detail)


class Markdown(VoilaMarkdownRenderer):
    """Leaves image addresses as they are written; Voilà's own would read files of the server."""

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """The ``img`` element."""
        return str(IPythonRenderer.image(self, text, url, title))


class Renderer(NotebookRenderer):
    """Voilà's renderer, but a cell that fails ends the page instead of leaving half of one."""

    def __init__(
        self, *, notebook_text: str, kernel: kernels.ViewerKernel, **settings: Any
    ) -> None:
        super().__init__(**settings)
        self._text = notebook_text
        self._kernel = kernel

    async def load_notebook(self, path: str) -> Any:  # noqa: ARG002 Voilà reads it from a folder
        """The notebook of the revision, its cells placed."""
        dashboard = self._kernel.visit.dashboard
        notebook = nbformat.reads(self._text, as_version=4)
        notebook.metadata.kernelspec = {
            "name": dashboard.kernel,
            "display_name": dashboard.kernel,
            "language": dashboard.language,
        }
        layout.place(notebook)
        return notebook

    async def _jinja_kernel_start(self, nb: Any, kernel_id: str, kernel_future: Any) -> str:  # noqa: ARG002
        self.executor = VoilaExecutor(nb, km=self._kernel, config=self.traitlet_config)
        self.executor.kc = await self.executor.async_start_new_kernel_client()
        self.kernel_started = True
        return kernel_id

    async def _jinja_cell_generator(self, nb: Any, kernel_id: str) -> AsyncIterator[Any]:  # noqa: ARG002
        try:
            for index, cell in enumerate(nb.cells):
                yield await self._run(cell, index)
        finally:
            self.executor.kc.stop_channels()

    async def _run(self, cell: Any, index: int) -> Any:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        where = f"cell {index + 1}"
        try:
            # Not VoilaExecutor.execute_cell: it keeps the code in the kernel's history.
            done = await self.executor.async_execute_cell(cell, index, store_history=False)
        except CellTimeoutError as error:
            raise RunFailed(
                f"It did not finish within {self.executor.timeout} seconds", f"{where}: {error}"
            ) from error
        except CellExecutionError as error:
            raise RunFailed("It stopped with an error", f"{where}: {error}") from error
        except (DeadKernelError, RuntimeError) as error:
            raise RunFailed(
                "Its kernel stopped while it was running", f"{where}: {error}"
            ) from error
        if done.cell_type == "code":
            strip_code_cell_warnings(done)
            self.executor.strip_code_cell_errors(done)
        return done


async def pieces(
    handler: Any, kernel: kernels.ViewerKernel, notebook_text: str, *, chrome: bool
) -> AsyncGenerator[str, None]:
    """The page of a dashboard as pieces of HTML, each ready when its cells are.

    Raises:
        RunFailed: when a cell fails or takes too long, or the kernel dies.
    """
    settings, dashboard = handler.settings, kernel.visit.dashboard
    voila = settings["voila_configuration"]
    renderer = Renderer(
        notebook_text=notebook_text,
        kernel=kernel,
        request_handler=handler,
        voila_configuration=voila,
        traitlet_config=settings["traitlet_config"],
        notebook_path=f"{dashboard.name}.ipynb",
        template_paths=[str(TEMPLATES), *settings["template_paths"]],
        base_url=handler.base_url,
        page_config=get_page_config(
            base_url=handler.base_url, settings=settings, log=handler.log, voila_configuration=voila
        ),
        mathjax_config=settings["mathjax_config"],
        mathjax_url=settings["mathjax_url"],
    )
    await renderer.initialize()
    renderer.resources["metadata"]["name"] = dashboard.title
    renderer.resources["dashops"] = {
        "layout": layout.of(renderer.notebook),
        "dashboard": dashboard,
        "title": settings["title"],
        "chrome": chrome,
        "user": kernel.visit.user,
    }
    async for piece in renderer.generate_content_generator(kernel.kernel_id):
        yield piece[0]
