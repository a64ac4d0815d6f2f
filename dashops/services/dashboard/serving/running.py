"""Runs a notebook without a viewer, so that viewers can go on from there; it keeps no record."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashops import bundle as bundles
from dashops import errors
from dashops.services.dashboard import kernels, rendering, store
from dashops.services.dashboard.serving import kept, modes

FREEZABLE = {"DASHOPS_SNAPSHOT": "build"}
"""What makes a gateway start a kernel so that it can become a snapshot."""


@dataclass(frozen=True)
class Notebook:
    """A revision's notebook, as text and as what its author asks for."""

    text: str
    cells: list[dict[str, Any]]
    wants: bundles.Opening


def notebook(dashboards: store.Store, revision: store.Revision) -> Notebook:
    """The notebook of a revision."""
    text = dashboards.notebook_text(revision.digest)
    read = json.loads(text)
    return Notebook(text, read["cells"], wants(read))


def wants(notebook: Mapping[str, Any]) -> bundles.Opening:
    """What a stored notebook asks for; one of before that was checked may ask for nonsense."""
    try:
        return bundles.opening(notebook)
    except errors.SpecError:
        return bundles.opening({**notebook, "metadata": {}})


async def run(
    settings: Mapping[str, Any],
    log: Any,
    kernel: kernels.ViewerKernel,
    text: str,
    watch: rendering.Watch,
) -> None:
    """Run all cells of a notebook.

    Raises:
        RunFailed, TimeoutError: when they do not run to their end.
    """
    async with asyncio.timeout(settings["run_timeout"]):
        # Rendered too, because what cannot be must be found out before a viewer comes.
        pieces = rendering.pieces(settings, log, kernel, text, chrome=False, watch=watch)
        async for _ in pieces:
            pass


async def execute(
    settings: Mapping[str, Any],
    log: Any,
    kernel: kernels.ViewerKernel,
    book: Notebook,
    watch: rendering.Watch = lambda *_: None,
) -> kept.Kept:
    """Run the cells that need not run for each viewer; raises as ``run``."""
    shared = book.cells[: book.wants.shared]
    ran: list[Any] = []

    def note(number: int, count: int, cell: Any) -> None:
        ran.append(cell)
        watch(number, count, cell)

    text = json.dumps({**json.loads(book.text), "cells": shared})
    await run(settings, log, kernel, text, note)
    return kept.Kept(kept.outputs(ran), whole=len(shared) == len(book.cells))


async def freeze(
    settings: Mapping[str, Any], kernel: kernels.ViewerKernel, book: Notebook
) -> modes.Mode:
    """Make a snapshot of a kernel that ran a notebook, if it may be one; how to open it then.

    A kernel that was frozen is forgotten as one, any other lives on.

    Raises:
        web.HTTPError: 503 when the gateway or the kernel is gone.
    """
    asked = book.wants.mode
    python = kernel.visit.revision.language == "python"
    if not python and book.wants.shared < len(book.cells):
        # Only Python's can be told of its viewer after it was started.
        return modes.Mode(modes.FRESH, ("it has cells of each viewer, and is not in Python",))
    if asked in (modes.WARM, modes.FRESH):
        return modes.decide(asked, (), frozen=False)
    frozen = await kernel.gateway.freeze(kernel.kernel_id, anyway=asked == modes.SNAPSHOT)
    if frozen.snapshot:
        settings["kernel_manager"].forget(kernel.kernel_id)
    hazards = [modes.Hazard(*each) for each in frozen.hazards]
    return modes.decide(asked, hazards, frozen=frozen.snapshot is not None)
