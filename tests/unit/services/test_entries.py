"""What Deploy as offers: a broken package says why, and harms no other."""

import logging
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from dashops import bundlers
from dashops.services.notebook import entries

LOG = logging.getLogger("test")
SERVER = {"name": "sales", "url": "http://127.0.0.1:1", "token_file": "/nowhere"}


class Good:
    label = "Dashboard on acme"

    async def bundle(self, notebook: Path, context: bundlers.Context) -> bundlers.Link:
        raise NotImplementedError


class Nameless(Good):
    label = ""


class Raises(Good):
    def __init__(self) -> None:
        raise ValueError("no licence")


def offered(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any] | None = None, **packages: str
) -> dict[str, entries.Entry]:
    def points(group: str) -> list[EntryPoint]:
        return [EntryPoint(name, f"{__name__}:{value}", group) for name, value in packages.items()]

    monkeypatch.setattr(entries, "entry_points", points)
    return entries.found([SERVER], settings or {}, {}, LOG)


def test_servers_come_first_then_packages_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    found = offered(monkeypatch, acme="Good")
    assert [each.label for each in found.values()] == [
        "Dashboard on sales",
        "Dashboard app (.zip)",
        "Dashboard on acme",
    ]
    assert not any(each.broken for each in found.values())


@pytest.mark.parametrize(
    ("value", "why"),
    [("Nameless", "label"), ("Raises", "no licence"), ("Absent", "Absent"), ("LOG", "callable")],
)
def test_a_broken_package_says_why_and_harms_no_other(
    monkeypatch: pytest.MonkeyPatch, value: str, why: str
) -> None:
    found: Any = offered(monkeypatch, acme="Good", bad=value)
    assert found["plugin.acme"].bundler is not None
    assert found["plugin.bad"].bundler is None
    assert why in found["plugin.bad"].broken
    assert "bad" in found["plugin.bad"].label


class Settled(Good):
    group = "download"
    settings: Any = {  # noqa: RUF012
        "type": "object",
        "properties": {"url": {"type": "string"}, "times": {"type": "integer", "default": 2}},
        "required": ["url"],
        "additionalProperties": False,
    }


def test_settings_reach_an_entry_with_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    found = offered(monkeypatch, {"acme": {"url": "https://a"}}, acme="Settled")
    assert found["plugin.acme"].settings == {"url": "https://a", "times": 2}
    assert found["plugin.acme"].group == "download"


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({}, "must contain ['url']"),
        ({"acme": {"url": 3}}, "settings.url must be string"),
        ({"acme": {"url": "https://a", "token": "hunter2"}}, "must not contain {'token'}"),
        ({"acme": "https://a"}, "no mapping"),
    ],
)
def test_settings_that_do_not_fit_are_the_reason_it_is_broken(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], why: str
) -> None:
    found = offered(monkeypatch, settings, acme="Settled", other="Good")
    assert why in found["plugin.acme"].broken
    assert "hunter2" not in found["plugin.acme"].broken
    assert not found["plugin.other"].broken


def test_without_a_schema_there_is_nothing_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert offered(monkeypatch, {"acme": {"a": 1}}, acme="Good")["plugin.acme"].broken


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_file_of_settings_that_cannot_be_used_is_none(tmp_path: Path, content: str) -> None:
    file = tmp_path / "entries.json"
    file.write_text(content)
    assert entries.read(str(file), LOG) == {}
