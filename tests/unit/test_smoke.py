"""What `dashops smoke` reports and prints, and what its checks see; nothing runs here."""

import ast
import ipaddress
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dashops import bundle, cli, errors, smoke, stack, view
from dashops.checks import chromium, proc, test_story
from dashops.run import Result
from dashops.stack import Stack

CHECKS = Path(smoke.__file__).parent / "checks"
XML = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" tests="5">
<testcase classname="test_health" name="test_healthy[gateway]" time="0.25">
  <properties><property name="title" value="gateway is healthy" /></properties></testcase>
<testcase classname="test_files" name="test_secrets" time="0.5">
  <properties><property name="title" value="secrets are private" />
    <property name="reason" value="`a` has mode 644&#10;`b` has mode 644" /></properties>
  <failure message="AssertionError">traceback with hush-hush-hush in it</failure></testcase>
<testcase classname="test_story" name="test_publish" time="1">
  <properties><property name="title" value="a notebook can be published" />
    <property name="reason" value="no server answers to hush-hush-hush" /></properties>
  <error message="failed on setup with ...">traceback</error></testcase>
<testcase classname="test_story" name="test_slider" time="0">
  <properties><property name="title" value="a slider moves" />
    <property name="reason" value="there is no browser" /></properties>
  <skipped type="pytest.skip" message="there is no browser">test_story.py:1</skipped></testcase>
<testcase classname="test_story" name="test_hosts" time="0">
  <properties><property name="title" value="no other host" />
    <property name="reason" value="there is no browser" /></properties>
  <skipped type="pytest.skip" message="there is no browser">test_story.py:1</skipped></testcase>
