import pytest

from dashops import bundle as bundles
from dashops.services.dashboard import store


def book(source="1 + 1", title="Sales"):
    return bundles.parse(
        '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": ['
        f'{{"cell_type": "markdown", "id": "a", "metadata": {{}}, "source": "# {title}"}},'
        '{"cell_type": "code", "id": "b", "metadata": {}, "outputs": [], "execution_count": null,'
        f' "source": "{source}"}}]}}'
    )


def put(dashboards, name, **files):
    content = {path.replace("_", "."): data for path, data in files.items()}
    bundle = bundles.Bundle(notebook=book(title=name), files=content)
    return dashboards.put(name, bundle, kernel="python3", language="python")


@pytest.fixture
def dashboards(tmp_path):
    return store.Store(tmp_path)


def test_a_published_dashboard_is_found_again_after_a_restart(dashboards, tmp_path):
    put(dashboards, "sales")
    found = store.Store(tmp_path).get("sales")
    assert (found.title, found.kernel) == ("sales", "python3")
    assert "1 + 1" in dashboards.notebook_text(found.revision)


def test_publishing_again_moves_the_name_and_keeps_the_revision_a_viewer_has_open(dashboards):
    old = put(dashboards, "sales", data_csv=b"1")
    new = put(dashboards, "sales", data_csv=b"2")
    dashboards.collect({old.revision})
    assert dashboards.get("sales").revision == new.revision != old.revision
    assert dashboards.notebook_text(old.revision)
    dashboards.collect(set())
    with pytest.raises(FileNotFoundError):
        dashboards.notebook_text(old.revision)


def test_the_same_content_is_the_same_revision(dashboards):
    assert put(dashboards, "a").revision == put(dashboards, "a").revision


def test_a_write_that_fails_leaves_the_old_revision(dashboards, tmp_path):
    old = put(dashboards, "sales")
    (tmp_path / "incoming").rmdir()
    (tmp_path / "incoming").write_text("no folder: every write fails")
    with pytest.raises(OSError):
        put(dashboards, "sales", data_csv=b"new")
    assert dashboards.get("sales") == old


def test_leftovers_of_a_crash_are_collected_at_start(tmp_path):
    store.Store(tmp_path)
    (tmp_path / "incoming" / "half").mkdir()
    store.Store(tmp_path)
    assert not (tmp_path / "incoming" / "half").exists()


def test_only_listed_files_are_assets(dashboards):
    found = put(dashboards, "sales", logo_png=b"x", data_csv=b"1", helper_py=b"secret = 1")
    assert dashboards.asset(found, "logo.png").read_bytes() == b"x"
    for path in ("index.ipynb", "helper.py", "data.csv", "../../names/sales.json", "", "."):
        assert dashboards.asset(found, path) is None


def test_removing_twice_says_so(dashboards):
    put(dashboards, "sales")
    assert dashboards.remove("sales") and not dashboards.remove("sales")
    assert dashboards.all() == []


def test_an_archive_is_the_revision(dashboards):
    found = put(dashboards, "sales", data_csv=b"1")
    again = bundles.unpack(dashboards.archive(found.revision), 10**6)
    assert bundles.digest(again) == found.revision
