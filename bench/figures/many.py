"""A store of 1,000 dashboards with 20 revisions each beside one of 10: what a visit asks of it."""

import json
import tempfile
import time
import uuid
from pathlib import Path

import sqlalchemy as sql

from bench.figure import Figure, Goal, turns
from bench.ground import Ground
from dashops import bundle as bundles
from dashops.services.dashboard import store
from dashops.services.dashboard.store import tables

TITLE = "opening a dashboard's revision, 1,000 dashboards in the store"
RUNS = 20
MANY, FEW, REVISIONS = 1000, 10, 20
ROUNDS = 200
"""Look-ups in one sample: one alone is too short to be measured."""


def measure(ground: Ground, runs: int) -> Figure:  # noqa: ARG001  it needs no server
    """Milliseconds of 200 look-ups with the notebook's text, as a visit does."""
    with tempfile.TemporaryDirectory() as folder:
        many, few = filled(Path(folder) / "many", MANY), filled(Path(folder) / "few", FEW)
        ours, theirs = turns(runs, lambda: opening(many), lambda: opening(few))
        details = {
            "list of 1,000": timed(many.all),
            "list of 10": timed(few.all),
            "list of 1,000 after a change": timed(lambda: changed(many)),
            "list of 10 after a change": timed(lambda: changed(few)),
            "revisions of one of 1,000": timed(lambda: many.revisions("board-5")),
            "revisions of one of 10": timed(lambda: few.revisions("board-5")),
            "retention after a deploy to one of 1,000": timed(lambda: collected(many)),
            "retention after a deploy to one of 10": timed(lambda: collected(few)),
        }
    peer = "the same with 10 dashboards"
    return Figure("many", TITLE, "ms", ours, peer, theirs, Goal("ratio", 1.2), details)


def filled(folder: Path, count: int) -> store.Store:
    """A store with that many dashboards, whose rows are written at once."""
    kept = store.Store(folder)
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    text = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [{**cell, "source": "1"}]}
    about = {"kernel": "python3", "language": "python", "author": "bench", "commit": ""}
    bundle = bundles.Bundle(bundles.parse(json.dumps(text)))
    first = kept.settle(kept.add("board-0", bundle, **about), None).row()
    rows = [
        {**first, "name": f"board-{board}", "number": number + 1}
        for board in range(count)
        for number in range(REVISIONS)
        if board or number
    ]
    shown = [
        {"name": row["name"], "number": row["number"], "activated": first["created"]}
        for row in rows
    ]
    with kept.change() as connection:
        connection.execute(sql.insert(tables.revisions), rows)
        connection.execute(sql.insert(tables.activations), shown)
    kept.collect(set(), REVISIONS)
    kept.all()
    return kept


def opening(kept: store.Store) -> float:
    """Milliseconds of many look-ups."""
    return timed(lambda: [opened(kept) for _ in range(ROUNDS)])


def opened(kept: store.Store) -> str:
    """What a visit asks."""
    found = kept.active("board-5")
    assert found is not None
    return kept.notebook_text(found.digest)


def changed(kept: store.Store) -> list[store.Revision]:
    """The list, asked of the database."""
    with kept.change():
        pass
    return kept.all()


def collected(kept: store.Store) -> None:
    """What the end of a deploy costs."""
    found = kept.active("board-5")
    assert found is not None
    kept.finish(uuid.uuid4().hex, "done", 1, "")
    kept.activate(found)
    kept.collect(set(), REVISIONS)


def timed(act: object) -> float:
    """Milliseconds that it takes."""
    assert callable(act)
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)
