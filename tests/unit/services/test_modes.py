"""How a dashboard opens: what its author may ask for, and what the server makes of that."""

import pytest

from dashops import bundle, errors
from dashops.services.dashboard.serving import modes, warm, watching
from dashops.services.dashboard.serving.modes import Hazard, Mode

THREAD = Hazard("thread", "thread `ticker` is running")
READS = Hazard("viewer", "it reads the variable `REMOTE_USER`")


def notebook(*tags, **asked):
    cells = [
        {"cell_type": kind, "metadata": {"tags": list(each)}, "source": f"cell{number}"}
        for number, (kind, *each) in enumerate(tags)
    ]
    return {"metadata": {"dashops": asked} if asked else {}, "cells": cells}


@pytest.mark.parametrize(
    ("asked", "hazards", "frozen", "mode"),
    [
        (None, [], True, Mode("snapshot")),
        (None, [THREAD], False, Mode("warm", (THREAD.text,))),
        (None, [THREAD, READS], False, Mode("fresh", (READS.text,))),
        ("warm", [], False, Mode("warm", (modes.ASKED,))),
        ("fresh", [], False, Mode("fresh", (modes.ASKED,))),
        ("snapshot", [THREAD], False, Mode("warm", (THREAD.text,))),
    ],
)
def test_the_mode_is_what_was_asked_or_what_is_safe(asked, hazards, frozen, mode):
    assert modes.decide(asked, hazards, frozen=frozen) == mode


def test_a_snapshot_in_spite_of_hazards_says_so():
    mode = modes.decide("snapshot", [THREAD], frozen=True)
    assert str(mode) == (
        "opens from a snapshot: the notebook asks for it, though thread `ticker` is running"
    )


def test_the_operator_can_switch_off_snapshots_and_warm_kernels():
    on = {"snapshots": True, "warm": True}
    assert modes.current(Mode("snapshot"), **on) == Mode("snapshot")
    assert modes.current(Mode(""), **on) == Mode("")
    assert modes.current(Mode("snapshot"), snapshots=False, warm=True).name == "warm"
    none = modes.current(Mode(""), snapshots=False, warm=False)
    assert none.name == "fresh" and len(none.reasons) == 2


def test_a_mode_nobody_knows_says_nothing():
    assert str(Mode()) == ""
    assert str(Mode("warm", ("a", "b"))) == "opens from warm kernels: a; b"


@pytest.mark.parametrize(
    "asked",
    [{"kernel": "hot"}, {"kernel": 1}, {"refresh": "soon"}, {"refresh": 1}, {"refresh": "5s"}],
)
def test_what_nobody_offers_is_refused_with_a_way_out(asked):
    with pytest.raises(errors.SpecError) as refused:
        bundle.opening(notebook(**asked))
    assert refused.value.hint


def test_cells_from_the_first_per_viewer_code_cell_on_are_not_shared():
    asked = bundle.opening(
        notebook(
            ("markdown", "per-viewer"),
            ("code", "refresh"),
            ("code", "per-viewer"),
            ("code", "refresh"),
            refresh="1h",
        )
    )
    assert (asked.shared, asked.watched, asked.refresh, asked.every) == (2, (1,), 3600, 60)
    assert bundle.opening(notebook(("code",), refresh_every="90s")).every == 90
    assert bundle.opening(notebook(("code",))) == bundle.Opening(None, 1, None, 60, ())


def test_more_are_kept_warm_the_more_come_and_the_longer_one_takes():
    assert warm.target([], 1000, 60, 3) == 1
    assert warm.target([100.0] * 50, 1000, 60, 3) == 1, "they came long ago"
    assert warm.target([900.0] * 5, 1000, 60, 9) == 2
    assert warm.target([900.0] * 50, 1000, 60, 3) == 3


def test_the_shortest_age_counts_and_none_is_for_ever():
    assert watching.limit(0, None) is None
    assert watching.limit(0, 90) == 90
    assert watching.limit(60, 90) == 60


def test_the_result_of_a_cell_is_its_text_and_not_what_it_prints():
    printed = {"output_type": "stream", "text": "now"}
    result = {"output_type": "execute_result", "data": {"text/plain": "7", "text/html": "x"}}
    assert watching.result([printed, result]) == ["7"]
