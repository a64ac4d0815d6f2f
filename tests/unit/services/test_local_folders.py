"""Folders that the notebook server writes for its author: local dashboards and examples."""

import json
from pathlib import Path

import pytest
from live import notebook

from dashops import bundle, errors
from dashops.services.notebook import examples, local


def packed(source: str, **files: bytes) -> bundle.Bundle:
    return bundle.Bundle(bundle.parse(json.dumps(notebook(source))), files)


def listed(root: Path) -> set[str]:
    return {each.relative_to(root).as_posix() for each in root.rglob("*") if each.is_file()}


def test_a_dashboard_is_replaced_as_a_whole(tmp_path: Path) -> None:
    assert not local.put(tmp_path, "sales", packed("1", **{"data/old.csv": b"1"}))
    assert local.put(tmp_path, "sales", packed("2", **{"new.csv": b"2"}))
    home = tmp_path / "local_dashboards"
    assert listed(home) == {"sales/index.ipynb", "sales/new.csv"}
    assert '"2"' in (local.find(tmp_path, "sales") / "index.ipynb").read_text()


def test_a_folder_of_the_author_is_not_replaced(tmp_path: Path) -> None:
    theirs = tmp_path / "local_dashboards" / "sales"
    theirs.mkdir(parents=True)
    (theirs / "kept.txt").write_text("theirs")
    with pytest.raises(errors.SpecError, match="is no local dashboard"):
        local.put(tmp_path, "sales", packed("1"))
    assert listed(tmp_path) == {"local_dashboards/sales/kept.txt"}


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "index.ipynb").write_text("theirs")
    (tmp_path / "local_dashboards").mkdir()
    (tmp_path / "local_dashboards" / "sales").symlink_to(elsewhere)
    assert local.put(tmp_path, "sales", packed("1"))
    assert (elsewhere / "index.ipynb").read_text() == "theirs"


@pytest.mark.parametrize("name", ["..", ".", "../sales", "Sales", ".hidden", "a/b", ""])
def test_an_odd_name_is_no_dashboard(tmp_path: Path, name: str) -> None:
    local.put(tmp_path, "sales", packed("1"))
    with pytest.raises(errors.SpecError):
        local.find(tmp_path, name)


def test_a_dashboard_that_was_removed_is_told_with_what_helps(tmp_path: Path) -> None:
    with pytest.raises(errors.SpecError, match="no local dashboard gone") as told:
        local.find(tmp_path, "gone")
    assert "Deploy as" in told.value.hint


def test_examples_are_put_once_and_are_the_authors_then(tmp_path: Path) -> None:
    root, mark = tmp_path / "root", tmp_path / "mark"
    root.mkdir()
    assert examples.put(root, mark)
    assert listed(root) == {f"examples/{name}" for name in examples.FILES}
    (root / "examples" / "tips.ipynb").write_text("changed")
    assert not examples.put(root, mark)
    assert (root / "examples" / "tips.ipynb").read_text() == "changed"
    (root / "examples").rename(root / "away")
    assert not examples.put(root, mark)


@pytest.mark.parametrize("theirs", ["examples", "examples/mine.ipynb", "tips.ipynb"])
def test_examples_leave_alone_what_is_there(tmp_path: Path, theirs: str) -> None:
    (tmp_path / theirs).parent.mkdir(exist_ok=True)
    (tmp_path / theirs).write_text("theirs")
    assert not examples.put(tmp_path, tmp_path / "mark")
    assert listed(tmp_path) == {theirs}


def test_every_example_is_shipped() -> None:
    source = Path(__file__).parents[3] / "examples"
    # `make demo` leaves a stack there, whose folder begins with a dot.
    there = {*source.glob("[!.]*.*"), *(source / "img").iterdir()}
    assert {each.relative_to(source).as_posix() for each in there} == {*examples.FILES}
    wheel = (source.parent / "pyproject.toml").read_text()
    assert all(f'"examples/{name}" = ' in wheel for name in examples.FILES)
