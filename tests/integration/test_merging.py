"""Templates of an operator's merged with those of a newer dashops, by the real git."""

import subprocess
import sys
from pathlib import Path

import pytest

DASHOPS = Path(sys.executable).with_name("dashops")
NAME = "supervisord.conf.j2"


def dashops(folder: Path, *words: str, code: int = 0) -> str:
    done = subprocess.run([DASHOPS, *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dashops.yaml").write_text("name: demo\n")
    dashops(tmp_path, "recipes", "eject", NAME)
    return tmp_path


def edited(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_both_changes_are_there_after_a_merge(folder: Path) -> None:
    mine, origin = (folder / f"recipes/{room}local" / NAME for room in ("", ".packaged/"))
    edited(mine, "umask = 077", "umask = 027")
    edited(origin, "logfile_backups = 2", "logfile_backups = 9")
    assert "dashops recipes merge" in dashops(folder, "plan", code=2)
    assert "merged" in dashops(folder, "recipes", "merge")
    assert "umask = 027" in mine.read_text()
    assert "logfile_backups = 2" in mine.read_text()
    assert "dashops recipes merge" not in dashops(folder, "plan", code=2)


def test_a_conflict_is_refused_by_up_with_its_line(folder: Path) -> None:
    mine, origin = (folder / f"recipes/{room}local" / NAME for room in ("", ".packaged/"))
    edited(mine, "umask = 077", "umask = 027")
    edited(origin, "umask = 077", "umask = 022")
    said = dashops(folder, "recipes", "merge", code=1)
    line = said.partition(f"recipes/local/{NAME}:")[2].split()[0]
    assert mine.read_text().splitlines()[int(line) - 1].startswith("<<<<<<<")
    assert {"umask = 027", "umask = 077"} <= set(mine.read_text().splitlines())
    said = dashops(folder, "up", "-y", code=2)
    assert f"recipes/local/{NAME}:{line}" in said and "not resolved" in said
    assert not (folder / ".dashops/rendered").exists()
