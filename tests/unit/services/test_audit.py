"""The audit record: what it says, and that no line of it can be changed unnoticed."""

import json
import logging

import pytest
from deployapi import ADMIN, TOKEN, ask, edition, post, upload

from dashops.services.dashboard import audit, store

LOG = logging.getLogger("test")


@pytest.fixture
def record(tmp_path):
    made = audit.Audit(tmp_path / "audit", LOG)
    yield made
    made.close()


@pytest.fixture
def filled(record):
    for number in range(5):
        record.write("login", "ann", address="127.0.0.1", number=number)
    return record


def only(record):
    (path,) = audit.files(record.folder)
    return path


def events(record):
    return [each["event"] for each in record.last(100)]


def test_it_says_when_what_who_and_from_where(filled):
    last = filled.last(1)[0]
    assert (last["event"], last["who"], last["address"], last["number"]) == (
        "login",
        "ann",
        "127.0.0.1",
        4,
    )
    assert last["time"].startswith("20") and last["time"].endswith("+00:00")
    assert only(filled).stat().st_mode & 0o077 == 0
    assert filled.verify().problem == "" and filled.verify().records == 6


def lines(edit):
    def change(path):
        found = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(edit(found)))

    return change


EDITS = {
    "changed": lines(lambda f: [*f[:2], f[2].replace(b"ann", b"bob"), *f[3:]]),
    "time": lines(lambda f: [*f[:2], f[2].replace(b'"time":"2', b'"time":"3'), *f[3:]]),
    "taken out": lines(lambda f: [*f[:2], *f[3:]]),
    "put in": lines(lambda f: [*f[:3], f[2], *f[3:]]),
    "swapped": lines(lambda f: [*f[:2], f[3], f[2], *f[4:]]),
    "cut off": lines(lambda f: f[:-1]),
    "no first": lines(lambda f: f[1:]),
    "text after": lines(lambda f: [*f, b"hello\n"]),
    "a fact of its own": lines(
        lambda f: [*f[:2], f[2].replace(b',"hash"', b',"x":1,"hash"'), *f[3:]]
    ),
    "empty": lambda path: path.write_bytes(b""),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_any_change_is_found(filled, edit):
    edit(only(filled))
    assert filled.verify().problem


def test_a_resealed_line_breaks_the_chain_after_it(filled):
    found = only(filled).read_bytes().splitlines(keepends=True)
    previous = audit.SEAL.search(found[1])[1].decode()
    body = found[2][: audit.SEAL.search(found[2]).start()].replace(b"ann", b"bob") + b"}"
    seal = audit._seal(previous, body)
    found[2] = body[:-1] + f',"hash":"{seal}"}}\n'.encode()
    only(filled).write_bytes(b"".join(found))
    assert "line 4" in filled.verify().problem


def test_a_restart_goes_on_with_the_chain(filled):
    head = filled.head
    filled.close()
    again = audit.Audit(filled.folder, LOG)
    assert again.head == head
    again.write("logout", "ann")
    assert again.verify().problem == "" and events(again)[-1] == "logout"
    again.close()


@pytest.mark.parametrize("kept", [b'{"time":"2026', b""])
def test_half_a_line_of_a_crash_goes_and_is_told(filled, kept):
    filled.close()
    with only(filled).open("ab") as file:
        file.write(kept)
    again = audit.Audit(filled.folder, LOG)
    again.write("login", "bob")
    assert again.verify().problem == ""
    assert ("mended" in events(again)) is bool(kept)
    again.close()


@pytest.mark.parametrize("half", [b"", b'{"time"'])
def test_a_crash_at_the_begin_of_a_file(filled, half):
    filled.close()
    (filled.folder / "000002.jsonl").write_bytes(half)
    again = audit.Audit(filled.folder, LOG)
    again.write("login", "bob")
    assert again.verify().problem == "" and again.last(1)[0]["who"] == "bob"
    again.close()


def test_files_follow_each_other_and_old_ones_may_go(tmp_path):
    made = audit.Audit(tmp_path / "audit", LOG, full=1000)
    for number in range(30):
        made.write("login", "ann", number=number)
    known = audit.files(made.folder)
    assert len(known) > 3 and made.verify().problem == ""
    assert [each["number"] for each in made.last(100) if "number" in each] == list(range(30))
    known[0].unlink()
    assert made.verify().problem == "" and made.verify().first == known[1].name
    known[2].unlink()
    assert "does not go on" in made.verify().problem
    made.close()


def test_what_is_counted_only_is_told_as_a_number(filled):
    for _ in range(200):
        filled.write("denied access", "", address="10.0.0.1")
    filled.write("denied access", "", address="10.0.0.2")
    assert events(filled).count("denied access") == audit.BURST + 1
    filled.close()
    again = audit.Audit(filled.folder, LOG)
    assert again.last(1)[0] | {"more": 190, "address": "10.0.0.1"} == again.last(1)[0]
    again.close()


def test_no_token_gets_into_it(filled):
    filled.write("denied access", "x", reason="dops_0a1b2c_abcDEF-_123 is bad", many=["dops_1_x"])
    text = only(filled).read_text()
    assert "abcDEF" not in text and "dops_0a1b2c_****" in text and "dops_1_x" not in text


def test_no_text_makes_a_line_of_its_own(filled):
    filled.write("login", 'ann\n{"event":"deploy"}', note='","hash":"' + "0" * 64 + '"}\n')
    assert filled.verify().problem == "" and "deploy" not in events(filled)
    assert len(filled.last(1)[0]["who"]) < 100


class Full:
    """A disk that takes no more."""

    def __init__(self, file):
        self.file = file

    def write(self, data):
        return self.file.write(data[:7])

    def __getattr__(self, name):
        return getattr(self.file, name)


def test_a_full_disk_stops_what_must_not_be_unnoticed_and_nobody_else(filled, caplog):
    whole = only(filled).read_bytes()
    filled._file = Full(filled._file)
    with pytest.raises(store.Unavailable) as refused:
        filled.require("share", "admin-token")
    assert refused.value.full and "audit" in refused.value.message
    filled.write("login", "ann")
    assert "cannot be written" in caplog.text
    assert only(filled).read_bytes() == whole
    filled._file = filled._file.file
    filled.write("login", "ann")
    assert filled.verify().problem == ""


def admin(method, path, **more):
    return (method, f"/_api/{path}"), {"headers": ADMIN, **more}


def test_what_the_api_does_is_in_it(record, tmp_path):
    wrong = {"Authorization": "token wrong"}
    answers = ask(
        store.Store(tmp_path / "store"),
        upload(fields={"author": "Ann"}),
        upload(data=edition(1)),
        post("notebooks/sales/rollback"),
        post("notebooks/sales/activate", 2),
        admin("PUT", "notebooks/sales/access", json={"grants": [{"kind": "public"}]}),
        admin("POST", "tokens", json={"name": "ci", "scopes": ["read"]}),
        (("GET", "/_api/notebooks"), {"headers": wrong}),
        (("GET", "/_api/tokens"), {"headers": TOKEN}),
        (("DELETE", "/_api/notebooks/sales"), {"headers": TOKEN}),
        admin("GET", "audit?last=50&verify=1"),
        record=record,
    )
    found = answers[-1].json()
    told = [each for each in found["records"] if each["event"] != "begin"]
    assert [each["event"] for each in told] == [
        "deploy",
        "deploy",
        "rollback",
        "activate",
        "share",
        "token",
        "denied access",
        "denied access",
        "remove",
    ]
    assert {each["address"] for each in told} == {"127.0.0.1"}
    assert [each["who"] for each in told[:5]] == ["deploy-token"] * 4 + ["admin-token"]
    assert (told[0]["author"], told[0]["state"], told[2]["before"]) == ("Ann", "done", 2)
    assert told[4]["grants"] == ["public"]
    assert found["verified"]["problem"] == "" and found["verified"]["records"] == 10
    text = json.dumps(found)
    assert "wrong" not in text.replace("missing or wrong", "")
    assert answers[5].json()["secret"] not in text


def test_a_share_that_cannot_be_recorded_is_not_done(record, tmp_path):
    kept = store.Store(tmp_path / "store")
    ask(kept, upload(), record=record)
    record._file = Full(record._file)
    grants = {"grants": [{"kind": "public"}]}
    (answer,) = ask(kept, admin("PUT", "notebooks/sales/access", json=grants), record=record)
    assert answer.status_code == 507 and "audit" in answer.json()["message"]
    assert not kept.grants("sales").given
    record._file = record._file.file
