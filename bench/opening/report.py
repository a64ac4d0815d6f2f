"""A run as a page of Markdown that is also read in a terminal; it decides nothing."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from bench.opening import goals, notebooks
from bench.opening.result import (
    DASHOPS,
    FORK,
    POOL,
    PREHEATED,
    SIDES,
    Opened,
    Run,
    percentile,
)

MIB = 2**20
NONE = "-"
KNOWN = Path(__file__).with_name("known.md")  # written by hand after a run was looked into


def page(run: Run, picture: str = "") -> str:
    """The whole of docs/performance.md."""
    drawn = [f"![The same figures, drawn]({picture})", ""] if picture else []
    known = ["## Why goals are missed", "", KNOWN.read_text(), ""]
    return "\n".join([*_head(run), *drawn, *tables(run), *known, *_method(run)])


def tables(run: Run) -> list[str]:
    """Goals and figures, without how they were taken."""
    lines = ["## Goals", "", *_goals(run), *_own(run)]
    for name in run.bare:
        lines += [f"## {name}: {notebooks.TITLES[name]}", "", *_openings(run, name)]
    lines += ["## The limits", "", *_limits(run)]
    lines += ["## Where the time of a page goes", "", *_phases(run)]
    lines += ["## Memory of a viewer", "", *_memory(run)]
    lines += ["## From slider to label", "", *_moves(run)]
    lines += ["## Looking on", "", *_idle(run)]
    lines += ["## When the preheated pool is empty", "", *_pool(run)]
    return lines + _failures(run)


def _head(run: Run) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    command = "python -m bench opening --write docs/performance.md"
    quick = "A quick run, for whoever works on it: do not quote these figures.\n\n"
    return [
        "# Opening a dashboard: how long, how much memory",
        "",
        f"<!-- Written by `{command}`: change bench/opening/report.py. -->",
        "",
        *([quick] if run.quick else []),
        f"Taken on {run.date}, revision {run.revision}, in {run.minutes:.0f} minutes.",
        f"Machine: {run.machine}. Versions: {versions}.",
        "All sides ran in this one run, in turns; figures of two machines do not compare.",
        "",
    ]


def _goals(run: Run) -> list[str]:
    rows = [
        (each.goal, each.limit, each.found, "met" if each.met else "MISSED")
        for each in goals.judge(run)
    ]
    return _table(("goal", "at most", "found", ""), rows)


def _own(run: Run) -> list[str]:
    if not run.own:
        return []
    own, asks = statistics.median(run.own), statistics.median(run.asks)
    return [
        f"The trivial page's own load is {own:.2f} s: a kept copy of it, with a warm cache and",
        f"without a kernel, until the browser says `load`. {asks - own:.2f} s later its programs",
        "have started and ask for a kernel; before that no server can do anything for it.",
        "",
    ]


def _openings(run: Run, name: str) -> list[str]:
    head = ("viewers", "side", "first byte", "kernel ready", "answered", "usable", "bursts")
    rows = []
    for size in run.bursts:
        for side in SIDES:
            cell = run.cell(name, side, size)
            if cell is None:
                continue
            if not (cell.pages or cell.clients):
                rows.append((str(size), side, cell.skipped or "failed", *[NONE] * 4))
                continue
            everybody = [*cell.pages, *cell.clients]
            rows.append(
                (
                    str(size),
                    side,
                    _both(everybody, lambda each: each.first_byte),
                    _both(cell.clients, lambda each: each.ready),
                    _both(cell.clients, lambda each: each.usable),
                    _both(cell.pages, lambda each: each.usable),
                    str(len(cell.pages)),
                )
            )
    return _table(head, rows)


def _limits(run: Run) -> list[str]:
    sizes = [f"fork, {size} at once" for size in run.bursts]
    head = ("notebook", "`jupyter execute`", *sizes, "unique memory of a fork")
    rows = []
    for name, seconds in run.bare.items():
        forks = [run.cell(name, FORK, size) for size in run.bursts]
        times = [_both(each.clients if each else [], lambda one: one.usable, 3) for each in forks]
        last = forks[-1].memory if forks[-1] else None
        unique = f"{last.unique / MIB:.1f} MiB" if last else NONE
        rows.append((name, f"{statistics.median(seconds):.2f} s", *times, unique))
    return _table(head, rows)


def _phases(run: Run) -> list[str]:
    head = ("notebook", "viewers", "first byte", "asks for its kernel", "kernel", "seen", "usable")
    pick: tuple[Callable[[Opened], float], ...] = (
        lambda each: each.first_byte,
        lambda each: each.asked,
        lambda each: each.ready,
        lambda each: each.seen,
        lambda each: each.usable,
    )
    rows = [
        (
            each.notebook,
            str(each.viewers),
            *(f"{percentile([one(page) for page in each.pages], 50):.2f} s" for one in pick),
        )
        for each in run.cells
        if each.side == DASHOPS and each.pages
    ]
    return _table(head, rows)


def _memory(run: Run) -> list[str]:
    head = ("notebook", "side", "viewers", "unique", "proportional", "kept for nobody")
    rows = [
        (
            each.notebook,
            each.side,
            str(each.memory.viewers),
            f"{each.memory.unique / MIB:.1f} MiB",
            f"{each.memory.proportional / MIB:.1f} MiB",
            f"{run.resting[each.notebook].get(each.side, 0) / MIB:.0f} MiB",
        )
        for each in run.cells
        if each.memory and each.side in SIDES
    ]
    return _table(head, rows)


def _moves(run: Run) -> list[str]:
    crowd = max(run.bursts)
    head = ("notebook", "side", "one viewer", f"{crowd} viewers", "p95 / p95")
    rows = []
    for name in run.bare:
        for side in SIDES:
            alone, crowded = (run.cell(name, side, size) for size in (1, crowd))
            one, many = (each.moves if each else [] for each in (alone, crowded))
            ratio = f"{percentile(many, 95) / percentile(one, 95):.1f} x" if one and many else NONE
            rows.append((name, side, _milliseconds(one), _milliseconds(many), ratio))
    return _table(head, rows)


def _idle(run: Run) -> list[str]:
    rows = [
        (each.notebook, each.side, str(each.viewers), f"{each.idle:.1f} % of a core")
        for each in run.cells
        if each.idle is not None
    ]
    return _table(("notebook", "side", "viewers", "servers and kernels use"), rows)


def _pool(run: Run) -> list[str]:
    head = ("notebook", "viewers", f"the first {POOL}", "the others")
    rows = []
    for each in run.cells:
        if each.side == PREHEATED and any(len(one) > POOL for one in each.bursts):
            first = [time for one in each.bursts for time in one[:POOL]]
            rest = [time for one in each.bursts for time in one[POOL:]]
            rows.append((each.notebook, str(each.viewers), _seconds(first), _seconds(rest)))
    return _table(head, rows)


def _failures(run: Run) -> list[str]:
    lines = [f"- {name}: {reason}" for name, reason in run.failed.items()]
    lines += [
        f"- {each.notebook}, {each.side}, {each.viewers} viewers: {len(each.failures)} did not get "
        f"in, the first one: {each.failures[0]}"
        for each in run.cells
        if each.failures
    ]
    return ["## Failures", "", *lines, ""] if lines else []


def _method(run: Run) -> list[str]:
    return ["## How it is measured", "", METHOD.format(most=max(run.bursts)).strip(), ""]


def _both(viewers: Sequence[Opened], pick: Callable[[Opened], float], digits: int = 2) -> str:
    return _seconds([pick(each) for each in viewers], digits)


def _seconds(samples: Sequence[float], digits: int = 2) -> str:
    if not samples:
        return NONE
    return " / ".join(f"{percentile(samples, each):.{digits}f}" for each in (50, 95)) + " s"


def _milliseconds(samples: Sequence[float]) -> str:
    if not samples:
        return NONE
    return " / ".join(f"{1000 * percentile(samples, each):.1f}" for each in (50, 95)) + " ms"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """In Markdown, with columns that a terminal shows as columns."""
    cells = [list(head), *(list(each) for each in rows)]
    if len(cells) == 1:
        return ["Not measured.", ""]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:], ""]


METHOD = """
Figures are p50 / p95 of all bursts of that size. Everybody in a burst comes at the same moment.

