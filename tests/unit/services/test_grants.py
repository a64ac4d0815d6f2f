"""Who may open what: as decided, as kept, as it comes through a backup."""

import json
import zipfile
from dataclasses import dataclass

import pytest
from test_store import publish

from dashops import errors
from dashops.services.dashboard import access, store
from dashops.services.dashboard.access import OPEN, PREVIEW, Grant, Grants
from dashops.services.dashboard.store import copies

LIMIT = 10**7
TEAM = [Grant("group", "finance"), Grant("user", "ann")]


@dataclass(frozen=True)
class Somebody:
    name: str = "bob"
    groups: frozenset[str] = frozenset()
    role: str | None = "viewer"


BOB, ANN = Somebody(), Somebody("ann")
MEMBER = Somebody("eve", frozenset({"finance"}))
AUTHOR, OPERATOR = Somebody("dan", role="author"), Somebody("ops", role="operator")


def given(*grants, owner=""):
    return Grants(frozenset(Grant(*each) for each in grants), owner)


PUBLIC, SIGNED_IN = given(("public",)), given(("signed-in",))
PRIVATE, OWNED = given(("private",)), given(("private",), owner="dan")
SHARED = given(("group", "finance"), ("user", "ann"))


@pytest.mark.parametrize(
    ("person", "action", "grants", "may"),
    [
        (None, OPEN, PUBLIC, True),
        (None, PREVIEW, PUBLIC, False),
        (None, OPEN, SIGNED_IN, False),
        (None, OPEN, SHARED, False),
        (BOB, OPEN, PUBLIC, True),
        (BOB, OPEN, SIGNED_IN, True),
        (BOB, OPEN, SHARED, False),
        (ANN, OPEN, SHARED, True),
        (MEMBER, OPEN, SHARED, True),
        (Somebody("finance"), OPEN, given(("group", "finance")), False),
        (Somebody("x", frozenset({"ann"})), OPEN, given(("user", "ann")), False),
        (BOB, OPEN, PRIVATE, False),
        (BOB, OPEN, Grants(), False),
        (BOB, OPEN, given(("everyone",)), False),
        (AUTHOR, OPEN, PRIVATE, False),
        (AUTHOR, OPEN, OWNED, True),
        (AUTHOR, PREVIEW, OWNED, True),
        (AUTHOR, PREVIEW, SIGNED_IN, True),
        (AUTHOR, PREVIEW, SHARED, False),
        (Somebody("dan"), OPEN, OWNED, False),
        (Somebody("", role="author"), OPEN, PRIVATE, False),
        (BOB, PREVIEW, SIGNED_IN, False),
        (Somebody(role=None), PREVIEW, SIGNED_IN, True),
        (Somebody(role=None), PREVIEW, PRIVATE, False),
        (OPERATOR, OPEN, PRIVATE, True),
        (OPERATOR, PREVIEW, Grants(), True),
        (OPERATOR, "delete", PUBLIC, False),
    ],
)
def test_who_may(person, action, grants, may):
    assert access.may(person, action, grants) is may


def test_a_setting_counts_only_where_nobody_granted_anything():
    assert access.may(BOB, OPEN, Grants(owner="dan").otherwise("signed-in"))
    assert not access.may(BOB, OPEN, Grants().otherwise("private"))
    assert not access.may(BOB, OPEN, PRIVATE.otherwise("signed-in"))
    assert Grants(owner="dan").otherwise("private").owner == "dan"


@pytest.mark.parametrize(
    "rows",
    [
        None,
        [],
        ["public"],
        [{"kind": "everybody"}],
        [{"kind": "owner", "value": "eve"}],
        [{"kind": "group"}],
        [{"kind": "user", "value": " ann"}],
        [{"kind": "user", "value": "a\nb"}],
        [{"kind": "user", "value": "x" * 201}],
        [{"kind": "public", "value": "x"}],
        [{"kind": "private"}, {"kind": "public"}],
        [{"kind": "user", "value": str(number)} for number in range(501)],
    ],
)
def test_grants_that_are_none_are_refused(rows):
    with pytest.raises(errors.SpecError):
        access.read(rows)


@pytest.fixture
def kept(tmp_path):
    made = store.Store(tmp_path / "kept")
    publish(made, "sales")
    publish(made, "other")
    return made


def test_sharing_replaces_what_was_and_leaves_owner_and_others(kept):
    kept.own("sales", "dan")
    kept.grant("sales", [Grant("public")])
    kept.grant("other", [Grant("private")])
    kept.grant("sales", TEAM)
    assert kept.grants("sales") == Grants(frozenset(TEAM), "dan")
    kept.own("sales", "eve")
    assert kept.grants("sales") == Grants(frozenset(TEAM), "eve")
    kept.own("sales", "")
    assert kept.grants("sales").owner == ""
    assert kept.grants("other").given == {Grant("private")}
    assert kept.grants("nobody's") == Grants()


def test_a_restart_knows_them(kept, tmp_path):
    kept.grant("sales", TEAM)
    assert store.Store(tmp_path / "kept").grants("sales").given == set(TEAM)


def test_a_name_that_is_removed_starts_anew(kept):
    kept.grant("sales", [Grant("public")])
    kept.own("sales", "dan")
    kept.grant("other", TEAM)
    kept.remove("sales")
    assert kept.grants("sales") == Grants()
    assert kept.grants("other").given == set(TEAM)


@pytest.fixture
def file(kept, tmp_path):
    kept.grant("sales", TEAM)
    kept.own("sales", "dan")
    copies.take(kept, tmp_path / "backup.zip")
    return tmp_path / "backup.zip"


def change(file, edit):
    with zipfile.ZipFile(file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    rows = json.loads(entries[copies.ROWS])
    edit(rows["grants"])
    entries[copies.ROWS] = json.dumps(rows).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def test_a_backup_carries_them(file, tmp_path):
    other = store.Store(tmp_path / "other")
    copies.restore(other, file, LIMIT)
    assert other.grants("sales") == Grants(frozenset(TEAM), "dan")
    assert other.grants("other") == Grants()


def test_grants_that_were_there_before_let_nobody_into_what_is_restored(file, tmp_path):
    other = store.Store(tmp_path / "other")
    other.grant("other", [Grant("public")])
    copies.restore(other, file, LIMIT)
    assert other.grants("other") == Grants()


@pytest.mark.parametrize(
    "row",
    [
        {"dashboard": "missing", "kind": "public", "value": ""},
        {"dashboard": "../sales", "kind": "public", "value": ""},
        {"dashboard": "sales", "kind": "everybody", "value": ""},
        {"dashboard": "sales", "kind": "private", "value": ""},
        {"dashboard": "sales", "kind": "owner", "value": "eve"},
        {"dashboard": "other", "kind": "owner", "value": ""},
        {"dashboard": "other", "kind": "owner"},
        {"dashboard": "other", "kind": "user", "value": 5},
        "public",
    ],
)
def test_a_backup_with_grants_that_are_none_is_refused(file, tmp_path, row):
    change(file, lambda rows: rows.append(row))
    other = store.Store(tmp_path / "other")
    with pytest.raises(errors.SpecError):
        copies.restore(other, file, LIMIT)
    assert other.all() == []
