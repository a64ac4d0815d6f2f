"""What a notebook asks about the way it is opened; pure, and it knows no kernel."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashops import errors

MODES = {
    "snapshot": "opens from a snapshot",
    "warm": "opens from warm kernels",
    "fresh": "runs anew for each viewer",
}
"""How a dashboard can open, and how people are told."""
PER_VIEWER, REFRESH = "per-viewer", "refresh"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LEAST = 10  # seconds between two refreshes, each of which runs the notebook
EVERY = 60

_DURATION = re.compile(r"(\d{1,6})\s*([smhd]?)")


@dataclass(frozen=True)
class Opening:
    """How its author wants a notebook to be opened.

    ``mode`` is one of MODES, or None where the server shall decide. ``shared`` are the leading
    cells that need not run for each viewer. ``refresh`` is after how many seconds the notebook
    has to run again, None for never; ``watched`` are cells, counted from 0, whose results are
    compared every ``every`` seconds, for the same.
    """

    mode: str | None
    shared: int
    refresh: int | None
    every: int
    watched: tuple[int, ...]


def opening(notebook: Mapping[str, Any]) -> Opening:
    """What the notebook asks for; raises SpecError when that is nothing there is."""
    asked = notebook["metadata"].get("dashops")
    asked = asked if isinstance(asked, dict) else {}
    mode = asked.get("kernel")
    if mode is not None and mode not in MODES:
        raise errors.SpecError(
            f"the notebook asks for the kernel mode {mode!a}, and there is none of that name",
            hint="`metadata.dashops.kernel` may be snapshot, warm or fresh; without it the server "
            "decides",
            where="notebook metadata",
        )
    cells = notebook["cells"]
    own = (number for number, cell in enumerate(cells) if _tagged(cell, PER_VIEWER))
    shared = next(own, len(cells))
    return Opening(
        mode=mode,
        shared=shared,
        refresh=_seconds(asked, "refresh"),
        every=_seconds(asked, "refresh_every") or EVERY,
        watched=tuple(n for n, cell in enumerate(cells[:shared]) if _tagged(cell, REFRESH)),
    )


def opens(mode: str, reasons: Sequence[str]) -> str:
    """How a dashboard opens and why, as people are told; nothing while nobody knows."""
    words = MODES.get(mode, "")
    return f"{words}: {'; '.join(reasons)}" if words and reasons else words


def _tagged(cell: Mapping[str, Any], tag: str) -> bool:
    tags = cell["metadata"].get("tags")
    return cell["cell_type"] == "code" and isinstance(tags, list) and tag in tags


def _seconds(asked: Mapping[str, Any], key: str) -> int | None:
    value = asked.get(key)
    if value is None:
        return None
    found = _DURATION.fullmatch(str(value).strip()) if isinstance(value, str | int) else None
    seconds = int(found[1]) * UNITS[found[2] or "s"] if found else 0
    if seconds < LEAST:
        raise errors.SpecError(
            f"`{key}` of the notebook is {value!a}, which is no duration of {LEAST} s or more",
            hint='write it like "90s", "10m", "1h" or "1d"',
            where="notebook metadata",
        )
    return seconds
