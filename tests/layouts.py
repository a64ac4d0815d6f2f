"""Layout metadata as the tools of the field wrote it, good and bad: for each a small notebook."""

from copy import deepcopy
from typing import Any

Metadata = dict[str, Any]

GRID = {
    "cellMargin": 10,
    "defaultCellHeight": 20,
    "maxColumns": 12,
    "name": "grid",
    "type": "grid",
}
REPORT = {"name": "report", "type": "report"}


def v1(active: str = "grid_default", **views: Any) -> Metadata:
    """Of a notebook."""
    views = views or {"grid_default": GRID, "report_default": REPORT}
    return {
        "extensions": {"jupyter_dashboards": {"activeView": active, "version": 1, "views": views}}
    }


def at(col: int | None, row: int | None, width: int | None, height: int | None, **more: Any) -> Any:
    """Of a cell that is in the grid."""
    place = {"col": col, "height": height, "row": row, "width": width, **more}
    return cell(grid_default=place, report_default={"hidden": False})


def cell(**views: Any) -> Metadata:
    return {"extensions": {"jupyter_dashboards": {"version": 1, "views": views}}}


HIDDEN = cell(grid_default={"hidden": True}, report_default={"hidden": True})
WHOLE = (at(0, 0, 12, 4), HIDDEN, at(0, 4, 6, 8), at(6, 4, 6, 8))

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}

# Name → metadata of the notebook, and of its cells.
SAMPLES: dict[str, tuple[Metadata, tuple[Metadata, ...]]] = {
    "whole": (v1(), WHOLE),
    "report": (v1("report_default"), WHOLE),
    "none": ({}, ({}, {}, {})),
    "only-notebook": (v1(), ({}, {}, {})),
    "only-cells": ({}, WHOLE),
    "null-width": (v1(), (at(0, 0, None, 4), at(0, 4, None, None), at(None, None, None, None))),
    "null-rows": (v1(), (at(0, None, 4, 4), at(4, None, 4, 4), at(2, None, 6, 2))),
    "null-columns": (v1(), (at(None, 0, 4, 4), at(None, 0, 4, 4), at(None, 4, 8, 2))),
    "mixed": (v1(), (at(3, 2, 6, 4), at(None, None, 3, 2), at(0, None, 5, 2), at(None, 2, 2, 2))),
    "no-view-of-it": (v1(grid_default=GRID), (cell(report_default={}), cell(), at(2, 0, 4, 4))),
    "no-such-view": (v1("grid_mine"), WHOLE),
    "own-view": (
        v1("board", board={**GRID, "maxColumns": 8, "cellMargin": 4, "defaultCellHeight": 40}),
        (cell(board={"col": 0, "row": 0, "width": 3, "height": 2}), cell(board={"width": 20})),
    ),
    "unknown-keys": (
        v1(grid_default={**GRID, "locked": True, "zoom": 1.5}),
        (at(0, 0, 6, 4, locked=True, note="ours"), at(6, 0, 6, 4, z=[1, {"a": None}])),
    ),
    "newer": (
        {"extensions": {"jupyter_dashboards": {"version": 2, "activeView": "x", "views": {}}}},
        ({"extensions": {"jupyter_dashboards": {"version": 2, "views": {"x": {"a": 1}}}}}, {}),
    ),
    "others": (
        {
            **v1(),
            "celltoolbar": "Dashboard",
            "toc": {"base_numbering": 1, "nav_menu": {}},
            "widgets": {},
        },
        (
            {**at(0, 0, 12, 4), "tags": ["parameters"], "slideshow": {"slide_type": "slide"}},
            {"extensions": {"jupyter_dashboards": {"version": 1, "views": {}}, "x": {"y": [1]}}},
        ),
    ),
    "old-urth": (
        {"urth": {"dashboard": {"layout": "grid", "maxColumns": 12}}},
        ({"urth": {"dashboard": {"col": 0, "row": 0, "width": 12, "height": 4}}}, {}),
    ),
    "gridstack": (
        v1(),
        (
            at(None, None, 2, 2, hidden=True, locked=True),
            at(0, 0, 2, 2, hidden=False, locked=False),
        ),
    ),
    "wrong-kinds": (
        {"extensions": {"jupyter_dashboards": {"activeView": 7, "version": "1", "views": []}}},
        ({"extensions": "none"}, {"extensions": {"jupyter_dashboards": [1]}}, at(0, 0, 3, 3)),
    ),
    "fractions": (
        v1(),
        (
            cell(grid_default={"col": 1.5, "row": 2.5, "width": 3.9}),
            at(-1, -2, 4, 4),
        ),
    ),
    "beyond": (v1(), (at(10, 0, 6, 4), at(0, 100, 40, 4), at(11, 200, 1, 1))),
}


def notebook(name: str) -> Metadata:
    """The sample with a text in each cell, so that nothing has to run."""
    about, cells = deepcopy(SAMPLES[name])
    return {
        "cells": [
            {"cell_type": "markdown", "id": f"c{n}", "metadata": each, "source": [f"Text {n}"]}
            for n, each in enumerate(cells)
        ],
        "metadata": {"kernelspec": KERNEL, **about},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
