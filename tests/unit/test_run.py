"""What a caller of `run` and a reader of its errors notice; no process is started."""

from pathlib import Path

import pytest

from dashops import errors, run
from dashops.secrets import Secret


def test_a_command_is_shown_as_one_would_type_it() -> None:
    argv = ("uv", "pip", "install", "-r", Path("/a folder/r.txt"), "x>=1")
    assert run.shown(argv) == "uv pip install -r '/a folder/r.txt' 'x>=1'"


def test_fake_answers_by_the_longest_start_of_the_command() -> None:
    fake = run.Fake({"uv": "general", "uv venv": "special", "u": "never"})
    assert fake("uv", "venv", Path("/x")).out == "special"
    assert fake("uv", "pip").out == "general"
    assert fake("uvx").out == ""
    assert fake.calls == [("uv", "venv", "/x"), ("uv", "pip"), ("uvx",)]


def test_a_code_that_is_not_ok_names_the_command_and_ends_with_what_it_said() -> None:
    said = "\n".join(f"line {number}" for number in range(40))
    fake = run.Fake({"uv": run.Result(("uv", "pip"), 2, "", said)})
    with pytest.raises(errors.ToolError, match="`uv pip` failed with code 2") as caught:
        fake("uv", "pip")
    assert caught.value.where.splitlines()[-1] == "line 39"
    assert len(caught.value.where.splitlines()) == run.TAIL
    assert fake("uv", "pip", ok=(0, 2)).code == 2


def test_a_secret_in_the_environment_is_recorded_without_being_printable() -> None:
    fake = run.Fake()
    fake("cf", "auth", env={"CF_PASSWORD": Secret("hush")})
    assert "hush" not in repr(fake)
