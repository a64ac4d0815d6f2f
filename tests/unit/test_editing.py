"""`dashops recipes`: what is listed, copied, compared and merged, and what a plan says of it."""

import json
import sys
from pathlib import Path

import pytest

from dashops import cli, converge, editing, errors, render, stack
from dashops.render import overlay
from dashops.run import Fake, Result
from dashops.stack import Stack
from dashops.targets import NAMES

NAME = "proxy/Caddyfile.j2"
MERGE = "git merge-file"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dashops.yaml").write_text("name: demo\ntarget: compose\n")
    return tmp_path


def read() -> Stack:
    return stack.load()


def state(name: str = NAME) -> str:
    return next(each.state for each in editing.listed(read()).templates if each.name == name)


def mine(folder: Path, name: str = NAME) -> Path:
    return folder / "recipes/compose" / name


def upgraded(folder: Path) -> None:
    """As if dashops had another template now than when it was copied."""
    origin = folder / "recipes/.packaged/compose" / NAME
    origin.write_text(origin.read_text().replace("admin off", "admin on"))


def test_listing_names_templates_and_insertions(folder: Path) -> None:
    found = editing.listed(read())
    assert {each.name for each in found.templates} == set(render.templates("compose"))
    assert {each.state for each in found.templates} == {"packaged"}
    forms = {each.point.name: each.form for each in found.insertions}
    assert forms["service_gateway.yaml"] == "YAML"
    assert forms["gateway.Dockerfile"] == "Dockerfile"
    (folder / "recipes/compose/insert").mkdir(parents=True)
    file = folder / "recipes/compose/insert/lab.py"
    file.write_text("")
    places = {each.point.name: each.path for each in editing.listed(read()).insertions}
    assert places["lab.py"] == file and places["gateway.py"] is None


def test_a_copy_is_the_packaged_template_with_what_it_was(folder: Path) -> None:
    done = editing.eject(read(), ["proxy/Caddyfile", "compose/services/_gateway.yaml.j2"])
    assert done.paths == [mine(folder), mine(folder, "services/_gateway.yaml.j2")]
    text = render.templates("compose")[NAME]
    assert mine(folder).read_text() == text
    assert (folder / "recipes/.packaged/compose" / NAME).read_text() == text
    assert state() == "same" and editing.diff(read(), []).diffs == []


def test_a_copy_goes_over_no_file(folder: Path) -> None:
    mine(folder).parent.mkdir(parents=True)
    mine(folder).write_text("ours\n")
    with pytest.raises(errors.SpecError, match=r"there is a file `recipes/compose/proxy/Caddyfile"):
        editing.eject(read(), ["compose.yaml.j2", NAME])
    assert mine(folder).read_text() == "ours\n"
    assert not mine(folder, "compose.yaml.j2").exists(), "none is copied then"


@pytest.mark.usefixtures("folder")
def test_a_name_that_is_no_template_is_said() -> None:
    with pytest.raises(errors.SpecError) as caught:
        editing.eject(read(), ["proxy/Cadyfile"])
    assert caught.value.hint == "did you mean `proxy/Caddyfile.j2`?"


def test_a_difference_is_shown_with_exit_code_1(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    editing.eject(read(), [NAME])
    mine(folder).write_text(mine(folder).read_text().replace("admin off", "admin off\n\tdebug"))
    monkeypatch.setattr(sys, "argv", ["dashops", "recipes", "diff", "proxy/Caddyfile"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    out = capsys.readouterr().out
    assert "+++ recipes/compose/proxy/Caddyfile.j2" in out and "+\tdebug" in out
    mine(folder).write_text(render.templates("compose")[NAME])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0


def test_an_upgrade_is_said_and_merged(folder: Path) -> None:
    editing.eject(read(), [NAME])
    mine(folder).chmod(0o640)
    assert list(editing.notes(read())) == []
    upgraded(folder)
    assert state() == "same", "what equals the new one needs no merge"
    mine(folder).write_text("ours\n")
    assert state() == "outdated"
    assert ["recipes/compose/proxy/Caddyfile.j2" in each for each in editing.notes(read())] == [
        True
    ]
    run = Fake({MERGE: "both\n"})
    assert editing.merge(read(), [], run).merged == [mine(folder)]
    assert mine(folder).read_text() == "both\n"
    assert mine(folder).stat().st_mode & 0o777 == 0o640
    assert (state(), list(editing.notes(read()))) == ("changed", [])
    assert editing.merge(read(), [], run).current == [mine(folder)]


def test_a_conflict_stays_until_it_is_resolved(folder: Path) -> None:
    editing.eject(read(), [NAME])
    mine(folder).write_text("ours\n")
    upgraded(folder)
    text = "one\n<<<<<<< yours\na\n=======\nb\n>>>>>>> dashops\n"
    run = Fake({MERGE: Result((), 1, text, "")})
    done = editing.merge(read(), [NAME], run)
    assert done.conflicts == ["recipes/compose/proxy/Caddyfile.j2:2"]
    assert state() == "conflict"
    with pytest.raises(errors.SpecError, match="a conflict of a merge is not resolved"):
        editing.merge(read(), [], run)
    mine(folder).write_text("one\na\n")
    assert state() == "changed"


def test_a_merge_that_fails_leaves_all_as_it_was(folder: Path) -> None:
    editing.eject(read(), [NAME])
    mine(folder).write_text("ours\n")
    upgraded(folder)
    with pytest.raises(errors.ToolError):
        editing.merge(read(), [], Fake({MERGE: Result((), 255, "", "error")}))
    assert mine(folder).read_text() == "ours\n" and state() == "outdated"


def test_what_was_written_by_hand_cannot_be_merged(folder: Path) -> None:
    mine(folder).parent.mkdir(parents=True)
    mine(folder).write_text("ours\n")
    with pytest.raises(errors.DashopsError, match="nothing says which template"):
        editing.merge(read(), [NAME], Fake())


def test_a_template_that_dashops_gave_up_is_said(folder: Path) -> None:
    for path in ("recipes/compose/proxy/old.txt.j2", "recipes/.packaged/compose/proxy/old.txt.j2"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("")
    assert state("proxy/old.txt.j2") == "gone"
    assert "no longer has" in "".join(editing.notes(read()))


def test_the_plan_says_it_and_is_empty_by_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name, room = "notebook/lab.py.j2", folder / "recipes"
    (folder / "dashops.yaml").write_text("dashboard: {port: 3}\nnotebook: {port: 7}\n")
    editing.eject(read(), [name])
    (room / "local" / name).write_text("# ours\n")
    (room / ".packaged/local" / name).write_text("")
    notes = converge.plan(read(), Fake()).plan.notes
    assert len(notes) == 1 and "`dashops recipes merge`" in notes[0]
    monkeypatch.setattr(sys, "argv", ["dashops", "plan", "--json"])
    with pytest.raises(SystemExit):
        cli.main()
    assert json.loads(capsys.readouterr().out)["notes"] == list(notes)


def test_the_checkout_of_dashops_is_no_overlay() -> None:
    assert overlay.read(render.RECIPES, "compose", NAMES) == overlay.NONE
