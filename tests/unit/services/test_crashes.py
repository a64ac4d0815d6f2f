"""Kill -9 at every step of a write: afterwards the last good state, and nothing that stays."""

import itertools

import pytest
import sqlalchemy as sql
from test_store import ABOUT, book, numbers, publish

from dashops import bundle as bundles
from dashops.services.dashboard import store
from dashops.services.dashboard.store.files import Disk

PNG = b"\x89PNG\r\n\x1a\n"


class Killed(BaseException):
    """The process is dead: not even `finally` can do anything any more."""


class Steps(Disk):
    """Counts changes to disk and database, and does none from a given one on."""

    def __init__(self, last):
        self.left = last

    def step(self, *_):
        if self.left == 0:
            raise Killed
        self.left -= 1

    def write(self, path, content):
        self.step()
        if self.left == 0:  # dies while it writes
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content[: len(content) // 2])
            raise Killed
        super().write(path, content)

    def move(self, path, to):
        self.step()
        super().move(path, to)

    def delete(self, path):
        self.step()
        if self.left == 0 and path.is_dir():  # dies while it deletes
            next(each for each in path.rglob("*") if each.is_file()).unlink(missing_ok=True)
            raise Killed
        super().delete(path)


def deploy(kept, data):
    bundle = bundles.Bundle(book(), {"data.csv": data, "logo.png": b"x"}, lock="")
    revision = kept.settle(kept.add("sales", bundle, **ABOUT), None, [], PNG)
    kept.activate(revision)
    kept.collect(set(), keep=1)


def dying(folder, last):
    kept = store.Store(folder)
    kept.files._disk = disk = Steps(last)
    sql.event.listen(kept.reading, "commit", disk.step)
    return kept


def killed_at_every_step(folder, act):
    """Each time in a folder of its own, until it lives through all of it."""
    for last in itertools.count():
        place = folder / str(last)
        begun = store.Store(place)
        deploy(begun, b"old")
        kept = dying(place, last)
        try:
            act(kept)
        except Killed:
            yield place
        else:
            assert last > 5, "it has steps to die at"
            return


def left(place):
    found = {path.name for path in (place / "revisions").iterdir()}
    pictures = {path.stem for path in (place / "thumbnails").iterdir()}
    rest = [*(place / "doubts").iterdir(), *(place / "incoming").iterdir()]
    return found, pictures, rest


def check(place):
    again = store.Store(place)
    again.collect(set(), keep=1)
    kept = again.revisions("sales")
    found, pictures, rest = left(place)
    assert found == {each.digest for each in kept} and rest == []
    assert pictures >= {each.digest for each in kept if each.thumbnail} and pictures <= found
    for each in kept:
        whole = bundles.unpack(again.archive(each.digest), 10**6)
        assert bundles.digest(whole) == each.digest
    return again


def test_a_deploy(tmp_path):
    for place in killed_at_every_step(tmp_path, lambda kept: deploy(kept, b"new")):
        again = check(place)
        shown = again.active("sales")
        data = (again.files.folder(shown.digest) / "data.csv").read_bytes()
        assert data in (b"old", b"new")
        deploy(again, b"new")
        assert [state for _, state in numbers(again, "sales")] == ["good"]
        shown = again.active("sales")
        assert (again.files.folder(shown.digest) / "data.csv").read_bytes() == b"new"


def test_a_removal(tmp_path):
    def remove(kept):
        kept.remove("sales")
        kept.collect(set(), keep=1)

    for place in killed_at_every_step(tmp_path, remove):
        again = check(place)
        assert bool(again.active("sales")) == bool(again.revisions("sales"))


def test_files_of_another_database_are_left_alone(tmp_path):
    kept = store.Store(tmp_path)
    shown = publish(kept, "sales")
    kept.reading.dispose()
    (tmp_path / "store.db").unlink()  # as when another `dashboard.database` is set
    other = store.Store(tmp_path)
    other.collect(set(), keep=1)
    assert other.all() == [] and other.archive(shown.digest)


def test_an_activation_of_what_is_gone_is_refused(tmp_path):
    kept = store.Store(tmp_path)
    publish(kept, "sales")
    gone = kept.settle(kept.add("sales", bundles.Bundle(book("2")), **ABOUT), None)
    with kept.change() as connection:
        connection.exec_driver_sql("DELETE FROM revisions WHERE number = 2")
    with pytest.raises(store.Unavailable):
        kept.activate(gone)
    assert kept.active("sales").number == 1
