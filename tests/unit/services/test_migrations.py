import sqlite3

import pytest
import sqlalchemy as sql
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from test_store import publish

from dashops.services.dashboard import store
from dashops.services.dashboard.store import database, migrations, tables

OLD = """
CREATE TABLE revisions (
    name VARCHAR(63) NOT NULL, number INTEGER NOT NULL, digest VARCHAR(64) NOT NULL,
    state VARCHAR(8) NOT NULL, title TEXT NOT NULL, kernel TEXT NOT NULL, language TEXT NOT NULL,
    created VARCHAR(32) NOT NULL, size BIGINT NOT NULL, assets JSON NOT NULL,
    author VARCHAR(200) NOT NULL, "commit" VARCHAR(200) NOT NULL, failure JSON,
    PRIMARY KEY (name, number));
CREATE TABLE activations (
    id INTEGER NOT NULL, name VARCHAR(63) NOT NULL, number INTEGER NOT NULL,
    activated VARCHAR(32) NOT NULL, PRIMARY KEY (id));
CREATE INDEX ix_activations_name ON activations (name);
INSERT INTO revisions VALUES ('sales', 1, 'aa', 'good', 'Sales', 'python3', 'python',
    '2026-01-01T00:00:00+00:00', 3, '["logo.png"]', 'Alice', 'abc', NULL);
INSERT INTO revisions VALUES ('sales', 2, 'bb', 'failed', 'Sales', 'python3', 'python',
    '2026-01-02T00:00:00+00:00', 3, '[]', 'Alice', 'abd', '{"message": "cell 2"}');
INSERT INTO activations VALUES (1, 'sales', 1, '2026-01-01T00:00:01+00:00');
"""
"""The tables as dashops 0.1 made them."""


@pytest.fixture
def old(tmp_path):
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.executescript(OLD)
    return tmp_path


def version(folder):
    with sqlite3.connect(folder / "store.db") as connection:
        return connection.execute("SELECT version_num FROM alembic_version").fetchall()


def test_a_database_of_before_there_were_versions_is_kept(old):
    kept = store.Store(old)
    shown, failed = kept.active("sales"), kept.revision("sales", 2)
    assert (shown.number, shown.assets, shown.author) == (1, ("logo.png",), "Alice")
    assert (shown.source, shown.environment, shown.warnings, shown.thumbnail) == ("", "", (), False)
    assert failed.failure == {"message": "cell 2"}
    assert version(old) == [(migrations.VERSIONS[-1],)]
    assert publish(kept, "sales").number == 3
    assert kept.deploys(5) == []


@pytest.mark.parametrize("where", ["new", "old"])
def test_both_ways_lead_to_the_same_tables(tmp_path, where):
    if where == "old":
        with sqlite3.connect(tmp_path / "store.db") as connection:
            connection.executescript(OLD)
    engine = database.connect("", tmp_path)
    migrations.migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_the_versions_are_those_of_the_scripts():
    scripts = ScriptDirectory(migrations.__path__[0])
    assert [each.revision for each in scripts.walk_revisions()][::-1] == list(migrations.VERSIONS)


def test_alembic_is_not_imported_when_there_is_nothing_to_do(tmp_path, monkeypatch):
    store.Store(tmp_path / "kept")
    monkeypatch.setattr(migrations, "upgrade", lambda *_: pytest.fail("upgraded"))
    store.Store(tmp_path / "kept")
    store.Store(tmp_path / "new")


def test_a_database_of_a_newer_dashops_is_refused_and_stays(tmp_path):
    publish(store.Store(tmp_path), "sales")
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(store.Unavailable) as refused:
        store.Store(tmp_path)
    assert "9999" in refused.value.message and "update dashops" in refused.value.hint
    assert version(tmp_path) == [("9999",)]


def test_an_upgrade_that_dies_leaves_the_old_tables(old, monkeypatch):
    def die(connection, found):
        real(connection, found)
        raise KeyboardInterrupt

    real = migrations.upgrade
    monkeypatch.setattr(migrations, "upgrade", die)
    with pytest.raises(KeyboardInterrupt):
        store.Store(old)
    with sqlite3.connect(old / "store.db") as connection:
        found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        columns = [row[1] for row in connection.execute("PRAGMA table_info(revisions)")]
    assert "alembic_version" not in found and "deploys" not in found
    assert "thumbnail" not in columns
    monkeypatch.undo()
    assert store.Store(old).active("sales").number == 1


def test_a_locked_and_a_full_database_are_named(tmp_path):
    kept = store.Store(tmp_path)
    publish(kept, "sales")
    blocker = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    sql.event.listen(
        kept.reading,
        "begin",
        lambda each: each.exec_driver_sql("PRAGMA busy_timeout=20"),
        insert=True,
    )
    with pytest.raises(store.Unavailable) as locked:
        kept.begin("sales", "Alice")
    assert "locked" in locked.value.message and not locked.value.full
    assert kept.active("sales").number == 1, "viewers go on"
    blocker.execute("ROLLBACK")
    with kept.reading.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1")
    sql.event.listen(
        kept.reading, "begin", lambda each: each.exec_driver_sql("PRAGMA max_page_count=1")
    )
    with pytest.raises(store.Unavailable) as full:
        for _ in range(1000):
            kept.begin("sales", "A" * 200)
    assert full.value.full and "full" in full.value.message
    assert kept.active("sales").number == 1


def test_what_is_no_database_is_named(tmp_path):
    (tmp_path / "store.db").write_text("not a database, but a text of some length" * 100)
    with pytest.raises(store.Unavailable):
        store.Store(tmp_path)


@pytest.mark.parametrize("url", ["mysql://a/b", "postgresql://bob:secret@host/db", "nonsense"])
def test_another_database_or_a_password_is_refused_and_not_shown(tmp_path, url):
    with pytest.raises(store.Unavailable) as refused:
        store.Store(tmp_path, url)
    assert "secret" not in f"{refused.value.message}{refused.value.hint}"
