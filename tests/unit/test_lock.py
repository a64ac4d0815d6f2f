import io
import json
import zipfile

import pytest

from dashops import bundle as bundles
from dashops import errors

NOTEBOOK = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
LOCK = f"humanize==4.9.0 \\\n    --hash=sha256:{'a' * 64} \\\n    --hash=sha256:{'b' * 64}\n"
LIMIT = 10**6


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("index.ipynb", json.dumps(NOTEBOOK))
        for path, text in files.items():
            archive.writestr(path, text)
    return out.getvalue()


def test_a_lock_goes_through_a_zip_and_counts_in_the_digest():
    plain = bundles.Bundle(NOTEBOOK, {"a.csv": b"1"})
    locked = bundles.Bundle(NOTEBOOK, {"a.csv": b"1"}, lock=LOCK)
    again = bundles.unpack(bundles.pack(locked), LIMIT)
    assert again.lock == LOCK
    assert again.files == {"a.csv": b"1"}
    assert bundles.digest(again) == bundles.digest(locked) != bundles.digest(plain)
    empty = bundles.Bundle(NOTEBOOK, {"a.csv": b"1"}, lock="")
    assert bundles.digest(empty) != bundles.digest(plain)


def test_a_bundle_without_a_lock_is_what_it_was_before_there_were_locks():
    plain = bundles.Bundle(NOTEBOOK, {"a.csv": b"1"})
    names = zipfile.ZipFile(io.BytesIO(bundles.pack(plain))).namelist()
    assert names == ["index.ipynb", "a.csv"]
    assert bundles.digest(plain).startswith("febbcffa"), "digests of published bundles must stay"


def test_a_newer_format_is_refused_with_the_way_out():
    with pytest.raises(errors.SpecError, match="newer dashops") as caught:
        bundles.unpack(zipped(**{".dashops/bundle.json": '{"format": 3}'}), LIMIT)
    assert "update" in caught.value.hint


@pytest.mark.parametrize("mark", ["", "[]", "{}", '{"format": "2"}', '{"format": 0}', "[" * 10**5])
def test_a_broken_mark_is_refused(mark):
    with pytest.raises(errors.SpecError, match="broken"):
        bundles.unpack(zipped(**{".dashops/bundle.json": mark}), LIMIT)


@pytest.mark.parametrize(
    "path", [".dashops/secrets/token", ".dashops/x", ".DASHOPS/bundle.json", ".dashops"]
)
def test_nothing_else_of_dashops_own_folder_comes_in(path):
    with pytest.raises(errors.SpecError, match="dashops itself"):
        bundles.unpack(zipped(**{path: "x"}), LIMIT)
    with pytest.raises(errors.SpecError, match="dashops itself"):
        bundles.pack(bundles.Bundle(NOTEBOOK, {path: b"x"}))


@pytest.mark.parametrize(
    "line",
    [
        "humanize==4.9.0",
        "humanize>=4 --hash=sha256:" + "a" * 64,
        "--index-url https://evil.example/simple",
        "-r /etc/passwd",
        "-e .",
        "x @ file:///tmp/x.whl --hash=sha256:" + "a" * 64,
        "x @ https://me:secret@example.org/x.whl --hash=sha256:" + "a" * 64,
        "humanize==4.9.0 --hash=sha256:" + "a" * 64 + " --index-url https://evil.example",
        "humanize==4.9.0 ; python_version > '3' \\\n --find-links /x --hash=sha256:" + "a" * 64,
    ],
)
def test_a_lock_can_only_pin_versions_by_hash(line):
    files = {".dashops/bundle.json": '{"format": 2}', ".dashops/requirements.lock": line}
    with pytest.raises(errors.SpecError, match="no version with its hashes") as caught:
        bundles.unpack(zipped(**files), LIMIT)
    assert caught.value.where.startswith(".dashops/requirements.lock:")


def test_a_lock_that_is_no_text_is_refused():
    with pytest.raises(errors.SpecError, match="UTF-8"):
        bundles.unpack(zipped(**{".dashops/requirements.lock": b"\xff\xfe"}), LIMIT)
