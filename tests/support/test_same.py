"""Every example and library behaves the same from a fresh kernel as in the way it is served."""

import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conversing import conversation, moves, without_ids
from libraries import LIBRARIES
from live import Live, Viewer, until

EXAMPLES = Path(__file__).parents[2] / "examples"
WORKING = [each for each in LIBRARIES if not each.trouble and each.kernel == "python3"]
NOTEBOOKS = {each.notebook: each.path for each in WORKING}
NOTEBOOKS |= {path.stem: path for path in sorted(EXAMPLES.glob("*.ipynb"))}
# Of these the outputs alone are compared: nothing in them asks Python, or in words of its own.
STILL = {"altair-svg", "bokeh", "bokeh-widget", "html", "latex", "pandas"}
INTERACTIONS = 10
AT_ONCE = 2  # deploys
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


@pytest.fixture(scope="session")
def deployed(live: Live, request: pytest.FixtureRequest) -> Iterator[Callable[[str], None]]:
    """Waits until a notebook is there twice, as it is and with a fresh kernel for each viewer."""
    tests = [each for each in request.session.items if isinstance(each, pytest.Function)]
    wanted = {each.callspec.params.get("name") for each in tests if hasattr(each, "callspec")}
    there = live.dashops("dashboards", "--json")
    folder = live.folder / "twins"
    shutil.copytree(EXAMPLES / "img", folder / "img")

    def deploy(name: str, path: Path) -> None:
        if f'"{name}"' not in there:
            live.dashops("deploy-notebook", path)
        book = json.loads(path.read_text())
        book["metadata"].setdefault("dashops", {})["kernel"] = "fresh"
        twin = folder / f"{fresh(name)}.ipynb"
        twin.write_text(json.dumps(book))
        live.dashops("deploy-notebook", twin)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        going: dict[str, Future[None]] = {
            name: pool.submit(deploy, name, path)
            for name, path in NOTEBOOKS.items()
            if name in wanted
        }
        yield lambda name: going[name].result()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_behaves_as_with_a_fresh_kernel(
    name: str, live: Live, deployed: Callable[[str], None]
) -> None:
    deployed(name)
    viewer = live.viewer()
    opens = ready(live, name)
    served, alone = see(viewer, name), see(viewer, fresh(name))
    assert (served.kind, alone.kind) == (opens["mode"], "fresh")
    assert opens["mode"] == "snapshot" or any(opens["reasons"])
    assert not any(each.startswith("in a fork of it") for each in opens["reasons"])
    assert differences(served, alone) == []
    assert len(alone.answers) == (0 if name in STILL else INTERACTIONS)


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
