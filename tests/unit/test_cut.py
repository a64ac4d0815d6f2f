"""Containers that are cut from a network, leftovers of builds, and an engine whose clock is off."""

import contextlib
import itertools
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from containers import FRESH, IDLE, applied

from dashops import client, flow, stack, view
from dashops.plan import Step
from dashops.stack import Stack
from dashops.targets import compose
from dashops.targets.compose import drained, engine
from dashops.targets.compose.facts import Facts

NOW = 1_800_000_000.0


def stamp(moment: float) -> str:
    """A time as an engine writes it, with more digits than others do."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.123456789Z")


def read(text: str = "") -> Stack:
    return stack.parse(text, Path("/srv/demo/dashops.yaml"), {})


def cut(facts: Facts, slot: str) -> Facts:
    several = [
        replace(each, networks=()) if each.slot == slot else each for each in facts.containers
    ]
    return replace(facts, containers=tuple(several))


def test_a_container_that_is_cut_from_its_network_is_connected_and_not_replaced() -> None:
    facts = cut(applied(read()), "gateway")
    (step,) = compose.up(read(), facts, compose.files(read(), facts))
    assert step.argv == (
        *("docker", "network", "connect", "--alias", "gateway-1"),
        *("dashops-demo_kernels", "id-of-gateway"),
    )
    assert not step.ends
    (found,) = compose.drift(read(), facts, facts.rendered)
    assert found.what.endswith("that is not on `dashops-demo_kernels`")


def test_all_networks_of_a_slot_count() -> None:
    facts = cut(applied(read("gateway: {internet: true}")), "gateway")
    wanted = read("gateway: {internet: true}")
    steps = compose.up(wanted, facts, compose.files(wanted, facts))
    assert [each.action for each in steps] == [
        "connect gateway-1 to dashops-demo_kernels",
        "connect gateway-1 to dashops-demo_outside",
    ]


def test_what_failed_builds_left_goes_with_the_next_up_and_at_the_end() -> None:
    facts = replace(applied(read()), scraps=("one", "two"))
    (step,) = compose.tidy(read(), facts, compose.files(read(), facts))
    assert step.argv == ("docker", "rm", "--force", "one", "two")
    words = [each.argv[:3] for each in compose.purge(read(), replace(FRESH, scraps=("one",)))]
    assert words == [("docker", "rm", "--force"), ("docker", "image", "prune")]


@pytest.mark.parametrize("off", [-3600, 0, 3600])
@pytest.mark.parametrize("since", [drained.KNOWN - 1, drained.KNOWN + 1])
def test_a_look_counts_when_it_was_after_the_news_whatever_the_clock_of_the_engine_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, off: int, since: float
) -> None:
    wanted = stack.parse("", tmp_path / "dashops.yaml", {})
    news = wanted.state_dir / "rendered" / "dashboard" / "shift.toml"
    news.parent.mkdir(parents=True)
    news.touch()
    os.utime(news, (NOW, NOW))
    said = SimpleNamespace(info=lambda: {"SystemTime": stamp(NOW + 60 + off)})
    monkeypatch.setattr(engine, "connected", lambda _: contextlib.nullcontext(said))
    passed = itertools.count(step=drained.PATIENCE)
    clock = {"monotonic": lambda: next(passed), "sleep": lambda _: None, "time": lambda: NOW + 60}
    monkeypatch.setattr(drained, "time", SimpleNamespace(**clock))
    idle = replace(
        applied(wanted).containers[1],
        looked=NOW + since + off,
        said={"serving": False, "busy": 0},
    )
    monkeypatch.setattr(drained, "_container", lambda *_: idle)
    step = Step("dashboard", "remove", "x", "replaced", ("docker", "rm"), saw="x")
    left = drained.meanwhile(wanted, {}, step)
    assert (left == "") == (since > drained.KNOWN)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "cut": ({"networks": ()}, "dashboard: is not on the network `dashops-demo_front, dashops-demo"),
    "alone": (
        {"health": "unhealthy", "said": {"status": "no gateway answers"}},
        "dashboard: no gateway answers",
    ),
    "mute": ({"health": "unhealthy", "said": {}}, "dashboard: does not answer its health check"),
    "over": ({"state": "exited"}, "dashboard: is exited; the next `dashops up` starts it"),
    "still": ({"state": "paused"}, "dashboard: is paused; the next `dashops up` starts it"),
}


@pytest.mark.parametrize("name", WRONG)
def test_status_says_what_is_wrong_with_a_slot(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    values, said = WRONG[name]
    monkeypatch.setattr(engine, "connected", lambda _: contextlib.nullcontext(IDLE))
    facts = applied(read())
    several = [
        replace(each, **values) if each.slot == "dashboard" else each for each in facts.containers
    ]
    found = tuple(compose.slots(read(), replace(facts, containers=tuple(several))))
    status = flow.Status("demo", found)
    assert not status.healthy
    view.as_text(status)
    assert said in capsys.readouterr().err
    assert [each.slot for each in found if each.problem] == ["dashboard"]


def test_status_names_a_gateway_that_the_dashboard_server_does_not_reach(
    capsys: pytest.CaptureFixture[str],
) -> None:
    gone = client.Gateway("http://gateway-2:8888", reachable=False, kernels=None)
    there = client.Gateway("http://gateway-1:8888", reachable=True, kernels=0)
    told = client.Status(version="1", dashboards=0, viewers=(), gateways=(there, gone))
    view.as_text(flow.Status("demo", (), told))
    said = capsys.readouterr().err
    assert "does not reach the gateway `http://gateway-2:8888`" in said and "gateway-1" not in said
