"""What the bench of openings makes of its samples: goals, what is too much, the page."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from bench.opening import goals, report
from bench.opening.plan import QUICK, Plan
from bench.opening.result import (
    DASHOPS,
    FORK,
    PLAIN,
    PREHEATED,
    SIDES,
    Memory,
    Opened,
    Run,
    percentile,
    read,
)
from bench.opening.result import Cell as Measured

MIB = 2**20


def opened(usable: float) -> Opened:
    return Opened(0.01, usable - 0.1, usable, usable - 0.2, usable - 0.05)


def cell(side: str, viewers: int, usable: float, **more: Any) -> Measured:
    clients = [opened(usable) for _ in range(max(1, viewers - 1))]
    bursts = [[each.usable for each in clients]]
    found = Measured("heavy", side, viewers, [opened(usable)], clients, bursts, took=[usable])
    return dataclasses.replace(found, **more)


@pytest.fixture
def run() -> Run:
    cells = [cell(side, size, 0.6) for side in SIDES for size in (1, 5)]
    for each in cells:
        each.moves = [0.004] * 20 if each.viewers == 1 else [0.007] * 20
        each.memory = Memory(30 * MIB, 35 * MIB, 5) if each.viewers == 5 else None
    cells.append(cell(FORK, 5, 0.002, memory=Memory(2 * MIB, 0, 5)))
    return Run(
        "a machine", "2026-01-01", "abc", {"voila": "0.5"}, [1, 5], own=[0.5, 0.4, 0.6],
        asks=[0.7, 0.7, 0.7], cells=cells, bare={"heavy": [5.0]}, resting={"heavy": {PLAIN: 0}},
    )  # fmt: skip


def test_a_percentile_is_one_of_the_samples() -> None:
    assert percentile([3, 1, 2], 50) == 2
    assert percentile(range(1, 101), 95) == 95
    assert percentile([7], 95) == 7


def test_all_goals_are_met(run: Run) -> None:
    assert [each.met for each in goals.judge(run)] == [True, True, True]


SPOILT: Mapping[str, tuple[int, Callable[[Measured], Any]]] = {
    "slow in the burst": (0, lambda each: setattr(each, "pages", [opened(0.76)])),
    "the burst was skipped": (0, lambda each: each.pages.clear()),
    "somebody did not get in": (0, lambda each: each.failures.append("503")),
    "too much memory": (1, lambda each: setattr(each, "memory", Memory(41 * MIB, 0, 5))),
    "no memory was measured": (1, lambda each: setattr(each, "memory", None)),
    "slow in a crowd": (2, lambda each: setattr(each, "moves", [0.001] * 9 + [0.009])),
    "nobody moved in the crowd": (2, lambda each: each.moves.clear()),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_goal_is_missed(run: Run, name: str) -> None:
    goal, spoil = SPOILT[name]
    spoil(run.cell("heavy", DASHOPS, 5) or pytest.fail("no such cell"))
    assert [each.met for each in goals.judge(run)] == [number != goal for number in range(3)]


def test_a_run_survives_its_json(run: Run) -> None:
    assert read(json.loads(json.dumps(dataclasses.asdict(run)))) == run


def test_the_page_says_what_was_skipped_and_what_failed(run: Run) -> None:
    skipped = run.cell("heavy", PLAIN, 5) or pytest.fail("no such cell")
    skipped.pages.clear()
    skipped.clients.clear()
    skipped.skipped = "would take about 250 s"
    (run.cell("heavy", PREHEATED, 5) or pytest.fail("no such cell")).failures.append("a 503")
    run.failed["slow"] = "its server ended"
    text = report.page(run, "images/performance.png")
    assert "| would take about 250 s |" in text
    assert "1 did not get in, the first one: a 503" in text
    assert "- slow: its server ended" in text
    assert "](images/performance.png)" in text
    assert "a machine" in text


def test_a_table_has_columns_of_one_width(run: Run) -> None:
    tables = [line for line in report.tables(run) if line.startswith("| viewers")]
    (head,) = tables
    rows = [line for line in report.tables(run) if line.startswith(("| 1 ", "| 5 "))]
    assert {len(row) for row in rows} == {len(head)}


def test_the_pool_is_split_where_it_ends(run: Run) -> None:
    emptied = run.cell("heavy", PREHEATED, 5) or pytest.fail("no such cell")
    emptied.bursts = [[0.1, 0.1, 0.2, 3.0]]
    (row,) = [line for line in report.tables(run) if "0.10 / 0.20 s" in line]
    assert "3.00 / 3.00 s" in row


def test_a_burst_is_tried_when_there_is_time_and_room() -> None:
    assert not Plan().too_much(cell(PLAIN, 5, 10.0), 20, 100 * MIB, 8000 * MIB)


@pytest.mark.parametrize(
    ("last", "unique", "why"),
    [
        (cell(PLAIN, 5, 16.0), 1 * MIB, "would take about 64 s"),
        (cell(PLAIN, 5, 1.0), 400 * MIB, "would take 8 GiB of memory, 8 are free"),
        (cell(PLAIN, 5, 1.0, skipped="because"), 1 * MIB, "because"),
        (cell(PLAIN, 5, 1.0, took=[]), 1 * MIB, "the smaller burst failed"),
    ],
)
def test_a_burst_that_is_too_much_is_not_tried(last: Measured, unique: float, why: str) -> None:
    assert Plan().too_much(last, 20, unique, 8000 * MIB) == why


def test_a_quick_run_also_takes_memory_and_idling() -> None:
    assert {QUICK.memory, QUICK.idle} <= {*QUICK.bursts}
    assert {Plan().memory, Plan().idle} <= {*Plan().bursts}
