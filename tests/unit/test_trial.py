"""Visitors are sent to another dashboard server when it has passed, with servers as objects."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from dashops import client, proving, smoke, stack, targets, trial
from dashops.client import turns
from dashops.errors import ChecksFailed, ToolError
from dashops.run import Fake
from dashops.stack import Stack

PASSED = smoke.Check("story.page", "a viewer gets the page", "passed", 1.0)
FAILED = smoke.Check("story.slider", "a viewer moves a slider", "failed", 1.0, "it stays at 1")


class Servers:
    """Two of them; the proxy leads to the one with the number `led`."""

    def __init__(self, led: str) -> None:
        self.led, self.turn = led, "1"

    def seen(self, _: object) -> turns.Turn:
        return turns.Turn(self.led, self.turn)

    def take(self, _: object) -> turns.Turn:
        self.turn = self.led
        return self.seen(_)


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Servers:
    made = Servers("2")
    monkeypatch.setattr(turns, "seen", made.seen)
    monkeypatch.setattr(turns, "take", made.take)
    monkeypatch.setattr(targets.by_name("compose"), "reach", lambda _: None)
    return made


def read(folder: Path, more: str = "") -> Stack:
    secrets = folder / ".dashops" / "secrets"
    secrets.mkdir(parents=True)
    (secrets / "admin-token").write_text("a-token-of-the-tests")
    (secrets / "admin-token").chmod(0o600)
    return stack.parse(f"target: compose\n{more}", folder / "dashops.yaml", {})


def seeing(monkeypatch: pytest.MonkeyPatch, *checks: smoke.Check) -> list[str]:
    asked: list[str] = []

    def story(_: Stack, __: object, number: str) -> smoke.Report:
        asked.append(number)
        return smoke.Report("demo", checks)

    monkeypatch.setattr(proving, "story", story)
    return asked


def test_who_has_passed_gets_the_visitors(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = seeing(monkeypatch, PASSED)
    assert trial.take(read(tmp_path), Fake(), "2") == "1 of 1 checks passed"
    assert asked == ["2"]
    assert servers.turn == "2"


def test_who_has_not_passed_gets_nobody(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seeing(monkeypatch, PASSED, FAILED)
    with pytest.raises(ChecksFailed, match="a viewer moves a slider: it stays at 1"):
        trial.take(read(tmp_path), Fake(), "2")
    assert servers.turn == "1"


def test_a_proxy_that_leads_elsewhere_is_noticed(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seeing(monkeypatch, PASSED)
    servers.led = "1"
    with pytest.raises(ToolError, match="does not lead to the dashboard server 2"):
        trial.take(read(tmp_path), Fake(), "2")
    assert servers.turn == "1"


def test_nothing_is_checked_where_nobody_wants_it(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = seeing(monkeypatch, FAILED)
    trial.take(read(tmp_path, "dashboard: {check_first: false}"), Fake(), "2")
    assert asked == []
    assert servers.turn == "2"


def test_what_cannot_be_checked_is_said(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def missing() -> None:
        raise ToolError("not installed")

    monkeypatch.setattr(smoke, "require_installed", missing)
    assert trial.take(read(tmp_path), Fake(), "2") == trial.UNCHECKED
    assert servers.turn == "2"


def test_what_a_killed_check_left_is_removed_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".dashops" / "secrets").mkdir(parents=True)
    (tmp_path / ".dashops" / "secrets" / "deploy-token").write_text("a-token-of-the-tests")
    there = ["sales", f"{proving.TURN}0a1b2c3d"]
    server = SimpleNamespace(
        dashboards=lambda: [SimpleNamespace(name=name) for name in there], remove=there.remove
    )
    monkeypatch.setattr(client, "Server", lambda *_: server)
    seen: list[str] = []

    def check(_: Stack, __: object, name: str, number: str) -> smoke.Report:
        seen.extend([*there, name, number])
        return smoke.Report("demo", (PASSED,))

    monkeypatch.setattr(smoke, "check", check)
    proving.story(stack.parse("", tmp_path / "dashops.yaml", {}), Fake(), "2")
    assert seen[0] == "sales" and seen[1].startswith(proving.TURN) and seen[2:] == ["2"]
