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


ABOUT = {"kernel": "python3", "language": "python", "author": "Alice", "commit": "abc"}


def add(dashboards, name, **files):
    content = {path.replace("_", "."): data for path, data in files.items()}
    return dashboards.add(name, bundles.Bundle(notebook=book(title=name), files=content), **ABOUT)


def publish(dashboards, name, **files):
    revision = dashboards.settle(add(dashboards, name, **files), None)
    dashboards.activate(revision)
    return revision


def numbers(dashboards, name):
    return [(each.number, each.state) for each in dashboards.revisions(name)]


@pytest.fixture
def dashboards(tmp_path):
    return store.Store(tmp_path)


def test_a_published_dashboard_is_found_again_after_a_restart(dashboards, tmp_path):
    publish(dashboards, "sales")
    found = store.Store(tmp_path).active("sales")
    assert (found.number, found.title, found.kernel, found.author) == (
        1,
        "sales",
        "python3",
        "Alice",
    )
    assert "1 + 1" in dashboards.notebook_text(found.digest)


def test_nobody_sees_a_revision_before_it_is_activated(dashboards):
    old = publish(dashboards, "sales", data_csv=b"1")
    new = add(dashboards, "sales", data_csv=b"2")
    assert dashboards.active("sales").number == old.number
    dashboards.settle(new, {"message": "cell 2 failed"})
    assert dashboards.active("sales").number == old.number
    assert numbers(dashboards, "sales") == [(2, "failed"), (1, "good")]
    assert dashboards.revision("sales", 2).failure == {"message": "cell 2 failed"}


def test_a_first_deploy_that_fails_publishes_nothing(dashboards):
    dashboards.settle(add(dashboards, "sales"), {"message": "cell 2 failed"})
    assert dashboards.active("sales") is None and dashboards.all() == []


def test_the_same_content_is_the_same_revision(dashboards):
    first, again = publish(dashboards, "a"), add(dashboards, "a")
    assert (again.number, again.state) == (first.number, "good")


def test_going_back_means_the_last_good_one_shown(dashboards):
    assert dashboards.before("sales") is None
    first = publish(dashboards, "sales", data_csv=b"1")
    assert dashboards.before("sales") is None
    second = publish(dashboards, "sales", data_csv=b"2")
    dashboards.settle(add(dashboards, "sales", data_csv=b"bad"), {"message": "failed"})
    assert dashboards.before("sales").number == first.number
    dashboards.activate(first)
    assert dashboards.active("sales").number == first.number
    assert dashboards.before("sales").number == second.number


def test_old_revisions_go_but_not_one_shown_or_open(dashboards):
    old = [publish(dashboards, "sales", data_csv=bytes([each])) for each in range(5)]
    dashboards.activate(old[0])
    dashboards.collect({old[1].digest}, keep=2)
    assert [number for number, _ in numbers(dashboards, "sales")] == [5, 4, 2, 1]
    assert dashboards.notebook_text(old[1].digest)
    with pytest.raises(FileNotFoundError):
        dashboards.notebook_text(old[2].digest)


def test_failed_deploys_do_not_push_out_what_one_can_go_back_to(dashboards):
    publish(dashboards, "sales", data_csv=b"old")
    publish(dashboards, "sales", data_csv=b"new")
    for each in range(5):
        bad = add(dashboards, "sales", data_csv=bytes([each]))
        dashboards.settle(bad, {"message": "failed"})
    dashboards.collect(set(), keep=2)
    assert [number for number, _ in numbers(dashboards, "sales")] == [7, 6, 2, 1]
    assert dashboards.before("sales").number == 1


def test_what_the_gate_is_trying_is_not_collected_but_a_crash_ends_it(dashboards, tmp_path):
    tried = add(dashboards, "sales")
    dashboards.collect(set(), keep=1)
    assert dashboards.notebook_text(tried.digest)
    again = store.Store(tmp_path)
    again.collect(set(), keep=1)
    assert again.revisions("sales") == [] and not list((tmp_path / "revisions").iterdir())


def test_a_write_that_fails_leaves_the_old_revision(dashboards, tmp_path):
    old = publish(dashboards, "sales")
    (tmp_path / "incoming").rmdir()
    (tmp_path / "incoming").write_text("no folder: every write fails")
    with pytest.raises(OSError):
        add(dashboards, "sales", data_csv=b"new")
    assert dashboards.active("sales").number == old.number


def test_leftovers_of_a_crash_are_collected_at_start(tmp_path):
    store.Store(tmp_path)
    (tmp_path / "incoming" / "half").mkdir()
    store.Store(tmp_path)
    assert not (tmp_path / "incoming" / "half").exists()


def test_only_listed_files_are_assets(dashboards):
    found = publish(dashboards, "sales", logo_png=b"x", data_csv=b"1", helper_py=b"secret = 1")
    assert dashboards.asset(found, "logo.png").read_bytes() == b"x"
    for path in ("index.ipynb", "helper.py", "data.csv", "../../store.db", "", "."):
        assert dashboards.asset(found, path) is None


def test_removing_twice_says_so_and_a_new_life_starts_at_one(dashboards):
    publish(dashboards, "sales", data_csv=b"1")
    publish(dashboards, "sales", data_csv=b"2")
    assert dashboards.remove("sales") and not dashboards.remove("sales")
    assert dashboards.all() == []
    assert publish(dashboards, "sales").number == 1
    assert dashboards.before("sales") is None


def test_an_archive_is_the_revision(dashboards):
    found = publish(dashboards, "sales", data_csv=b"1")
    again = bundles.unpack(dashboards.archive(found.digest), 10**6)
    assert bundles.digest(again) == found.digest
    assert dashboards.sizes(found.digest)["data.csv"] == 1


def test_the_database_is_the_operators_alone(dashboards, tmp_path):
    publish(dashboards, "sales")
    assert (tmp_path / "store.db").stat().st_mode & 0o077 == 0
