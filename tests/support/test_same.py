"""Every notebook behaves the same from a snapshot as from a fresh kernel."""

import itertools
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conversing import conversation, moves, without_ids
from libraries import EXAMPLES, LIBRARIES, NOTEBOOKS, PYTHON, Record, needs_kernel
from live import Live, Viewer, until

KERNELS = {each.notebook: each.kernel for each in LIBRARIES}
# Of these the outputs alone are compared: nothing in them asks Python.
STILL = {
    "altair-default": "its chart is JavaScript",
    "altair-svg": "its chart is a picture",
    "bokeh": "its chart is JavaScript",
    "bokeh-cdn": "its chart is JavaScript",
    "folium": "its map is JavaScript",
    "html": "its button is JavaScript's",
    "latex": "its widget only shows a formula",
    "pandas": "it shows tables",
    "r": "it shows a table and a picture",
}
# These open from warm kernels, as a fork would lack what is named here; all others are snapshots.
THREADS = "a library runs"  # vl-convert has V8 inside, and never ends its threads
UNFROZEN = {
    "altair-svg": THREADS,
    "altair-widget": THREADS,
    "r": "its kernel is not the one of IPython",
}
INTERACTIONS = 10
MOST, AROUND = 10, 120  # differences that are told, and characters of each
FORKED = """
import os, time, ipywidgets
forks = []
os.register_at_fork(after_in_child=lambda: forks.append(1))
button, told = ipywidgets.Button(), ipywidgets.Label()
button.on_click(lambda _: setattr(told, "value", f"{len(forks)} forks"))
ipywidgets.VBox([button, told])
"""


@dataclass(frozen=True)
class Seen:
    """What a viewer got, in lines without ids; ``kind`` is how it opened."""

    kind: str
    page: list[str]
    widgets: list[str]
    answers: list[str]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_behaves_as_with_a_fresh_kernel(name: str, live: Live, record_property: Record) -> None:
    needs_kernel(live, KERNELS.get(name, PYTHON))
    deploy_twice(live, name, NOTEBOOKS[name])
    viewer = live.viewer()
    opens = ready(live, name)
    served, alone = see(viewer, name), see(viewer, fresh(name))
    assert opens["mode"] == ("warm" if name in UNFROZEN else "snapshot"), opens
    why = UNFROZEN.get(name, "")
    assert bool(why) == any(each.startswith(why) for each in opens["reasons"])
    assert (served.kind, alone.kind) == (opens["mode"], "fresh")
    assert differences(served, alone) == []
    assert len(served.answers) == len(alone.answers) == (0 if name in STILL else INTERACTIONS)
    record_property("compared", (name, len(alone.answers)))


def test_a_difference_is_seen(live: Live) -> None:
    clock = "print('it is', time.time_ns())"
    live.deploy("forked", FORKED, clock)
    live.deploy(fresh("forked"), FORKED, clock, kernel="fresh")
    assert ready(live, "forked")["mode"] == "snapshot"
    viewer = live.viewer()
    served, alone = see(viewer, "forked"), see(viewer, fresh("forked"))
    told = differences(served, alone)
    assert {each.split()[0] for each in told} == {"page", "answers"}
    assert any("it is" in each for each in told)
    assert any("1 forks" in each and "0 forks" in each for each in told)


def deploy_twice(live: Live, name: str, path: Path) -> None:
    """As it is, and with a fresh kernel for each viewer; one after the other, as both are run."""
    if f'"{name}"' not in live.dashops("dashboards", "--json"):
        live.dashops("deploy-notebook", path)
    book = json.loads(path.read_text())
    book["metadata"].setdefault("dashops", {})["kernel"] = "fresh"
    folder = live.folder / "twins"
    shutil.copytree(EXAMPLES / "img", folder / "img", dirs_exist_ok=True)
    twin = folder / f"{fresh(name)}.ipynb"
    twin.write_text(json.dumps(book))
    live.dashops("deploy-notebook", twin)


def fresh(name: str) -> str:
    """The name of the other one."""
    return f"{name}-fresh"


def ready(live: Live, name: str) -> dict[str, Any]:
    """How a dashboard opens, once what that needs is there."""

    def look() -> dict[str, Any] | None:
        found = live.api("GET", "/_api/status").json()["opening"]
        opens = next(each for each in found if each["dashboard"] == name)
        there = {"snapshot": opens["snapshots"], "warm": opens["warm"]}.get(opens["mode"], True)
        return opens if there else None

    found: dict[str, Any] = until(look, f"{name} is ready", seconds=60)
    return found


def see(viewer: Viewer, name: str) -> Seen:
    """Open a dashboard and do with it what can be done."""
    with conversation(viewer, name) as page:
        kind = str(viewer.live.viewers(name)[-1]["kind"])
        models = list(page.models)
        answers = [
            [models.index(model), change, joined(page.do(model, change))]
            for model, change in itertools.islice(moves(page.models), INTERACTIONS)
        ]
    known = {page.kernel: "kernel", name: name.removesuffix("-fresh")}
    known |= {model: f"model {number}" for number, model in enumerate(models)}

    def lines(text: str) -> list[str]:
        for old, new in known.items():
            text = text.replace(old, new)
        return without_ids(text).splitlines()

    def rows(values: list[Any]) -> list[str]:
        return lines("\n".join(json.dumps(each, sort_keys=True) for each in values))

    return Seen(kind, lines(page.html), rows(list(page.models.values())), rows(answers))


def joined(messages: list[Any]) -> list[Any]:
    """The messages, but what was printed as one: when a kernel sends it is up to its clock."""
    told: list[Any] = []
    for kind, content in messages:
        last = told[-1] if told else None
        if last and kind == "stream" == last[0] and content["name"] == last[1]["name"]:
            last[1]["text"] += content["text"]
        else:
            told.append((kind, content))
    return told


def differences(served: Seen, alone: Seen) -> list[str]:
    """The places where two differ, with what is there."""
    told = []
    for part in ("page", "widgets", "answers"):
        both = itertools.zip_longest(getattr(served, part), getattr(alone, part), fillvalue="")
        for number, (one, other) in enumerate(both):
            if one != other:
                pairs = enumerate(itertools.zip_longest(one, other))
                at = max(0, next(at for at, (a, b) in pairs if a != b) - AROUND // 2)
                near = slice(at, at + AROUND)
                told.append(f"{part} {number}: {one[near]!r}, but fresh {other[near]!r}")
    return told[:MOST]
