"""Takes the figures one after the other; one that fails does not stop the rest."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from playwright.sync_api import Error

from bench import figures
from bench.figure import Failed, Figure
from bench.ground import Ground
from bench.processes import Unmeasured


def run(
    names: Sequence[str],
    runs: int | None,
    tell: Callable[[str], None],
    containers: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Figure | Failed]:
    """Measure the named figures, `runs` times each side or as often as each figure likes.

    With ``containers``, settings of a stack on the target compose, that one is measured.
    """
    found: list[Figure | Failed] = []
    with Ground(tell, containers) as ground:
        for name in (name for name in figures.ALL if name in names):
            found.append(_one(ground, name, runs))
            tell(f"{name}: done")
    return found


def _one(ground: Ground, name: str, runs: int | None) -> Figure | Failed:
    figure = figures.ALL[name]
    try:
        return figure.measure(ground, runs or figure.RUNS)
    except (Unmeasured, Error) as error:
        ground.tell(f"{name}: {error}")
        return Failed(name, figure.TITLE, str(error))
