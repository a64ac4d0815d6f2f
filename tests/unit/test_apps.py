"""What is in a dashboard app: everything it needs, nothing of the author's machine, no secret."""

import json
import re
import runpy
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from dashops import apps, errors
from dashops.apps import locking, wheel, writing
from dashops.run import Fake, Result

NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {},
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Sales\n![](a.png)"},
        {
            "cell_type": "code",
            "id": "b",
            "metadata": {},
            "source": "1",
            "outputs": [],
            "execution_count": 3,
        },
    ],
}
LOCK = "ipykernel==7.0 \\\n    --hash=sha256:" + "0" * 64 + "\n"


class Uv(Fake):
    """Writes a lock, and keeps what it was asked for."""

    asked = ""

    def __call__(self, *argv: Any, **options: Any) -> Result:
        folder: Path = options["cwd"]
        (folder / "lock.txt").write_text(LOCK)
        self.asked = (folder / "requirements.txt").read_text()
        return super().__call__(*argv, **options)


@pytest.fixture
def uv(monkeypatch: pytest.MonkeyPatch) -> Uv:
    found = Uv()
    lock = locking.lock
    monkeypatch.setattr(locking, "lock", lambda *words: lock(*words, run=found))
    return found


@pytest.fixture
def author(tmp_path: Path) -> Path:
    """A folder with a notebook, its picture, its packages, and what is nobody else's."""
    folder = tmp_path / "secret-folder-of-alice"
    folder.mkdir()
    (folder / "Sales.ipynb").write_text(json.dumps(NOTEBOOK))
    (folder / "a.png").write_bytes(b"picture")
    (folder / "requirements.txt").write_text("pandas>=2\n")
    (folder / ".env").write_text("PASSWORD=hunter2")
    return folder


