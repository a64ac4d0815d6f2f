"""What a person or a program sees of the stack verbs: output, exit codes, what stays untouched."""

import io
import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashops import cli, flow, stack, view
from dashops.errors import SpecError
from dashops.plan import Event
from dashops.run import Fake
from dashops.view import live, text


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    # Ports that nobody on this machine has, or the real stack of a developer would be in the way.
    (tmp_path / "dashops.yaml").write_text(
        "dashboard: {port: 3}\ngateway: {port: 5}\nnotebook: {port: 7}\n"
    )
    return tmp_path


@pytest.fixture
def dashops(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> "Iterator[Command]":
    yield Command(monkeypatch, capsys)


class Command:
    """`dashops` as its console script runs it, in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *words: str) -> int:
        self._monkeypatch.setattr(sys, "argv", ["dashops", *words])
        self._capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        self.out, self.err = self._capsys.readouterr()
        return code


def test_plan_changes_nothing(folder: Path, dashops: Command) -> None:
    before = sorted(folder.rglob("*"))
    assert dashops("plan") == 2
    assert "+ secrets/viewer-password" in dashops.out
    assert "> gateway: make environment (environment is missing)" in dashops.out
    assert sorted(folder.rglob("*")) == before


def test_plan_for_programs(folder: Path, dashops: Command) -> None:
    assert dashops("plan", "--json") == 2
    found = json.loads(dashops.out)
    assert found["empty"] is False
    assert {change["kind"] for change in found["changes"]} == {"create"}
    assert found["steps"][0]["slot"] == "gateway"
    assert [step["kind"] for step in found["steps"][:3]] == ["make", "install", "install"]
    assert "uv venv" in found["steps"][0]["command"]
    assert not list(folder.glob(".dashops"))


def test_plan_shows_the_lines_that_change(folder: Path, dashops: Command) -> None:
    assert dashops("plan", "--diff") == 2
    assert "+c.ServerApp.port = 7" in dashops.out
    assert "$ " in dashops.out
    assert str(folder) in dashops.out


def test_status_of_what_was_never_up_is_a_failure(folder: Path, dashops: Command) -> None:
    assert dashops("status") == 1
    assert re.search(r"gateway +stopped +http://127.0.0.1:5", dashops.out)
    assert dashops("status", "--json") == 1
    slots = json.loads(dashops.out)["slots"]
    assert [slot["state"] for slot in slots] == ["stopped"] * 3
    assert not (folder / ".dashops").exists()


def test_down_of_what_was_never_up_is_fine(folder: Path, dashops: Command) -> None:
    assert dashops("down") == 0
    assert "was not up" in dashops.err
    assert not (folder / ".dashops").exists()


def test_render_writes_only_where_told(folder: Path, dashops: Command) -> None:
    assert dashops("render", "--json") == 0
    files = json.loads(dashops.out)["files"]
    assert "c.ServerApp.port = 7" in files["notebook/lab.py"]
    assert dashops("render", "-o", "out") == 0
    assert (folder / "out/notebook/lab.py").read_text() == files["notebook/lab.py"]
    assert (folder / "out/notebook/lab.py").stat().st_mode & 0o777 == 0o600
    assert not (folder / ".dashops").exists()


def test_password_before_the_first_up_says_what_to_do(folder: Path, dashops: Command) -> None:
    assert folder
    assert dashops("password") == 1
    assert "error: there is no secret `viewer-password`" in dashops.err
    assert "hint: `dashops up` makes it" in dashops.err


def test_password_is_printed_alone(folder: Path, dashops: Command) -> None:
    secrets = folder / ".dashops" / "secrets"
    secrets.mkdir(parents=True)
    (secrets / "viewer-password").write_text("hush")
    assert dashops("password") == 0
    assert dashops.out == "hush\n"
    assert dashops("password", "--json") == 0
    login = {"url": "http://127.0.0.1:3", "user": "viewer", "password": "hush"}
    assert json.loads(dashops.out) == login


def test_a_mistake_in_the_stack_file_is_usage(folder: Path, dashops: Command) -> None:
    (folder / "dashops.yaml").write_text("gateway: {prot: 5}\n")
    assert dashops("render") == 2
    assert dashops.out == ""
    assert "error: " in dashops.err
    assert "dashops.yaml:1" in dashops.err
    assert "did you mean `port`?" in dashops.err


def test_a_mistake_is_not_taken_for_something_to_do(folder: Path, dashops: Command) -> None:
    (folder / "dashops.yaml").write_text("gateway: {prot: 5}\n")
    assert dashops("plan") == 1
    assert "did you mean `port`?" in dashops.err


def test_an_unknown_slot_or_verb_is_usage(folder: Path, dashops: Command) -> None:
    assert folder
    assert dashops("logs", "gatway") == 2
    assert "choose one of" in dashops.err
    assert dashops("reload") == 2


def test_a_no_changes_nothing(folder: Path) -> None:
    asked = []
    run = Fake()
    done = flow.up(stack.load(), run, lambda _: None, lambda plan: bool(asked.append(plan)))
    assert done.declined
    assert not done.changed
    assert len(asked) == 1
    assert run.calls == []
    left = {path.name for path in (folder / ".dashops").iterdir()}
    assert left == {".gitignore", "lock"}


def test_purge_removes_everything_when_told(folder: Path) -> None:
    (folder / ".dashops/store/sales").mkdir(parents=True)
    kept = flow.purge(stack.load(), Fake(), lambda _: None, lambda _: False)
    assert kept.declined
    assert (folder / ".dashops/store/sales").exists()
    flow.purge(stack.load(), Fake(), lambda _: None, lambda _: True)
    assert not (folder / ".dashops").exists()


def test_down_says_what_it_keeps(folder: Path, dashops: Command) -> None:
    (folder / ".dashops/store").mkdir(parents=True)
    assert dashops("down") == 0
    assert f"kept {folder}/.dashops/store: published dashboards" in dashops.err
    assert "secrets" not in dashops.err


def test_errors_have_a_place_and_a_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    view.error(SpecError("it broke", hint="mend it", where="a.yaml:1:2\n  line"))
    assert capsys.readouterr().err == "error: it broke\n  a.yaml:1:2\n    line\nhint: mend it\n"


def test_nothing_is_asked_where_nobody_sits() -> None:
    # pytest's stdin is no terminal.
    assert not view.asks(yes=False, json=False)


@pytest.mark.parametrize(
    ("answer", "default", "meant"),
    [("", "y", True), ("y", "n", True), ("no", "y", False), ("", "n", False), (None, "y", False)],
)
def test_an_answer_means_what_it_says(
    answer: str | None, default: str, meant: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("" if answer is None else f"{answer}\n"))
    from dashops.view import asking

    assert asking.question("Go on?", default) is meant


def test_plain_progress_says_each_thing_once(capsys: pytest.CaptureFixture[str]) -> None:
    with view.progress() as tell:
        tell(Event("gateway", "start", "install packages"))
        tell(Event("gateway", "done", "install packages"))
        tell(Event("gateway", "start", "wait until it answers"))
        tell(Event("gateway", "done", "healthy"))
        tell(Event("notebook", "progress", "sending", 1, 2))
        tell(Event("notebook", "failed", "ended"))
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["gateway: install packages", "gateway: wait until it answers"]
    assert re.fullmatch(r"gateway: healthy after \d\.\d s", lines[2])
    assert lines[3:] == ["notebook: ended"]


def test_an_interruption_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), view.progress():
        raise KeyboardInterrupt
    assert "the same command goes on" in capsys.readouterr().err


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_one_line_a_subject(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with view.progress() as tell:
        tell(Event("gateway", "start", "install packages"))
        tell(Event("sales", "progress", "uploading", 1, 4))
        deadline = time.monotonic() + 10
        while "uploading" not in terminal.getvalue() and time.monotonic() < deadline:
            time.sleep(live.REFRESH / 5)
        tell(Event("gateway", "done", "healthy"))
    drawn = terminal.getvalue()
    assert re.search(r"✓ gateway +healthy  \d+\.\d s\n", drawn)
    assert "━━━━━━──────────────────  25%" in drawn
    # Without colour the cursor still moves.
    assert not re.search(r"\x1b\[\d*m", drawn)


def test_numbers_are_for_people() -> None:
    assert [text.size(n) for n in (0, 999, 1500, 93_245_440, 5e9)] == [
        "0 B",
        "999 B",
        "1.5 kB",
        "93 MB",
        "5.0 GB",
    ]
    assert [text.duration(s) for s in (4, 180, 7500, 273_600)] == [
        "4 s",
        "3 min",
        "2 h 5 min",
        "3 d 4 h",
    ]


def test_a_table_lines_up() -> None:
    assert text.table(("slot", "pid"), [("gateway", "1"), ("x", "23")]) == [
        "SLOT     PID",
        "gateway  1",
        "x        23",
    ]
