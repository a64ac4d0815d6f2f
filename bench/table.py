"""Figures as a table for people and as data for programs; it decides nothing."""

import dataclasses
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from bench.figure import Failed, Figure

HEAD = ("figure", "dashops", "peer", "ratio", "goal", "", "measured against")
SCALE = {"s": 2, "ms": 1, "%": 1}


def text(machine: str, figures: Sequence[Figure | Failed]) -> str:
    """The table, what lies behind it, and the machine."""
    rows = [HEAD, *(_row(each) for each in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([*lines, "", *_notes(figures), f"machine: {machine}"])


def data(machine: str, figures: Iterable[Figure | Failed]) -> dict[str, Any]:
    """All samples, for a program."""
    return {"machine": machine, "figures": [_data(each) for each in figures]}


def _row(figure: Figure | Failed) -> tuple[str, ...]:
    if isinstance(figure, Failed):
        return (figure.title, "-", "-", "-", "-", "not measured", figure.reason.splitlines()[0])
    return (
        figure.title,
        _value(figure.median, figure.unit),
        _value(figure.peer_median, figure.unit),
        f"{figure.ratio:.2f} x",
        figure.goal.text(figure.unit),
        "met" if figure.met else "MISSED",
        f"{figure.peer}, {len(figure.ours)} + {len(figure.theirs)} runs in turns",
    )


def _notes(figures: Iterable[Figure | Failed]) -> Iterable[str]:
    for each in figures:
        if isinstance(each, Failed):
            continue
        spread = ", ".join(
            f"{side} {_value(min(samples), each.unit)} to {_value(max(samples), each.unit)}"
            for side, samples in (("dashops", each.ours), ("peer", each.theirs))
        )
        more = [f"{name} {_value(value, each.unit)}" for name, value in each.details.items()]
        yield "; ".join([f"{each.name}: {spread}", *more])


def _value(number: float, unit: str) -> str:
    return f"{number:.{SCALE[unit]}f} {unit}"


def _data(figure: Figure | Failed) -> dict[str, Any]:
    plain = dataclasses.asdict(figure)
    if isinstance(figure, Failed):
        return plain
    medians = {"median": figure.median, "peer_median": statistics.median(figure.theirs)}
    return {**plain, **medians, "ratio": figure.ratio, "met": figure.met}