def content(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_it_has_the_notebook_its_files_and_all_that_runs_them(author: Path, uv: Uv) -> None:
    made = apps.write(author / "Sales.ipynb", author / "app.zip")
    found = content(made.path)
    whole = "README.md Makefile Dockerfile .dockerignore compose.yaml app.env app.json dashops.yaml"
    wanted = {*whole.split(), "requirements.lock", "run.py", "launcher/settings.py"}
    wanted |= {"launcher/servers.py", "dashboard/sales.ipynb", "dashboard/a.png"}
    assert found.keys() - wanted == {f"wheels/{wheel.name()}"}
    assert wanted <= found.keys()
    assert json.loads(found["app.json"])["title"] == "Sales"
    assert found["requirements.lock"].decode() == LOCK
    assert uv.asked == "pandas>=2\n"
    assert b"# Sales" in found["README.md"]


def test_it_tells_nothing_of_the_authors_machine(author: Path, uv: Uv) -> None:
    made = apps.write(author / "Sales.ipynb", author / "app.zip", [author / "a.png"])
    assert uv.calls
    every = b"\n".join(content(made.path).values())
    with zipfile.ZipFile(made.path) as archive:
        names = [info.filename for info in archive.infolist()]
        assert not [name for name in names if name.startswith("/") or ".." in name]
        assert archive.getinfo("run.py").external_attr >> 16 & 0o111
        (name,) = (each for each in names if each.endswith(".whl"))
        with archive.open(name) as inner, zipfile.ZipFile(inner) as ours:
            every += b"\n".join(ours.read(each) for each in ours.namelist())
            assert "dashops/recipes/local/dashboard/dashboard.toml.j2" in ours.namelist()
            assert not [each for each in ours.namelist() if "direct_url" in each]
    for word in ("secret-folder-of-alice", "hunter2", str(Path(wheel.__file__).parents[2])):
        assert word.encode() not in every


def test_equal_notebooks_give_equal_apps(author: Path, uv: Uv) -> None:
    one = apps.write(author / "Sales.ipynb", author / "one.zip")
    other = apps.write(author / "Sales.ipynb", author / "other.zip")
    assert uv.calls
    assert one.path.read_bytes() == other.path.read_bytes()


def test_a_notebook_that_asks_for_nothing_gets_what_the_stack_has(author: Path, uv: Uv) -> None:
    (author / "requirements.txt").unlink()
    source = apps.Source(packages=("bokeh", "jupyter_bokeh"), options=("--offline",))
    apps.write(author / "Sales.ipynb", author / "app.zip", source=source)
    assert uv.asked == "bokeh\njupyter_bokeh\n"
    assert "--offline" in uv.calls[0]


def test_a_missing_picture_is_told(author: Path, uv: Uv) -> None:
    (author / "a.png").unlink()
    assert apps.write(author / "Sales.ipynb", author / "app.zip").missing == ("a.png",)
    assert uv.calls


@pytest.mark.parametrize(
    ("target", "why"), [("absent/app.zip", "there is no folder"), (".", "it is a folder")]
)
def test_what_cannot_be_written_is_said_before_the_work(
    author: Path, uv: Uv, target: str, why: str
) -> None:
    with pytest.raises(errors.SpecError, match=why):
        apps.write(author / "Sales.ipynb", author / target)
    assert not uv.calls


@pytest.mark.parametrize("name", ["APP_PASSWORD", "APP_GATEWAY_TOKEN"])
def test_a_secret_has_no_place_in_it(author: Path, uv: Uv, name: str) -> None:
    with pytest.raises(errors.SpecError, match="is a secret") as caught:
        apps.write(author / "Sales.ipynb", author / "app.zip", configuration={name: "hunter2"})
    assert "hunter2" not in str(caught.value)
    assert not (author / "app.zip").exists()
    assert uv.calls


def test_packages_that_do_not_go_together_are_the_authors_to_solve(
    author: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> Result:
        raise errors.ToolError("`uv` failed", where="no solution: https://bob:pw@index/simple")

    lock = locking.lock
    monkeypatch.setattr(locking, "lock", lambda *words: lock(*words, run=refuse))
    with pytest.raises(errors.ToolError, match="cannot be had together") as caught:
        apps.write(author / "Sales.ipynb", author / "app.zip")
    assert "no solution" in caught.value.where
    assert "pw" not in caught.value.where


def launcher(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The launcher's settings, as they are in every app."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return runpy.run_path(str(writing.FILES / "launcher" / "settings.py"))


def test_every_setting_is_in_the_readme_and_in_app_env(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = launcher(monkeypatch)
    readme = (writing.FILES / "README.md.j2").read_text()
    guide = (Path(__file__).parents[2] / "docs" / "apps.md").read_text()
    told = (writing.FILES / "app.env.j2").read_text()
    for name, default in settings["DEFAULTS"].items():
        secret = name in settings["SECRETS"]
        option = "" if secret else f"`--{name.lower().replace('_', '-')}`"
        row = re.search(rf"^\| `APP_{name}` \| {option} ?\| (.*?) \|", readme, re.MULTILINE)
        assert row, name
        assert not default or default in row[1]
        assert f"`APP_{name}`" in guide
        assert secret or f"#APP_{name}={default}\n" in told


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"PORT": "80000"}, "APP_PORT is no TCP port"),
        ({"CONTENT_PORT": "x"}, "APP_CONTENT_PORT is no TCP port"),
        ({"CERTIFICATE": "/c"}, "one of APP_CERTIFICATE and APP_CERTIFICATE_KEY is missing"),
        ({"CERTIFICATE": "/c", "CERTIFICATE_KEY": "/k"}, "APP_CERTIFICATE needs APP_ADDRESS"),
        ({"ADDRESS": "sales.example.com"}, "APP_ADDRESS is no address"),
        ({"PASSWORD": "a", "PASSWORD_FILE": "/b"}, "both APP_PASSWORD and APP_PASSWORD_FILE"),
        ({"PASSWORD_FILE": "/dev/null"}, "APP_PASSWORD_FILE is empty"),
        ({"PASSWORD_FILE": "/absent"}, "APP_PASSWORD_FILE cannot be read"),
        ({"GATEWAY_URL": "https://k"}, "APP_GATEWAY_URL needs"),
        ({"LOGS": "syslog"}, "APP_LOGS is neither"),
    ],
)
def test_what_cannot_work_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], why: str
) -> None:
    settings = launcher(monkeypatch)
    free = {"PORT": "18866", "CONTENT_PORT": "18869"}
    with pytest.raises(SystemExit, match=re.escape(why)):
        settings["check"]({**settings["DEFAULTS"], **free, **changes})


def test_a_cluster_takes_the_place_of_the_apps_own_gateway(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import tomllib

    settings = launcher(monkeypatch)
    given = {"GATEWAY_URL": "https://a, https://b", "GATEWAY_TOKEN": "key", "HOST": "0.0.0.0"}
    made = settings["overrides"]({**settings["DEFAULTS"], **given}, tmp_path)
    told = tomllib.loads(made)
    assert [each["url"] for each in told["gateways"]] == ["https://a", "https://b"]
    token = Path(told["gateways"][0]["token_file"])
    assert token.read_text() == "key"
    assert token.stat().st_mode & 0o777 == 0o600
    assert told["server"]["ip"] == "0.0.0.0"


def test_the_servers_see_no_setting_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("APP_PASSWORD", "DASHOPS_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_URL"):
        monkeypatch.setenv(name, "hunter2")
    monkeypatch.setenv("DASHOPS_DASHBOARD_TITLE", "Ours")
    settings = launcher(monkeypatch)
    assert "hunter2" not in settings["shown"]().values()
    assert settings["shown"](["DB_URL"])["DB_URL"] == "hunter2"
    ours = settings["of_dashops"](settings["DEFAULTS"])
    assert "hunter2" not in ours.values()
    assert ours["DASHOPS_DASHBOARD_TITLE"] == "Ours"
