"""Who loses what when a slot ends: what servers say, and never a 0 that nobody said."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashops import client, losses, secrets, stack
from dashops.client import Status, Viewer
from dashops.plan import Loss, Plan, Step
from dashops.stack import Stack
from dashops.view import stacks as view

NOW = datetime.now(UTC)


def step(slot: str, *ends: str) -> Step:
    return Step(slot, "restart", "restart", "recipe changed", ("x",), ends=ends)


def line(loss: Loss) -> str:
    plan = Plan(steps=(step(loss.slot, loss.slot),), losses={loss.slot: loss})
    (found,) = view.plan_lines(plan)
    return found.partition("; ")[2]


@pytest.fixture
def demo(tmp_path: Path) -> Stack:
    # Ports that nobody has.
    text = "dashboard: {port: 3}\ngateway: {port: 5}\nnotebook: {port: 7}\n"
    found = stack.parse(text, tmp_path / "dashops.yaml", {})
    secrets.ensure(found.state_dir / "secrets", ["deploy-token", "notebook-token"])
    return found


def test_who_does_not_answer_makes_it_unknown(demo: Stack) -> None:
    found = losses.find(demo, ["gateway", "dashboard", "notebook"])
    assert set(found) == {"gateway", "dashboard", "notebook"}
    assert {(each.people, each.dashboards, each.kernels) for each in found.values()} == {
        (None, None, None)
    }
    assert line(found["gateway"]) == (
        "viewers that lose their state are not known: the dashboard server does not answer"
    )
    assert line(found["notebook"]) == (
        "kernels of authors that end are not known: the notebook server does not answer"
    )


def test_viewers_and_their_dashboards_are_counted(
    demo: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewers = tuple(
        Viewer(name, 1, current=True, user="ann", since=NOW, idle=0, connected=True)
        for name in ("sales", "sales", "stocks")
    )
    told = {"/readyz": b"", "/api/status": b'{"kernels": 2}'}
    monkeypatch.setattr(losses, "_ask", lambda _stack, _slot, path, _secret: told[path])
    monkeypatch.setattr(client.Server, "status", lambda _: Status("1", 2, viewers, ()))
    found = losses.find(demo, ["gateway", "notebook"])
    assert line(found["gateway"]) == "3 viewers of 2 dashboards lose their state"
    assert line(found["notebook"]) == "2 kernels of authors end"
    told["/api/status"] = b'{"message": "Forbidden"}'
    assert losses.find(demo, ["notebook"])["notebook"].kernels is None


def test_nobody_is_asked_when_nothing_ends(demo: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(losses, "_ask")
    assert losses.find(demo, []) == {}


def test_one_and_none_are_said_as_people_do() -> None:
    assert (
        line(Loss("gateway", people=1, dashboards=1)) == "1 viewer of 1 dashboard loses its state"
    )
    assert line(Loss("dashboard", people=0, dashboards=0)) == "no viewer loses anything"
    assert line(Loss("notebook", kernels=1)) == "1 kernel of authors ends"


def test_the_same_viewers_are_told_once_when_all_slots_end() -> None:
    told = {slot: Loss(slot, people=2, dashboards=1) for slot in ("gateway", "dashboard")}
    told["notebook"] = Loss("notebook", kernels=0)
    plan = Plan(steps=(step("supervisor", *told),), losses=told)
    (found,) = view.plan_lines(plan)
    assert found.count("viewers") == 1
    assert found.endswith("; 2 viewers of 1 dashboard lose their state; 0 kernels of authors end")
