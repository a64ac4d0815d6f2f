import io
import json
import zipfile

import pytest
from test_store import book, numbers, publish

from dashops import bundle as bundles
from dashops import errors
from dashops.services.dashboard import store
from dashops.services.dashboard.store import copies

PNG = b"\x89PNG\r\n\x1a\nrest"
LOCK = f"pandas==2.0 --hash=sha256:{'a' * 64}\n"
LIMIT = 10**7
ABOUT = {"kernel": "python3", "language": "python", "author": "Alice", "commit": "abc"}


@pytest.fixture
def full(tmp_path):
    made = store.Store(tmp_path / "full")
    first = publish(made, "sales", data_csv=b"1")
    bundle = bundles.Bundle(book(title="two"), {"logo.png": b"x"}, lock=LOCK)
    second = made.add("sales", bundle, source="ab" * 32, dependencies="requirements.txt", **ABOUT)
    made.activate(made.settle(second, None, ["slow"], PNG))
    bad = made.add("sales", bundles.Bundle(book("1/0")), **ABOUT)
    made.settle(bad, {"message": "cell 2 failed", "cell": 2})
    made.activate(first)
    made.activate(made.revision("sales", 2))
    publish(made, "other")
    return made


@pytest.fixture
def empty(tmp_path):
    return store.Store(tmp_path / "empty")


@pytest.fixture
def file(full, tmp_path):
    path = tmp_path / "backup.zip"
    copies.take(full, path)
    return path


def everything(kept):
    return [kept.revisions(name) for name in ("sales", "other")], kept.all()


def test_all_comes_back_with_locks_pictures_failures_and_the_way_back(full, empty, file):
    assert copies.restore(empty, file, LIMIT) == ["other", "sales"]
    assert everything(empty) == everything(full)
    shown = empty.active("sales")
    assert empty.lock(shown.digest) == LOCK
    assert empty.thumbnail(shown.digest) == PNG
    assert empty.archive(shown.digest) == full.archive(shown.digest)
    assert empty.before("sales").number == full.before("sales").number == 1
    empty.collect(set(), keep=10)
    assert everything(empty) == everything(full)


def test_a_second_restore_is_refused_and_changes_nothing(full, empty, file):
    copies.restore(empty, file, LIMIT)
    with pytest.raises(errors.DashopsError) as refused:
        copies.restore(empty, file, LIMIT)
    assert "`other`, `sales`" in refused.value.message and "empty stack" in refused.value.hint
    assert everything(empty) == everything(full)


def test_what_is_being_judged_is_not_in_a_backup(full, empty, tmp_path):
    full.add("half", bundles.Bundle(book()), **ABOUT)
    copies.take(full, tmp_path / "again.zip")
    assert copies.restore(empty, tmp_path / "again.zip", LIMIT) == ["other", "sales"]


def change(file, edit):
    """The same zip with its rows, or an entry, changed."""
    with zipfile.ZipFile(file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    rows = json.loads(entries[copies.ROWS])
    edit(rows, entries)
    if copies.ROWS in entries:
        entries[copies.ROWS] = json.dumps(rows).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def swap(entries):
    names = [name for name in entries if name.startswith("revisions/")]
    entries[names[0]], entries[names[1]] = entries[names[1]], entries[names[0]]


EDITS = {
    "newer": lambda rows, _: rows.update(format=2),
    "no format": lambda rows, _: rows.pop("format"),
    "no rows": lambda _, entries: entries.pop(copies.ROWS),
    "rows are a list": lambda rows, _: rows.update(revisions=[[]]),
    "a name that climbs": lambda rows, _: rows["revisions"][0].update(name="../../etc"),
    "a digest that climbs": lambda rows, _: rows["revisions"][0].update(digest="../../x"),
    "a state of its own": lambda rows, _: rows["revisions"][0].update(state="new"),
    "number": lambda rows, _: rows["revisions"][0].update(number=True),
    "twice": lambda rows, _: rows["revisions"].append(rows["revisions"][0]),
    "shows nothing": lambda rows, _: rows["activations"][-1].update(number=99),
    "time": lambda rows, _: rows["revisions"][0].update(created="yesterday"),
    "contents": lambda _, entries: swap(entries),
    "a picture": lambda _, entries: entries.update(
        {name: b"<svg>" for name in entries if name.startswith("thumb")}
    ),
    "a bundle is missing": lambda _, entries: entries.pop(
        next(name for name in entries if name.startswith("revisions/"))
    ),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_backup_that_is_not_right_is_refused_as_a_whole(empty, file, edit, tmp_path):
    change(file, edit)
    with pytest.raises(errors.SpecError):
        copies.restore(empty, file, LIMIT)
    empty.collect(set(), keep=10)
    assert empty.all() == []
    left = [path for path in (tmp_path / "empty").rglob("*") if path.is_file()]
    assert [path.name for path in left if not path.name.startswith("store.db")] == []


def test_a_backup_without_its_end_is_refused_wherever_it_was_cut(empty, file):
    whole = file.read_bytes()
    for end in (0, 10, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:end])
        with pytest.raises(errors.SpecError):
            copies.restore(empty, file, LIMIT)
    assert empty.all() == []


def test_a_flipped_byte_never_brings_something_else(full, file, tmp_path):
    whole = file.read_bytes()
    for at in range(0, len(whole), 97):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        kept = store.Store(tmp_path / str(at))
        try:
            copies.restore(kept, file, LIMIT)
        except errors.SpecError:
            assert kept.all() == []
        else:
            assert [each.digest for each in kept.all()] == [each.digest for each in full.all()]


def test_a_bundle_over_the_limit_is_refused(empty, file):
    with pytest.raises(errors.SpecError) as refused:
        copies.restore(empty, file, 100)
    assert "upload_limit" in refused.value.hint and numbers(empty, "sales") == []


def test_a_stranger_among_the_entries_is_never_written(empty, file, tmp_path):
    change(file, lambda _, entries: entries.update({"../../evil": b"x", "/etc/evil": b"x"}))
    copies.restore(empty, file, LIMIT)
    assert not list(tmp_path.rglob("evil"))


def test_it_is_a_plain_zip(file):
    assert zipfile.ZipFile(io.BytesIO(file.read_bytes())).testzip() is None
