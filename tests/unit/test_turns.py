"""What status and plan say while two dashboard servers take turns, with containers as data."""

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
from containers import IDLE, applied

from dashops import stack
from dashops.stack import Stack
from dashops.targets import compose
from dashops.targets.compose import engine
from dashops.targets.compose.facts import Facts


@pytest.fixture(autouse=True)
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "connected", lambda _: contextlib.nullcontext(IDLE))


def read() -> Stack:
    return stack.parse("", Path("/srv/demo/dashops.yaml"), {})


def two(*, before: bool, wanted: bool) -> Facts:
    """Server 2 beside server 1, which is wanted; whether each says that it serves."""
    facts = applied(read())
    (one,) = facts.of("dashboard")
    second = replace(
        one, id="other", service="dashboard-2", digest="old", said={"serving": before, "busy": 3}
    )
    first = replace(one, said={"serving": wanted, "busy": 0})
    rest = [each for each in facts.containers if each.slot != "dashboard"]
    return replace(facts, containers=(*rest, first, second))


@pytest.mark.parametrize(
    ("before", "wanted", "states"),
    [
        (True, False, {"dashboard": "unchecked", "dashboard-2": "healthy"}),
        (False, True, {"dashboard": "healthy", "dashboard-2": "draining"}),
        # The one before says for some seconds that it serves.
        (True, True, {"dashboard": "healthy", "dashboard-2": "draining"}),
    ],
)
def test_status_says_which_one_visitors_get(
    before: bool,  # noqa: FBT001
    wanted: bool,  # noqa: FBT001
    states: dict[str, str],
) -> None:
    found = compose.slots(read(), two(before=before, wanted=wanted))
    assert {each.slot: each.state for each in found if "dashboard" in each.slot} == states


def test_one_that_nobody_was_sent_to_is_checked_again() -> None:
    facts = two(before=True, wanted=False)
    (step,) = compose.up(read(), facts, facts.rendered)
    assert step.action == "check dashboard-1, send visitors to it"
    assert not step.ends
    assert not list(compose.up(read(), two(before=True, wanted=True), facts.rendered))
