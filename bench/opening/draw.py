"""Draws a run as one picture; needs matplotlib and nothing else: `python draw.py FILE.png < JSON`.

Runs in the notebooks' own environment, which has no dashops.
"""

import json
import math
import statistics
import sys
from typing import Any

import matplotlib.pyplot as plt  # type: ignore[import-not-found]

COLORS = {
    "dashops": "#1b7f5c",
    "Voilà": "#c2571a",
    "Voilà, preheated": "#e0a030",
    "bare fork": "#777777",
}
MIB = 2**20
Run = dict[str, Any]


def main() -> None:
    """Openings above, what viewers cost below."""
    run: Run = json.load(sys.stdin)
    names = list(run["bare"])
    figure, axes = plt.subplots(2, max(3, len(names)), figsize=(16, 8), layout="constrained")
    for plot, name in zip(axes[0], names, strict=False):
        _opening(plot, run, name)
    _bars(axes[1][0], run, "unique memory a viewer, MiB", _memory)
    _bars(axes[1][1], run, f"slider to label, p95, {max(run['bursts'])} viewers, ms", _moves)
    _bars(axes[1][2], run, "looking on, % of a core", lambda cell: cell["idle"])
    for unused in (*axes[0][len(names) :], *axes[1][3:]):
        unused.axis("off")
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=7)
    figure.suptitle(f"Opening a dashboard. {run['machine']}, {run['date']}", fontsize=10)
    figure.savefig(sys.argv[1], dpi=90)


def _opening(plot: Any, run: Run, name: str) -> None:
    for side, color in COLORS.items():
        cells = [each for each in run["cells"] if (each["notebook"], each["side"]) == (name, side)]
        for kind, style in (("clients", "-"), ("pages", "o")):
            points = [(each["viewers"], _median(each[kind])) for each in cells if each[kind]]
            label = f"{side}, {'browser' if kind == 'pages' else 'no browser'}"
            if points:
                plot.plot(*zip(*points, strict=True), style, color=color, label=label)
    plot.axhline(statistics.median(run["bare"][name]), color="black", lw=0.8, ls=":")
    plot.axhline(statistics.median(run["own"]) + 0.25, color=COLORS["dashops"], lw=0.8, ls="--")
    plot.set(xscale="log", yscale="log", xlabel="viewers at once", ylabel="s until usable, p50")
    plot.set_xticks(run["bursts"], run["bursts"])
    plot.minorticks_off()
    plot.set_title(f"{name}\n(dashed: goal, dotted: bare execution)", fontsize=9)


def _bars(plot: Any, run: Run, title: str, value: Any) -> None:
    names, sides = list(run["bare"]), list(COLORS)
    for number, side in enumerate(sides):
        for place, name in enumerate(names):
            cells = (
                each for each in run["cells"] if (each["notebook"], each["side"]) == (name, side)
            )
            # Of the largest burst that has it.
            found = [each for each in map(value, cells) if each is not None]
            if found:
                plot.bar(place + number / 5, found[-1], 0.18, color=COLORS[side])
    plot.set_xticks([place + 0.3 for place in range(len(names))], names)
    plot.set_title(title, fontsize=9)


def _memory(cell: Run) -> float | None:
    return float(cell["memory"]["unique"]) / MIB if cell["memory"] else None


def _moves(cell: Run) -> float | None:
    if cell["viewers"] == 1 or not cell["moves"]:
        return None
    ordered = sorted(cell["moves"])
    return 1000.0 * float(ordered[math.ceil(0.95 * len(ordered)) - 1])


def _median(opened: list[dict[str, float]]) -> float:
    return statistics.median(each["usable"] for each in opened)


if __name__ == "__main__":
    main()
