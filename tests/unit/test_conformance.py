"""dashops plugin test: a good entry passes, and each way to be bad is named."""

# ruff: noqa: ARG002  each has the parameters that an entry has

import asyncio
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dashops import bundlers, cli, conformance, errors


class Good:
    label = "Dashboard on acme"
    settings: Any = {  # noqa: RUF012
        "type": "object",
        "properties": {"url": {"type": "string"}, "times": {"type": "integer", "default": 2}},
        "required": ["url"],
    }

    async def bundle(self, notebook: Path, context: bundlers.Context) -> Any:
        assert notebook.is_file()
        for number in range(context.settings["times"]):
            context.tell("Sending", number / context.settings["times"])
        return bundlers.Link(context.settings["url"])


class Free(Good):
    """Without settings."""

    settings = None

    async def bundle(self, notebook: Path, context: bundlers.Context) -> Any:
        path = context.folder / "made.zip"
        path.write_bytes(notebook.read_bytes())
        return bundlers.Download(path, "made.zip")


class Nameless(Free):
    label = ""


class Elsewhere(Free):
    group = "upload"


class Synchronous(Free):
    def bundle(self, notebook: Path, context: bundlers.Context) -> Any:  # type: ignore[override]
        return bundlers.Link("https://x")


class BadSchema(Free):
    settings = {"type": "no such type"}  # noqa: RUF012


class Nothing(Free):
    async def bundle(self, notebook: Path, context: bundlers.Context) -> Any:
        return None


class NoPage(Free):
    async def bundle(self, notebook: Path, context: bundlers.Context) -> Any:
        return bundlers.Link("javascript:alert(1)")


class NoFile(Free):
    async def bundle(self, notebook: Path, context: bundlers.Context) -> Any:
        return bundlers.Download(context.folder / "absent", "a.zip")


class Percent(Free):
    async def bundle(self, notebook: Path, context: bundlers.Context) -> Any:
        context.tell("Sending", 50)
        return bundlers.Link("https://x")


class Changes(Free):
    async def bundle(self, notebook: Path, context: bundlers.Context) -> Any:
        notebook.write_text("{}")
        return bundlers.Link("https://x")


class Hangs(Free):
    async def bundle(self, notebook: Path, context: bundlers.Context) -> Any:
        await asyncio.sleep(3600)


class Raises(Free):
    async def bundle(self, notebook: Path, context: bundlers.Context) -> Any:
        raise KeyError("oops")


class Exits(Free):
    def __init__(self) -> None:
        raise SystemExit("no licence")


class Blocks(Free):
    async def bundle(self, notebook: Path, context: bundlers.Context) -> Any:
        await asyncio.sleep(0)
        time.sleep(0.3)
        return bundlers.Link("https://x")


class Package:
    """As `importlib.metadata` tells of an installed one."""

    def __init__(self, kind: str) -> None:
        value = f"{__name__}:{kind}"
        self.entry_points = metadata.EntryPoints(
            [metadata.EntryPoint("acme", value, bundlers.GROUP)] if kind else []
        )


def outcomes(
    monkeypatch: pytest.MonkeyPatch, kind: str, settings: dict[str, Any] | None = None
) -> dict[str, conformance.Check]:
    monkeypatch.setattr(metadata, "distribution", lambda _: Package(kind))
    (tested,) = conformance.test("acme", settings or {}, 2).entries
    return {check.title: check for check in tested.checks}


@pytest.mark.parametrize(("kind", "settings"), [("Good", {"url": "https://x"}), ("Free", {})])
def test_a_good_entry_passes(
    monkeypatch: pytest.MonkeyPatch, kind: str, settings: dict[str, Any]
) -> None:
    found = outcomes(monkeypatch, kind, settings)
    assert {check.outcome for check in found.values()} == {"passed"}
    assert {"loads", "label", "group", "settings", "works", "result", "notebook"} <= found.keys()


def test_without_its_settings_it_is_not_let_work(monkeypatch: pytest.MonkeyPatch) -> None:
    assert outcomes(monkeypatch, "Good")["works"].outcome == "skipped"
    found = outcomes(monkeypatch, "Good", {"url": 3})
    assert found["settings"].outcome == "failed"
    assert "must be string" in found["settings"].reason


@pytest.mark.parametrize(
    ("kind", "title", "why"),
    [
        ("Absent", "loads", "Absent"),
        ("Exits", "loads", "no licence"),
        ("Nameless", "label", "no text"),
        ("Elsewhere", "group", "'upload', none of deploy, download"),
        ("Synchronous", "bundle", "async def"),
        ("BadSchema", "settings", "no JSON schema"),
        ("Nothing", "result", "NoneType"),
        ("NoPage", "result", "no web page"),
        ("NoFile", "result", "there is no file"),
        ("Percent", "progress", "50"),
        ("Changes", "notebook", "it changed"),
        ("Hangs", "works", "not done within 2 seconds"),
        ("Raises", "works", "oops"),
    ],
)
def test_each_way_to_be_bad_is_named(
    monkeypatch: pytest.MonkeyPatch, kind: str, title: str, why: str
) -> None:
    check = outcomes(monkeypatch, kind)[title]
    assert check.outcome == "failed"
    assert why in check.reason


def test_what_is_only_unkind_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    assert outcomes(monkeypatch, "Raises")["errors"].outcome == "warning"
    monkeypatch.setattr(conformance, "LONG", 0.1)
    assert outcomes(monkeypatch, "Blocks")["lets others work"].outcome == "warning"


def test_the_command_prints_a_table_and_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "distribution", lambda _: Package("Nothing"))
    done = CliRunner().invoke(cli.app, ["plugin", "test", "acme"])
    assert done.exit_code == 1
    assert "NoneType" in done.stdout
    assert "does not keep to dashops.bundlers" in done.stdout
    monkeypatch.setattr(metadata, "distribution", lambda _: Package("Free"))
    done = CliRunner().invoke(cli.app, ["plugin", "test", "acme", "--json"])
    assert done.exit_code == 0
    assert '"passed": true' in done.stdout


def test_no_such_package_is_said() -> None:
    with pytest.raises(errors.SpecError, match="no package `no-such-package`"):
        conformance.test("no-such-package", {}, 1)


def test_settings_are_json_or_text(tmp_path: Path) -> None:
    file = tmp_path / "acme.json"
    file.write_text('{"url": "https://a", "times": 1}')
    found = conformance.given(["times=3", "name=bob", "on=true"], file)
    assert found == {"url": "https://a", "times": 3, "name": "bob", "on": True}
    with pytest.raises(errors.SpecError, match="name=value"):
        conformance.given(["times"], None)
