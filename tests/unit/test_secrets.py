"""Secrets are made once, kept private and never printed."""

import copy
import json
import os
from pathlib import Path

import pytest

from dashops import errors, secrets
from dashops.secrets import Secret

NAMES = ("one", "two")


def test_no_way_of_printing_a_secret_shows_it() -> None:
    secret = Secret("hush")
    printed = [str(secret), repr(secret), f"{secret:>9}", f"{[secret]}", "%s" % secret]  # noqa: UP031
    printed += [json.dumps(secret, default=str), repr({"a": copy.deepcopy(secret)})]
    assert not [text for text in printed if "hush" in text]
    assert secret.reveal() == "hush"


def test_secrets_are_compared_by_value_and_only_with_each_other() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


def test_files_are_private_and_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "secrets"
    first = secrets.ensure(folder, NAMES)
    again = secrets.ensure(folder, (*NAMES, "three"))
    assert {name: again[name] for name in NAMES} == first
    assert len({secret.reveal() for secret in again.values()}) == 3
    assert all(len(secret.reveal()) >= 43 for secret in again.values())
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert {path.name for path in folder.iterdir()} == {*NAMES, "three"}


def test_missing_names_what_would_be_made_and_makes_nothing(tmp_path: Path) -> None:
    assert secrets.missing(tmp_path / "secrets", NAMES) == NAMES
    assert not (tmp_path / "secrets").exists()


def test_reading_what_was_never_made_tells_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(errors.DashopsError, match="no secret `one`") as caught:
        secrets.read(tmp_path, "one")
    assert "dashops up" in caught.value.hint


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("\n")
    with pytest.raises(errors.DashopsError, match="is empty"):
        secrets.read(tmp_path, "one")


def test_writing_does_not_follow_a_link_left_in_the_way(tmp_path: Path) -> None:
    target = tmp_path / "theirs"
    target.write_text("theirs")
    (tmp_path / "mine").symlink_to(target)
    secrets.write(tmp_path / "mine", "new")
    assert target.read_text() == "theirs"
    assert (tmp_path / "mine").read_text() == "new"


def test_a_link_where_the_draft_would_be_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "theirs"
    target.write_text("theirs")
    (tmp_path / f".mine.{os.getpid()}").symlink_to(target)
    with pytest.raises(errors.DashopsError, match="cannot be written"):
        secrets.write(tmp_path / "mine", "new")
    assert target.read_text() == "theirs"
    assert not (tmp_path / "mine").exists()
