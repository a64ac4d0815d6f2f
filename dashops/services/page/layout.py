"""Layout metadata of jupyter_dashboards v1 → where each cell goes; pure."""

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Layout:
    """A report, or a grid of ``columns``; ``row_height`` and ``margin`` in px."""

    kind: str
    columns: int = 12
    row_height: int = 20
    margin: int = 10


def of(notebook: dict[str, Any]) -> Layout:
    """The active layout of a notebook; one without any is a report."""
    view = _view(notebook.get("metadata", {}), _active(notebook))
    if view.get("type") != "grid":
        return Layout("report")
    return Layout(
        "grid",
        columns=_whole(view.get("maxColumns"), 12, least=1),
        row_height=_whole(view.get("defaultCellHeight"), 20, least=1),
        margin=_whole(view.get("cellMargin"), 10, least=0),
    )


def place(notebook: dict[str, Any]) -> None:
    """Give each cell ``metadata.dashops_place``: ``{"hidden": bool, "style": css}``.

    Tools in the wild write ``null`` for any of the numbers; the browser then flows the cell.
    """
    active, layout = _active(notebook), of(notebook)
    for cell in notebook["cells"]:
        view = _view(cell["metadata"], active)
        style = ""
        if layout.kind == "grid":
            width = min(_whole(view.get("width"), layout.columns, least=1), layout.columns)
            height = _whole(view.get("height"), 4, least=1)
            col, row = _start(view.get("col")), _start(view.get("row"))
            if col is not None:  # beyond the last column a browser would add narrow ones
                col = min(col, layout.columns - width)
            style = f"grid-column:{_from(col)}span {width};grid-row:{_from(row)}span {height}"
        cell["metadata"]["dashops_place"] = {"hidden": view.get("hidden") is True, "style": style}


def _active(notebook: dict[str, Any]) -> str:
    name = _extension(notebook.get("metadata", {})).get("activeView")
    return name if isinstance(name, str) else "grid_default"


def _extension(metadata: dict[str, Any]) -> dict[str, Any]:
    extensions = metadata.get("extensions")
    found = extensions.get("jupyter_dashboards") if isinstance(extensions, dict) else None
    return found if isinstance(found, dict) else {}


def _view(metadata: dict[str, Any], active: str) -> dict[str, Any]:
    views = _extension(metadata).get("views")
    found = views.get(active) if isinstance(views, dict) else None
    return found if isinstance(found, dict) else {}


def _whole(value: Any, default: int, *, least: int) -> int:
    return max(int(value), least) if _number(value) else default


def _start(value: Any) -> int | None:
    return int(value) if _number(value) and value >= 0 else None


def _from(start: int | None) -> str:
    return "" if start is None else f"{start + 1} / "


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
