"""Which numbers servers get that run beside those they replace, and when those may go."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from containers import FRESH, applied
from test_local import FRESH as LOCAL

from dashops import errors, run, scaling, stack
from dashops.stack import Stack
from dashops.targets import compose, local
from dashops.targets.compose import drained, naming, recipe
from dashops.targets.compose.facts import Container, Facts


def read(text: str = "") -> Stack:
    return stack.parse(text, Path("/srv/demo/dashops.yaml"), {})


def services(facts: Facts, text: str = "") -> list[str]:
    files = compose.files(read(text), facts)
    return [name for slot in naming.NUMBERED for name in recipe.services(files, slot)]


def steps(facts: Facts, text: str = "") -> list[str]:
    files = compose.files(read(text), facts)
    made = [*compose.up(read(text), facts, files), *compose.tidy(read(text), facts, files)]
    return [f"{each.slot}: {each.action}" for each in made if each.slot != "files"]


def changed(facts: Facts, service: str, **values: Any) -> Facts:
    several = [
        replace(each, **values) if each.service == service else each for each in facts.containers
    ]
    return replace(facts, containers=tuple(several))


def beside(facts: Facts, service: str, **values: Any) -> Facts:
    """With one more container of a slot."""
    slot = service.rpartition("-")[0]
    like = next(each for each in facts.containers if each.slot == slot)
    more: Container = replace(like, id=f"id-of-{service}", service=service, **values)
    return replace(facts, containers=(*facts.containers, more))


TITLE = "dashboard: {title: Sales}"


def test_numbers_begin_at_one() -> None:
    assert services(FRESH) == ["gateway-1", "dashboard-1"]
    assert services(FRESH, "gateway: {count: 3}") == [
        "gateway-1",
        "gateway-2",
        "gateway-3",
        "dashboard-1",
    ]


def test_more_gateways_begin_beside_the_one_there() -> None:
    assert steps(applied(read()), "gateway: {count: 3}") == [
        "gateway: start gateway-2 beside gateway-1",
        "gateway: start gateway-3 beside gateway-1",
    ]


def test_of_fewer_gateways_the_first_stay_and_no_server_is_replaced() -> None:
    three = beside(beside(applied(read()), "gateway-2"), "gateway-3")
    assert services(three) == ["gateway-1", "dashboard-1"]
    assert steps(three) == ["gateway: remove gateway-2", "gateway: remove gateway-3"]


def test_dashboard_servers_take_turns() -> None:
    one = applied(read())
    assert services(one, TITLE) == ["gateway-1", "dashboard-2"]
    two = applied(read(TITLE), one)
    assert services(two, TITLE) == ["gateway-1", "dashboard-2"]
    assert steps(two, TITLE) == []
    assert services(two) == ["gateway-1", "dashboard-1"]


def test_one_that_could_not_begin_is_tried_again_and_the_one_before_serves_on() -> None:
    sick = beside(applied(read()), "dashboard-2", digest="0", said={}, health="unhealthy")
    assert "dashboard: replace container" not in steps(sick, TITLE)
    assert services(sick, TITLE) == ["gateway-1", "dashboard-2"]


def test_a_name_is_kept_where_nothing_runs() -> None:
    two = applied(read(TITLE), applied(read()))
    gone = replace(two, containers=())
    assert services(gone, TITLE) == ["gateway-1", "dashboard-2"]


def test_one_that_drains_is_nothing_to_do_until_it_is_left() -> None:
    after = applied(read(TITLE), applied(read()))
    drains = beside(after, "dashboard-1", digest="0", said={"serving": False, "busy": 3})
    assert steps(drains, TITLE) == []
    left = changed(drains, "dashboard-1", said={"serving": False, "busy": 0})
    assert steps(left, TITLE) == ["dashboard: remove dashboard-1"]


def test_one_without_a_number_makes_way() -> None:
    there = applied(read())
    old = [
        replace(each, service=each.service.replace("gateway-1", "gateway"))
        for each in there.containers
    ]
    found = steps(replace(there, containers=tuple(old)))
    assert found == ["gateway: remove container", "gateway: start container"]


def test_a_gateway_that_has_kernels_stays_a_while() -> None:
    fewer = beside(applied(read()), "gateway-2", said={"kernels": 2})
    assert drained.drains(fewer, fewer.of("gateway")[1])
    assert steps(fewer) == []


def test_dashboard_servers_are_told_of_gateways_without_being_replaced() -> None:
    before, after = compose.files(read(), FRESH), compose.files(read("gateway: {count: 2}"), FRESH)
    assert "http://gateway-2:8868" in after[naming.SHIFT]
    own = [recipe.said(each, "dashboard", "dashops.digest") for each in (before, after)]
    assert own[0] == own[1]


def test_one_machine_without_containers_has_one_gateway() -> None:
    with pytest.raises(errors.SpecError, match="has one gateway"):
        local.check(read("gateway: {count: 2}"), LOCAL)


@pytest.mark.parametrize("wanted", ["gateway", "gateway=0", "gateway=x", "proxy=2", "gateway=99"])
def test_only_gateways_are_counted(wanted: str) -> None:
    with pytest.raises(errors.SpecError, match="is no number of gateways"):
        scaling.scale(read(), wanted, run.Fake(), lambda _: None, lambda _: True)


def test_the_file_wins_over_scale() -> None:
    with pytest.raises(errors.SpecError, match="says itself how many") as caught:
        scaling.scale(
            read("gateway: {count: 2}"), "gateway=3", run.Fake(), lambda _: None, lambda _: True
        )
    assert caught.value.where == "/srv/demo/dashops.yaml:1"


def test_scale_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dashops").mkdir()
    (tmp_path / ".dashops" / "gateways").write_text("3")
    assert stack.load(target="compose").gateway.count == 3
    assert stack.load(target="local").gateway.count == 1
