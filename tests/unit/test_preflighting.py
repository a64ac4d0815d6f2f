"""Preflight and kernels from the command line down to what reaches a server."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bench import corpus
from dashops import cli, client, errors, publish
from dashops.client import about
from dashops.secrets import Secret

SERVER = json.loads((corpus.FOLDER / "server.json").read_text())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    (tmp_path / "dashops.yaml").write_text("dashboard: {port: 3}\n")
    return tmp_path


def notebook(folder: Path, *sources: str) -> Path:
    cells = [
        {"cell_type": "code", "metadata": {}, "source": each, "outputs": [], "execution_count": 1}
        for each in sources
    ]
    path = folder / "sales.ipynb"
    path.write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": cells})
    )
    return path


def destination(handle: Callable[[httpx.Request], httpx.Response]) -> publish.Destination:
    transport = httpx.MockTransport(handle)
    return publish.Destination(client.Server("http://127.0.0.1:1", Secret("t"), transport))


def tells(request: httpx.Request) -> httpx.Response:
    assert (request.method, request.url.path) == ("GET", "/_api/about")
    return httpx.Response(200, json=SERVER)


def says(status: int) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, json={"message": "no such thing here", "hint": ""})


class TestCheck:
    def test_the_server_knows_what_it_has(self, folder: Path) -> None:
        path = notebook(folder, "import pandas, polars")
        found = publish.preflight(path, [], destination(tells), publish.Checks())
        assert [(each.kind, each.severity) for each in found.findings] == [("import", "error")]
        assert found.refused == 1
        assert not found.silent

    @pytest.mark.parametrize("status", [404, 401, 503])
    def test_a_server_that_does_not_tell_is_no_obstacle(self, folder: Path, status: int) -> None:
        path = notebook(folder, "import pandas")
        found = publish.preflight(path, [], destination(says(status)), publish.Checks(strict=True))
        assert found.silent
        assert not found.refused

    def test_a_stack_of_this_machine_knows_its_variables(self, folder: Path) -> None:
        path = notebook(folder, "import os\nos.environ['TZ'], os.environ['TOKEN']")
        to = replace(destination(says(404)), env=frozenset({"TZ"}))
        found = publish.preflight(path, [], to, publish.Checks()).findings
        assert [each.message for each in found] == ["kernels see no `TOKEN`, which is an error"]

    def test_files_named_on_the_command_line_are_sent(self, folder: Path) -> None:
        path = notebook(folder, "open('a.csv')")
        (folder / "a.csv").write_text("1")
        assert publish.preflight(path, [], None, publish.Checks()).refused == 1
        assert not publish.preflight(path, [folder / "a.csv"], None, publish.Checks()).findings

    def test_fix_writes_all_that_is_imported_where_nothing_is_declared(self, folder: Path) -> None:
        path = notebook(folder, "import pandas, polars, json")
        found = publish.preflight(path, [], destination(tells), publish.Checks(fix=True))
        text = (folder / "requirements.txt").read_text()
        assert [line.split(">")[0] for line in text.splitlines()[1:]] == ["pandas", "polars"]
        assert found.written == folder / "requirements.txt"
        assert not found.findings

    def test_fix_only_adds_to_an_authors_file(self, folder: Path) -> None:
        (folder / "requirements.txt").write_text("# mine\npandas==2.0")
        path = notebook(folder, "import pandas, sklearn")
        found = publish.preflight(path, [], destination(tells), publish.Checks(fix=True))
        text = (folder / "requirements.txt").read_text()
        assert text.startswith("# mine\npandas==2.0\nscikit-learn")
        assert found.added == tuple(text.splitlines()[2:])

    def test_fix_leaves_a_notebook_alone_that_lacks_nothing(self, folder: Path) -> None:
        path = notebook(folder, "import pandas")
        publish.preflight(path, [], destination(tells), publish.Checks(fix=True))
        assert not (folder / "requirements.txt").exists()

    def test_fix_never_hides_another_declaration(self, folder: Path) -> None:
        (folder / "pyproject.toml").write_text(
            '[project]\nname = "x"\nversion = "1"\ndependencies = ["pandas"]\n'
        )
        path = notebook(folder, "import pandas, polars")
        found = publish.preflight(path, [], destination(tells), publish.Checks(fix=True))
        assert found.written is None
        assert not (folder / "requirements.txt").exists()
        assert "pyproject.toml" in found.findings[0].fix


class TestReady:
    def test_findings_do_not_stop_a_deploy(self, folder: Path) -> None:
        said: list[publish.Preflight] = []
        path = notebook(folder, "import polars")
        publish.ready(path, [], destination(tells), publish.Checks(), said.append)
        assert said[0].refused == 1

    def test_strict_refuses_at_a_warning(self, folder: Path) -> None:
        path = notebook(folder, "open('nowhere.csv')")
        to = destination(tells)
        publish.ready(path, [], to, publish.Checks(), lambda _: None)
        with pytest.raises(errors.SpecError, match="one thing that `--strict` refuses"):
            publish.ready(path, [], to, publish.Checks(strict=True), lambda _: None)

    def test_strict_lets_notes_pass(self, folder: Path) -> None:
        path = notebook(folder, "import os\nos.getenv('STYLE', 'dark')")
        publish.ready(path, [], destination(tells), publish.Checks(strict=True), lambda _: None)


class TestAbout:
    def test_what_a_server_leaves_out_is_not_known(self) -> None:
        found = about.decode({"kernels": {}})
        assert (found.modules, found.frontends, found.env) == (None, None, None)

    def test_what_is_no_server_of_ours(self) -> None:
        with pytest.raises(errors.ToolError, match="not a dashops dashboard server"):
            about.ask(destination(lambda _: httpx.Response(200, json=[])).server)

    def test_control_characters_never_reach_a_terminal(self) -> None:
        found = about.decode({"kernels": {"a\x1b[31m": {"display_name": "b\x07"}}})
        assert found.kernels == {"a": client.Kernel("b", "")}

    def test_kernels(self) -> None:
        found = publish.kernels(destination(tells))
        assert found.default == "python3"
        assert found.kernels["ir"] == client.Kernel("R", "R")

    def test_kernels_of_a_server_of_before(self) -> None:
        with pytest.raises(errors.ToolError, match="does not tell its kernels"):
            publish.kernels(destination(says(404)))


class TestCommand:
    def run(self, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["dashops", *words])
        try:
            cli.main()
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    def test_without_a_stack_it_looks_at_what_lies_here(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        notebook(folder, "x = 1", "y = 2\nopen('../a.csv')")
        assert self.run(monkeypatch, "preflight", "sales.ipynb") == 2
        out, err = capsys.readouterr()
        assert out.startswith("error: cell 2, line 2: reads `../a.csv`")
        assert "\n  fix: copy it beside the notebook" in out
        assert "there is no stack yet" in err

    def test_a_good_one_ends_with_0_and_strict_is_stricter(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        notebook(folder, "x = 1")
        assert self.run(monkeypatch, "preflight", "sales.ipynb", "--strict") == 0
        assert "nothing found" in capsys.readouterr().out
        notebook(folder, "open('nowhere.csv')")
        assert self.run(monkeypatch, "preflight", "sales.ipynb") == 0
        assert self.run(monkeypatch, "preflight", "sales.ipynb", "--strict") == 2

    def test_for_programs(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        notebook(folder, "input()")
        assert self.run(monkeypatch, "preflight", "sales.ipynb", "--json") == 2
        found = json.loads(capsys.readouterr().out)
        assert found["passed"] is False
        assert found["findings"][0]["kind"] == "stdin"
        assert found["findings"][0]["cell"] == 1

    def test_a_server_that_is_named_needs_its_token(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.delenv("DASHOPS_TOKEN", raising=False)
        notebook(folder, "x = 1")
        words = ("preflight", "sales.ipynb", "--server", "https://x.example")
        assert self.run(monkeypatch, *words) == 2
        assert "needs the deploy token" in capsys.readouterr().err
