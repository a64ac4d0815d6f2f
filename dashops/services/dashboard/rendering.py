"""The page of a viewer: a revision's notebook in that viewer's kernel; it starts no kernel."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import nbformat

from dashops.services.dashboard import channels, claims, kernels
from dashops.services.page import rendering

RunFailed = rendering.RunFailed
Watch = rendering.Watch


class Renderer(rendering.Renderer):
    """Tells the kernel who views, and does not take all that a kernel puts out."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        log: Any,
        notebook_text: str,
        kernel: kernels.ViewerKernel,
        watch: Watch,
    ) -> None:
        revision = kernel.visit.revision
        notebook = nbformat.reads(notebook_text, as_version=4)
        notebook.metadata.kernelspec = {
            "name": revision.kernel,
            "display_name": revision.kernel,
            "language": revision.language,
        }
        done = kernel.kept.outputs if kernel.kept else ()
        super().__init__(settings, log, notebook, kernel, watch=watch, done=done)
        self._viewer = kernel

    def started(self, client: Any) -> None:
        """Tell it who views; it does what it is asked in order, so before any cell."""
        told = claims.of(self._viewer.untold)
        if told and self._viewer.visit.revision.language == "python":
            self._viewer.untold = {}
            client.execute(claims.code(told), silent=True, store_history=False, allow_stdin=False)

    async def run(self, cell: Any, index: int) -> Any:
        """The cell with its outputs, unless there are too many."""
        try:
            return await super().run(cell, index)
        except channels.TooMuchOutput as error:
            what = f"cell {index + 1}: {error}"
            text = "Its output is too large to be shown"
            raise RunFailed(text, what, index + 1, cell.source, "") from error


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
    visit = kernel.visit
    bar = {
        "site": settings["title"],
        "home": f"{visit.main}/",
        "note": f"Preview of revision {visit.revision.number}" if visit.pinned else "",
        "user": visit.user,
    }
    renderer = Renderer(settings, log, notebook_text, kernel, watch)
    title = visit.revision.title
    made = renderer.pieces(
        kernel.kernel_id, base=visit.base, title=title, bar=bar if chrome else None
    )
    async for piece in made:
        yield piece