- **One real browser in each burst.** {most} pages of Chromium are too heavy for a small machine, so
  one viewer of each burst is a real Chromium with a warm cache, and the others are clients that do
  on the wire what a page does: get the page, read the kernel's id in it, open the websocket, ask
  the kernel who it is, fetch the states of all widgets, move the slider, wait for the label. They
  load no scripts and draw nothing. Browser, clients and servers share the machine.
- **first byte**: the answer's headers; all viewers. **kernel ready**: the kernel answered
  `kernel_info_request`; clients. **answered**: the label has followed the slider; clients.
  **usable**: the same in the browser, where the slider can be seen, a key is pressed on it and the
  label on the page has changed; times are taken inside the page. Large bursts are few, so there
  are few browsers to judge **usable** by: the last column says how many.
- **Alone** there is one browser, then one client, each by itself.
- A burst that would take too long, or more memory than is free, is not tried: what was expected is
  said in its place. Expected is the time of the smaller burst times the difference in size.
- **The sides.** dashops is a stack from `dashops up` with the notebook deployed. Voilà runs with
  its default options; preheated with `--preheat_kernel=True --pool_size=3`. Kernels of all sides
  are of the stack's own environment. Each side rests, its pool filled again, before the next burst.
- **The limits.** Cold: `jupyter execute`, the notebook alone. Warm: a process that has run the
  notebook forks, moves the slider in the child, and gets the label over a pipe; no kernel, no
  server, no page.
- **Memory**: unique (USS) and proportional (PSS) memory of all processes below the server that came
  with the viewers, those of a refilled pool too, over the number of viewers; each has moved its
  slider. *Kept for nobody*: proportional memory of such processes before the first viewer.
- **From slider to label**: without a browser; alone a move every 0.1 s, in a crowd each viewer
  moves his slider once a second, not all in step.
- **Looking on**: processor time of servers and kernels while nobody does anything.
"""
