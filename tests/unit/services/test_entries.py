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
