"""Whether what a run put out is too old, by the clock or as its data changed; it builds none."""

from collections.abc import Mapping, Sequence
from typing import Any

import nbformat
from voila.execute import VoilaExecutor

from dashops.services.dashboard import kernels
from dashops.services.dashboard.serving import running


def limit(*ages: float | None) -> float | None:
    """The shortest of these, where nothing and 0 stand for never."""
    return min((each for each in ages if each), default=None)


async def changed(
    settings: Mapping[str, Any], fork: kernels.ViewerKernel, book: running.Notebook
) -> bool:
    """Whether a cell tagged ``refresh`` gives another result in a fork than it did in the run.

    Raises:
        CellExecutionError, CellTimeoutError, DeadKernelError: when it does not run.
    """
    cells = [nbformat.v4.new_code_cell(book.cells[each]["source"]) for each in book.wants.watched]
    once_more = nbformat.v4.new_notebook(cells=cells)
    executor = VoilaExecutor(once_more, km=fork, config=settings["traitlet_config"])
    executor.kc = await executor.async_start_new_kernel_client()
    try:
        for index, cell in enumerate(cells):
            await executor.async_execute_cell(cell, index, store_history=False)
    finally:
        executor.kc.stop_channels()
    before = [result(fork.kept.outputs[each]) for each in book.wants.watched]
    return before != [result(each.outputs) for each in cells]


def result(outputs: Sequence[Any]) -> list[str]:
    """The text of what a cell results in."""
    return [
        each["data"].get("text/plain", "")
        for each in outputs
        if each["output_type"] == "execute_result"
    ]
