"""What `deploy-notebook` takes along from the author's folder, and what it leaves there."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from dashops import bundle, errors

TREE = (
    "some.csv", "other.csv", "a.png", "b.png", "foo/1", "foo/bar", "foo/deep/2", "foo/x.tmp",
    "sub/c.png", "sub/some.csv", "a b.png", "data (1).csv", "python", "#odd", ".env", ".hidden",
    ".git/config", ".ipynb_checkpoints/a.png", "__pycache__/a.pyc", ".dashops/secrets/token",
    "foo/.env.local", "foo/.secret", "foo/__pycache__/x.pyc",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    for name in TREE:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (tmp_path / "outside.csv").write_text("private")
    return root


def write(folder: Path, source: str, kind: str = "markdown") -> Path:
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source}
    if kind == "code":
        cell |= {"outputs": [], "execution_count": None}
    text = json.dumps({"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": [cell]})
    (folder / "sales.ipynb").write_text(text)
    return folder / "sales.ipynb"


def collect(folder: Path, source: str, kind: str = "markdown") -> bundle.Bundle:
    return bundle.collect(write(folder, source, kind), [])


FOO = {"foo/1", "foo/bar", "foo/deep/2", "foo/x.tmp"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # the ancestor's comments
        ("<!--associate:\nsome.csv\nfoo/\n!foo/bar\n-->", {"some.csv", *FOO} - {"foo/bar"}),
        ("<!--associate: some.csv\nother.csv\n# no.csv\n\n-->", {"some.csv", "other.csv"}),
        ("<!-- associate:some.csv-->", {"some.csv"}),
        ("<!--\n*.png\n-->", {"a.png", "b.png", "a b.png"}),
        ("<!-- some.csv -->", {"some.csv"}),
        ("<!-- a note about some.csv -->", set()),
        ("\n<!--associate:\nfoo\n-->", FOO),
        ("<!--associate:\nfoo/\n!*.tmp\n-->", FOO - {"foo/x.tmp"}),
        ("<!--associate:\n!foo/bar\nfoo/\n-->", FOO - {"foo/bar"}),
        ("<!--associate:\n/some.csv\n./other.csv\n-->", {"some.csv", "other.csv"}),
        ("<!--associate:\n**/some.csv\n-->", {"some.csv", "sub/some.csv"}),
        ("<!--associate:\nfoo/**\n-->", FOO),
        ("<!--associate:\nfoo/*\n!foo/deep/\n-->", FOO - {"foo/deep/2"}),
        ("<!--associate:\n\\#odd\n-->", {"#odd"}),
        ("<!--associate:\n.hidden\n-->", {".hidden"}),
        ("<!--associate:\nfoo/.secret\n-->", {"foo/.secret"}),
        ("<!--associate:\ndata (1).csv\n-->", {"data (1).csv"}),
        ("<!--associate:\nsales.ipynb\nsome.csv\n-->", {"some.csv"}),
        ("text first <!--associate:\nsome.csv\n-->", set()),
        # fenced blocks
        ("```\nsome.csv\nfoo/\n!foo/bar\n```", {"some.csv", *FOO} - {"foo/bar"}),
        ("text\n```\nsome.csv\n```\nmore\n```\nother.csv\n```", {"some.csv", "other.csv"}),
        ("```some.csv\nother.csv\n```", {"some.csv", "other.csv"}),
        ("```python\nsome.csv\n*\n```", set()),
        ("```python\n```", set()),
        ("~~~\nsome.csv\n~~~", {"some.csv"}),
        ("````\n```\nsome.csv\n````", {"some.csv"}),
        ("```\nx = a**b\n$ ls -l\n[[[\n" + "x" * 5000 + "\n```", set()),
        ("```\n../outside.csv\nsub/../../outside.csv\n/etc/passwd\n```", set()),
        # markdown and HTML
        ("![logo](a.png)", {"a.png"}),
        ("![l](a.png 'title') ![l](<a b.png>) ![l](a%20b.png)", {"a.png", "a b.png"}),
        ("[data](data%20(1).csv) [me](sales.ipynb)", {"data (1).csv"}),
        ("[data](data (1).csv)", set()),
        ("[a](some.csv#top) [b](other.csv?raw=1)", {"some.csv", "other.csv"}),
        ("[![](a.png)](some.csv)", {"a.png", "some.csv"}),
        ("see [it]\n\n[it]: some.csv 'x'", {"some.csv"}),
        ("<img src='sub/c.png'><IMG width=1 SRC = \"a.png\">", {"sub/c.png", "a.png"}),
        ("<a href='some.csv'>x</a>", {"some.csv"}),
        ("- item\n    - ![](a.png)", {"a.png"}),
        ("[folder](foo) [foo](foo/)", set()),
        ("[x](http://h/some.csv) [x](//h/some.csv) [x](/some.csv) [x](#some.csv)", set()),
        (f"[x]({'x' * 900}) ![x]({'y/' * 450})", set()),
        ("[x](mailto:some.csv) [x](http://[) [x]() [x](.)", set()),
        ("`![](a.png)`", set()),
        ("```python\n![](a.png)\n```", set()),
        ("text <!-- ![](a.png) -->", set()),
        ("[x](.env) [x](.git/config) [x](../outside.csv)", set()),
    ],
)
def test_markdown_references(folder: Path, source: str, expected: set[str]) -> None:
    assert set(collect(folder, source).files) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("# associate: some.csv\n#associate:other.csv\nx = 1", {"some.csv", "other.csv"}),
        ("# associate:\n# some.csv\n# foo/\n# !foo/bar\nx", {"some.csv", *FOO} - {"foo/bar"}),
        ("# associate: a b.png\n# then a comment\nx", {"a b.png"}),
        ("x = 1\n# associate: some.csv", set()),
        ("# some.csv\nopen('some.csv')", set()),
    ],
)
def test_code_references(folder: Path, source: str, expected: set[str]) -> None:
    assert set(collect(folder, source, "code").files) == expected


def test_files_keep_their_content_and_the_notebook_is_the_index(folder: Path) -> None:
    found = collect(folder, "![](sub/c.png)")
    assert found.files == {"sub/c.png": b"sub/c.png"}
    assert found.notebook["cells"][0]["source"] == "![](sub/c.png)"


@pytest.mark.parametrize("line", ["nope.csv", "nope/", "../outside.csv", ".env", "some.csv/"])
def test_an_associated_file_that_is_not_there_is_an_error(folder: Path, line: str) -> None:
    with pytest.raises(errors.SpecError, match="matches no file") as caught:
        collect(folder, f"<!--associate:\n{line}\n-->")
    assert line in caught.value.message


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("![](nope.png) ![](a.png) [x](nope.csv)", ("nope.png",)),
        ("<img src='sub/nope.png'>", ("sub/nope.png",)),
        ("![](../outside.csv)", ("../outside.csv",)),
        ("```\nsome.csv\nnope.csv\n```", ("nope.csv",)),
        ("![](attachment:x.png) ![](data:image/png;base64,AA) ![](https://h/x.png)", ()),
        ("```\nnope.csv\n```", ()),
    ],
)
def test_what_the_page_will_lack_is_a_warning(
    folder: Path, source: str, missing: tuple[str, ...]
) -> None:
    assert collect(folder, source).missing == missing


class TestNamedFiles:
    def test_files_and_folders_keep_their_place(self, folder: Path) -> None:
        found = bundle.collect(write(folder, ""), [folder / "some.csv", folder / "foo"])
        assert set(found.files) == {"some.csv", *FOO}

    def test_relative_to_where_the_author_stands(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(folder, "")
        monkeypatch.chdir(folder / "foo")
        found = bundle.collect(Path("../sales.ipynb"), [Path("1"), Path("../some.csv")])
        assert set(found.files) == {"foo/1", "some.csv"}
        assert set(bundle.collect(Path("../sales.ipynb"), [Path()]).files) == FOO

    def test_the_whole_folder_is_without_hidden_and_private_files(self, folder: Path) -> None:
        found = set(bundle.collect(write(folder, ""), [folder]).files)
        assert found == {
            name for name in TREE if not any(part[0] in "._" for part in name.split("/"))
        }

    def test_a_hidden_file_goes_up_when_named(self, folder: Path) -> None:
        assert set(bundle.collect(write(folder, ""), [folder / ".hidden"]).files) == {".hidden"}

    @pytest.mark.parametrize("name", [".env", ".git", ".git/config", ".dashops", "foo/.env.local"])
    def test_some_never_do(self, folder: Path, name: str) -> None:
        with pytest.raises(errors.SpecError, match="no file that may be published"):
            bundle.collect(write(folder, ""), [folder / name])

    def test_outside_of_the_folder(self, folder: Path) -> None:
        with pytest.raises(errors.SpecError, match="outside of the notebook's folder") as caught:
            bundle.collect(write(folder, ""), [folder / ".." / "outside.csv"])
        assert str(folder) in caught.value.hint

    def test_not_there(self, folder: Path) -> None:
        with pytest.raises(errors.SpecError, match="there is no file"):
            bundle.collect(write(folder, ""), [folder / "nope"])

    def test_another_index(self, folder: Path) -> None:
        (folder / "index.ipynb").write_text("{}")
        with pytest.raises(errors.SpecError, match="takes that name"):
            bundle.collect(write(folder, ""), [folder / "index.ipynb"])

    def test_too_large_is_found_before_reading(self, folder: Path) -> None:
        with (folder / "huge").open("wb") as file:
            os.truncate(file.fileno(), 10**12)
        with pytest.raises(errors.SpecError, match="larger than 1 MB"):
            bundle.collect(write(folder, ""), [folder / "huge"], limit=10**6)

    def test_too_many(self, folder: Path) -> None:
        (folder / "many").mkdir()
        for index in range(4100):
            (folder / "many" / str(index)).touch()
        with pytest.raises(errors.SpecError, match="more than 2000 files"):
            bundle.collect(write(folder, ""), [folder / "many"])


class TestLinks:
    def test_a_link_inside_is_followed(self, folder: Path) -> None:
        (folder / "link.csv").symlink_to("sub/some.csv")
        found = bundle.collect(write(folder, "[x](link.csv)"), [])
        assert found.files == {"link.csv": b"sub/some.csv"}

    @pytest.mark.parametrize("target", ["../outside.csv", ".env", ".dashops/secrets/token", "loop"])
    def test_a_link_to_private_things_never_is(self, folder: Path, target: str) -> None:
        (folder / "loop").symlink_to("link.csv")
        (folder / "link.csv").symlink_to(target)
        (folder / "foo" / "link").symlink_to(folder / target)
        found = bundle.collect(write(folder, "[x](link.csv)\n```\nlink.csv\nfoo\n*\n```"), [])
        assert not {"link.csv", "foo/link"} & set(found.files)
        assert b"private" not in found.files.values()

    def test_a_linked_folder_is_not_walked_into(self, folder: Path) -> None:
        (folder / "foo" / "up").symlink_to(folder.parent)
        (folder / "foo" / "self").symlink_to(folder / "foo")
        assert set(bundle.collect(write(folder, ""), [folder / "foo"]).files) == FOO

    def test_the_notebooks_folder_may_be_a_link(self, folder: Path, tmp_path: Path) -> None:
        write(folder, "![](a.png)")
        (tmp_path / "alias").symlink_to(folder)
        alias = tmp_path / "alias"
        assert set(bundle.collect(alias / "sales.ipynb", [alias / "some.csv"]).files) == {
            "a.png",
            "some.csv",
        }


class TestNotebookFile:
    def test_a_typo_gets_the_name_that_was_meant(self, folder: Path) -> None:
        write(folder, "")
        with pytest.raises(errors.SpecError) as caught:
            bundle.collect(folder / "slaes.ipynb", [])
        assert "sales.ipynb" in caught.value.hint

    def test_a_folder(self, folder: Path) -> None:
        with pytest.raises(errors.SpecError, match="is a folder"):
            bundle.collect(folder, [])

    def test_errors_name_the_file_and_the_place(self, folder: Path) -> None:
        (folder / "sales.ipynb").write_text("{,")
        with pytest.raises(errors.SpecError) as caught:
            bundle.collect(folder / "sales.ipynb", [])
        assert caught.value.where == f"{folder / 'sales.ipynb'}:1:2"

    def test_a_fifo_is_not_waited_for(self, folder: Path) -> None:
        os.mkfifo(folder / "pipe")
        assert collect(folder, "[x](pipe)\n```\npipe\n```").files == {}
