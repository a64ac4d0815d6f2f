import pytest

from dashops import bundle as contents
from dashops import errors
from dashops.services.gateway import bundles


def packed(text):
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    bundle = contents.Bundle(notebook=notebook, files={"data/a.csv": text.encode()})
    return contents.digest(bundle), contents.pack(bundle)


def test_a_kernel_finds_its_files_and_a_home_without_history(tmp_path):
    unpacked = bundles.Bundles(tmp_path)
    revision, archive = packed("1")
    assert unpacked.folder(revision) is None
    unpacked.add(revision, archive)
    folder = unpacked.folder(revision)
    assert (folder / "work/data/a.csv").read_text() == "1"
    assert not list(folder.rglob("*.ipynb")), "a kernel has no use for the notebook itself"
    config = folder / "home/.ipython/profile_default/ipython_kernel_config.py"
    assert "HistoryManager.enabled = False" in config.read_text()


def test_an_archive_that_is_not_the_revision_is_refused(tmp_path):
    unpacked = bundles.Bundles(tmp_path)
    with pytest.raises(errors.SpecError):
        unpacked.add("0" * 64, packed("1")[1])
    assert unpacked.folder("0" * 64) is None


def test_old_bundles_go_but_not_one_in_use(tmp_path):
    unpacked = bundles.Bundles(tmp_path)
    first, archive = packed("first")
    unpacked.add(first, archive)
    for number in range(bundles.KEPT + 1):
        unpacked.add(*packed(str(number)))
    unpacked.collect({first})
    assert unpacked.folder(first)
    unpacked.add(*packed("one more"))
    unpacked.collect(set())
    assert len(list(tmp_path.iterdir())) == bundles.KEPT
