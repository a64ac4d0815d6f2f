from pathlib import Path

import pytest

from dashops import flow, stack
from dashops.errors import SpecError


def test_init_writes_a_file_that_loads_as_the_defaults(tmp_path: Path) -> None:
    written = flow.init(tmp_path / "dashops.yaml")
    assert stack.load(written.path, env={}).dashboard == stack.Dashboard()


def test_init_keeps_the_file_that_is_there(tmp_path: Path) -> None:
    file = tmp_path / "dashops.yaml"
    file.write_text("name: mine\n")
    with pytest.raises(SpecError, match="already"):
        flow.init(file)
    assert file.read_text() == "name: mine\n"


def test_init_in_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be written: No such file or directory"):
        flow.init(tmp_path / "gone" / "dashops.yaml")