</testsuite></testsuites>
"""


@pytest.fixture
def demo(tmp_path: Path) -> Stack:
    folder = tmp_path / ".dashops" / "secrets"
    folder.mkdir(parents=True)
    (folder / "deploy-token").write_text("hush-hush-hush")
    return stack.parse("name: demo\n", tmp_path / "dashops.yaml", {})


@pytest.fixture
def report(demo: Stack) -> smoke.Report:
    return smoke.read(demo, XML)


@dataclass
class Pytest:
    """Stands in for the process of the checks: writes the XML where it is told to."""

    xml: str = XML
    argv: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)

    def __call__(self, *argv: str | Path, **settings: Any) -> Result:
        self.argv, self.settings = [str(word) for word in argv], settings
        file = next(word for word in self.argv if word.startswith("--junitxml="))
        Path(file.partition("=")[2]).write_text(self.xml)
        return Result(tuple(self.argv), 1, "", "")


def test_every_check_is_reported_with_title_outcome_and_reason(report: smoke.Report) -> None:
    assert [(check.name, check.outcome, check.seconds) for check in report.checks] == [
        ("health.healthy[gateway]", "passed", 0.25),
        ("files.secrets", "failed", 0.5),
        ("story.publish", "failed", 1),
        ("story.slider", "skipped", 0),
        ("story.hosts", "skipped", 0),
    ]
    assert report.checks[0].title == "gateway is healthy"
    assert report.checks[1].message == "`a` has mode 644\n`b` has mode 644"


def test_a_secret_in_a_message_is_masked_everywhere(report: smoke.Report) -> None:
    assert report.checks[2].message == "no server answers to ****"
    assert "hush" not in report.junit
    assert "traceback with **** in it" in report.junit


def test_failures_end_with_code_4_and_skips_do_not(report: smoke.Report) -> None:
    with pytest.raises(errors.ChecksFailed, match="2 of 5 checks failed") as caught:
        report.raise_for_failures()
    assert caught.value.exit_code == 4
    skips = smoke.Report("demo", tuple(c for c in report.checks if c.outcome != "failed"))
    skips.raise_for_failures()


def test_a_line_a_check_and_each_reason_once(
    report: smoke.Report, capsys: pytest.CaptureFixture[str]
) -> None:
    view.as_text(report)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["✓", "gateway", "is", "healthy", "0.2", "s"]
    assert [line[0] for line in lines[:5]] == ["✓", "✗", "✗", "–", "–"]  # noqa: RUF001
    assert lines.count("    there is no browser") == 1
    assert "✗ secrets are private: failed" in lines
    assert "    `b` has mode 644" in lines
    assert lines[-1] == "1 of 5 checks passed, 2 skipped"


def test_a_report_for_programs(report: smoke.Report, capsys: pytest.CaptureFixture[str]) -> None:
    view.as_json(report)
    found = json.loads(capsys.readouterr().out)
    assert (found["stack"], found["passed"]) == ("demo", False)
    assert found["checks"][3] == {
        "name": "story.slider",
        "title": "a slider moves",
        "outcome": "skipped",
        "seconds": 0,
        "message": "there is no browser",
    }


def test_the_checks_get_places_and_no_secret(demo: Stack) -> None:
    run = Pytest()
    smoke.check(demo, run, "dashops-smoke-1")
    assert run.argv[:4] == [sys.executable, "-P", "-m", "pytest"]
    assert f"--stack={demo.folder}/dashops.yaml" in run.argv
    assert "--dashboard=dashops-smoke-1" in run.argv
    assert "--hosts=local://" in run.argv
    assert "hush" not in f"{run.argv} {run.settings}"


def test_nothing_of_the_users_folder_takes_part(demo: Stack) -> None:
    run = Pytest()
    smoke.check(demo, run, "dashops-smoke-1")
    assert run.argv[run.argv.index("-c") + 1] == "/dev/null"
    assert {f"--rootdir={CHECKS}", f"--confcutdir={CHECKS}", "no:cacheprovider"} <= set(run.argv)
    assert run.settings["env"]["PYTEST_ADDOPTS"] is None
    assert run.settings["cwd"] != demo.folder
    assert not run.settings["cwd"].exists()


def test_a_stack_that_is_not_up_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["dashops", "smoke", "--junit", "report.xml"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 4
    said = capsys.readouterr().err
    assert "is not up" in said
    assert "hint: start it with `dashops up`" in said
    assert not list(tmp_path.iterdir())


def test_a_missing_extra_names_the_pip_command() -> None:
    with pytest.raises(errors.ToolError, match="`no_such_module`") as caught:
        smoke.require_installed(["sys", "no_such_module"])
    assert caught.value.hint == "`pip install 'dashops[smoke]'`"
    assert caught.value.exit_code == 3


@dataclass
class Host:
    """A testinfra host whose every command prints the same."""

    stdout: str

    def run(self, command: str) -> "Host":
        assert command
        return self


def test_processes_and_what_they_started() -> None:
    host = Host(
        "Pid:\t7\nPPid:\t1\nUid:\t1000\t1000\t1000\t1000\nCommand:\tpython -m server \n"
        "Pid:\t8\nPPid:\t7\nUid:\t1000\t0\t0\t0\nCommand:\tkernel\n"
        "Pid:\t9\nPPid:\t8\nUid:\t1000\t1000\t1000\t1000\nCommand:\t\n"
        "Pid:\t10\nPPid:\t1\nUid:\t0\t0\t0\t0\nCommand:\tother\n"
    )
    found = proc.processes(host)
    assert found[7] == proc.Process(7, 1, 1000, "python -m server")
    assert found[8].user == 0
    assert sorted(proc.family(found, {7, 99})) == [7, 8, 9]


ADDRESSES = {
    "0100007F": ("127.0.0.1", True),
    "00000000": ("0.0.0.0", False),
    "0200000A": ("10.0.0.2", False),
    "00000000000000000000000001000000": ("::1", True),
    "00000000000000000000000000000000": ("::", False),
    "0000000000000000FFFF00000100007F": ("::ffff:127.0.0.1", True),
    "0000000000000000FFFF000000000000": ("::ffff:0.0.0.0", False),
}


@pytest.mark.parametrize("text", ADDRESSES)
def test_who_listens_where(text: str) -> None:
    host = Host(
        f"   0: {text}:2242 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 1\n"
        f"   1: {text}:2243 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 4712 1\n"
        "Pid: 7\ntotal 0\nlrwx------ 1 me me 64 Jan 1 00:00 5 -> socket:[4711]\n"
        "lrwx------ 1 me me 64 Jan 1 00:00 6 -> socket:[4712]\n"
    )
    [only] = proc.listeners(host, [7])
    address, loopback = ADDRESSES[text]
    assert ipaddress.ip_address(only.address) == ipaddress.ip_address(address)
    assert (only.port, only.pid, only.loopback) == (0x2242, 7, loopback)


def test_the_browser_is_the_one_named_or_the_first_on_path(tmp_path: Path) -> None:
    for name in ("google-chrome", "chromium-browser", "mine"):
        (tmp_path / name).touch(mode=0o755)
    path = {"PATH": str(tmp_path)}
    assert chromium.path(path) == tmp_path / "chromium-browser"
    assert chromium.path(path | {chromium.SETTING: f"{tmp_path}/mine"}) == tmp_path / "mine"
    assert chromium.path(path | {chromium.SETTING: "/nowhere"}) is None
    assert chromium.path({"PATH": ""}) is None


def titles() -> Iterator[tuple[str, str | None]]:
    for path in sorted(CHECKS.glob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield f"{path.stem}.{node.name}", ast.get_docstring(node)


@pytest.mark.parametrize(("name", "title"), list(titles()))
def test_every_check_has_a_title_of_one_line(name: str, title: str | None) -> None:
    assert title, f"`{name}` has no title"
    assert "\n" not in title
    assert not title.endswith(".")


def test_the_storys_notebook_holds_what_the_story_looks_for() -> None:
    notebook = bundle.parse(test_story.NOTEBOOK.read_bytes())
    code = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert any(test_story.MARKER in source for source in code)
    # The text a viewer sees must not be a line of code, or the check for code would find it.
    assert not any(test_story.SHOWN in source for source in code)
