"""The figures, one module each with `TITLE`, `RUNS` and `measure`, in the order they are taken."""

from collections.abc import Mapping
from typing import Protocol

from bench.figure import Figure
from bench.figures import (
    containers,
    deploy,
    environment,
    help,
    idle,
    login,
    many,
    open,
    rollback,
    slider,
    up,
)
from bench.ground import Ground


class Measured(Protocol):
    """A module of this folder."""

    TITLE: str
    RUNS: int

    def measure(self, ground: Ground, runs: int) -> Figure:
        """Take the figure, `runs` samples a side."""


# `up` needs the stack down, the ones after it need it up.
ALL: Mapping[str, Measured] = {
    "help": help,
    "up": up,
    "environment": environment,
    "deploy": deploy,
    "rollback": rollback,
    "open": open,
    "slider": slider,
    "idle": idle,
    "many": many,
    "login": login,
    "containers": containers,
}
ON: Mapping[str, tuple[str, ...]] = {
    "local": tuple(name for name in ALL if name != "containers"),
    "compose": ("containers", "deploy", "rollback", "open", "slider"),
}
"""What is measured on each target; others are of the server alone, or of processes by hand."""
