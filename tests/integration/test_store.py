"""The store with a real PostgreSQL and a real S3 server."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sql
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from live import free_ports, until

from dashops import bundle as bundles
from dashops.services.dashboard import store
from dashops.services.dashboard.store import copies, database, migrations, tables

PNG = b"\x89PNG\r\n\x1a\n"
ABOUT = {"kernel": "python3", "language": "python", "author": "Alice", "commit": "abc"}
LOCK = f"pandas==2.0 --hash=sha256:{'a' * 64}\n"


def bundle(data):
    cells = '[{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": null, '
    text = f'{{"nbformat": 4, "nbformat_minor": 4, "metadata": {{}}, "cells": {cells}'
    text += '"source": "1"}]}'
    return bundles.Bundle(bundles.parse(text), {"logo.png": data}, lock=LOCK)


def publish(kept, name, data):
    revision = kept.add(name, bundle(data), source="ab" * 32, dependencies="uv.lock", **ABOUT)
    kept.activate(kept.settle(revision, None, ["slow"], PNG))
    return kept.active(name)


def story(kept, reopen):
    """All that a store does, once."""
    deploy = kept.begin("sales", "Alice")
    for data in (b"1", b"2", b"3"):
        publish(kept, "sales", data)
    publish(kept, "other", b"1")
    bad = kept.add("sales", bundle(b"bad"), **ABOUT)
    kept.settle(bad, {"message": "cell 1 failed", "cell": 1})
    assert [each.name for each in kept.all()] == ["other", "sales"]
    assert kept.before("sales").number == 2
    assert kept.find("sales", "ab" * 32).number == 3
    kept.collect(set(), keep=2)
    assert [each.number for each in kept.revisions("sales")] == [4, 3, 2]
    half = kept.add("sales", bundle(b"half"), **ABOUT)
    again = reopen()
    again.collect(set(), keep=2)
    assert again.revision("sales", half.number) is None
    with pytest.raises((FileNotFoundError, store.Unavailable)):
        again.notebook_text(half.digest)
    assert again.deploys(5)[0].state == "interrupted" and again.deploys(5)[0].id == deploy.id
    shown = again.active("sales")
    assert (shown.number, shown.warnings, shown.thumbnail) == (3, ("slow",), True)
    assert again.thumbnail(shown.digest) == PNG and again.lock(shown.digest) == LOCK
    assert again.asset(shown, "logo.png").read_bytes() == b"3"
    assert again.remove("other") and not again.remove("other")
    return again


@pytest.fixture(scope="module")
def postgres():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        reason = "no PostgreSQL here: `scripts/setup services`"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    folder, binaries = Path("/tmp") / f"dashops-pg-{os.getpid()}", found[-1].parent
    (port,) = free_ports(1)
    me = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    folder.mkdir(mode=0o700)
    if me:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    subprocess.run(
        [*me, binaries / "initdb", "-D", data, "-A", "trust", "-U", "dashops", "-N"],
        check=True, capture_output=True, cwd="/",
    )  # fmt: skip
    options = ["-D", data, "-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1"]
    server = subprocess.Popen(
        [*me, binaries / "postgres", *options], cwd="/", stderr=subprocess.DEVNULL
    )
    try:
        url = f"postgresql://dashops@127.0.0.1:{port}/postgres"
        until(lambda: answers(port), "PostgreSQL answers")
        until(lambda: ready(binaries, port), "PostgreSQL is ready")
        yield url
    finally:
        subprocess.run(
            [*me, binaries / "pg_ctl", "stop", "-D", data, "-m", "immediate"],
            cwd="/", check=True, capture_output=True,
        )  # fmt: skip
        server.wait(20)
        shutil.rmtree(folder)


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ready(binaries, port):
    command = [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(command).returncode == 0


@pytest.fixture
def empty(postgres):
    engine = sql.create_engine(postgres.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    return postgres


def test_postgresql_keeps_what_sqlite_keeps(empty, tmp_path):
    kept = story(store.Store(tmp_path / "a", empty), lambda: store.Store(tmp_path / "a", empty))
    copies.take(kept, tmp_path / "backup")
    moved = store.Store(tmp_path / "b")
    copies.restore(moved, tmp_path / "backup", 10**7)
    assert moved.revisions("sales") == kept.revisions("sales")


def test_a_backup_of_sqlite_comes_to_postgresql(empty, tmp_path):
    publish(store.Store(tmp_path / "a"), "sales", b"1")
    copies.take(store.Store(tmp_path / "a"), tmp_path / "backup")
    kept = store.Store(tmp_path / "b", empty)
    copies.restore(kept, tmp_path / "backup", 10**7)
    assert publish(kept, "sales", b"2").number == 2 and kept.before("sales").number == 1


def test_the_tables_of_postgresql_are_those_of_the_migrations(empty, tmp_path):
    engine = database.connect(empty, tmp_path)
    with database.writing(engine).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        migrations.upgrade(connection, "0000")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
    assert store.Store(tmp_path, empty).all() == []


def test_a_database_that_does_not_answer_is_named(tmp_path):
    (port,) = free_ports(1)
    started = time.monotonic()
    with pytest.raises(store.Unavailable) as refused:
        store.Store(tmp_path, f"postgresql://bob@127.0.0.1:{port}/nothing")
    assert "does not answer" in refused.value.message
    assert time.monotonic() - started < 15


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    (port,) = free_ports(1)
    folder = tmp_path_factory.mktemp("aws")
    url = f"http://127.0.0.1:{port}"
    (folder / "config").write_text(f"[default]\nregion = us-east-1\nendpoint_url = {url}\n")
    (folder / "credentials").write_text(
        "[default]\naws_access_key_id = testing\naws_secret_access_key = testing\n"
    )
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    patch = pytest.MonkeyPatch()
    patch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    try:
        until(lambda: answers(port), "the S3 server answers", 40)
        httpx.put(f"{url}/dashops").raise_for_status()
        yield "s3://dashops/one", server
    finally:
        patch.undo()
        server.kill()
        server.wait(10)


def test_files_in_s3_outlive_the_folder(bucket, tmp_path):
    url, server = bucket
    kept = story(store.Store(tmp_path, "", url), lambda: store.Store(tmp_path, "", url))
    shown = kept.active("sales")
    for name in ("revisions", "thumbnails"):
        shutil.rmtree(tmp_path / name)
    fresh = store.Store(tmp_path, "", url)
    assert fresh.asset(shown, "logo.png").read_bytes() == b"3"
    assert fresh.thumbnail(shown.digest) == PNG and fresh.lock(shown.digest) == LOCK
    assert bundles.digest(bundles.unpack(fresh.archive(shown.digest), 10**6)) == shown.digest
    digests = {each.digest for each in fresh.revisions("sales")}
    fresh.collect(set(), keep=2)
    assert {Path(each).stem for each in fresh.files._shelf._system.ls("dashops/one/revisions")} == (
        digests
    )
    server.kill()
    server.wait(10)
    with pytest.raises(store.Unavailable) as lost:
        fresh.add("new", bundle(b"4"), **ABOUT)
    assert "cannot be reached" in lost.value.message
    assert fresh.notebook_text(shown.digest), "what is here already goes on"
