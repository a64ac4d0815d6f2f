"""`dashops attack` against a real stack: all is refused, and nothing is left of it."""

import json
from typing import Any

import pytest
from live import Live, Viewer

FEW = 250  # attempts; a catalogue that shrank would pass for nothing


@pytest.fixture(scope="module")
def report(live: Live) -> dict[str, Any]:
    live.deploy("bystander", "print('unharmed')")
    done = live.try_dashops("attack", "--json")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_attempt_is_made_and_refused(report: dict[str, Any]) -> None:
    assert report["passed"] and len(report["attempts"]) > FEW
    assert {each["kind"] for each in report["attempts"]} == {"refused"}


def test_nothing_is_left_of_it_and_nobody_is_harmed(live: Live, report: dict[str, Any]) -> None:
    assert report["passed"]
    names = [each["name"] for each in live.api("GET", "/_api/notebooks").json()["dashboards"]]
    assert "bystander" in names and not [each for each in names if "attack" in each]
    assert "unharmed" in Viewer(live).open("bystander").html
    tokens = json.loads(live.dashops("tokens", "list", "--json"))["tokens"]
    assert {each["state"] for each in tokens if "attack" in each["name"]} == {"revoked"}
    assert live.viewers("bystander")


def test_a_person_who_cannot_log_in_is_no_success(live: Live) -> None:
    wrong = live.folder / "wrong"
    wrong.write_text("wrong")
    wrong.chmod(0o600)
    said = live.try_dashops("attack", "--user", "viewer", "--password-file", str(wrong))
    assert said.returncode == 1, said.stdout
    assert "not made" in said.stdout and "hint:" in said.stderr
