"""Who is viewing, from the server's signature to what a notebook is told."""

import contextlib
import os
import sys
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from jupyter_server.auth import User

from dashops import viewer
from dashops.services.dashboard import claims
from dashops.services.snapshot import handed

BOB = User(username="viewer-1", name="Bob")


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server whose key is known, in a process that was told nothing."""
    monkeypatch.setitem(sys.modules, handed.NAME, None)
    del sys.modules[handed.NAME]
    made = claims.Claims()
    made.publish(tmp_path / "claims.pub")
    monkeypatch.setenv(viewer.KEY, str(tmp_path / "claims.pub"))
    yield made
    sys.modules.pop(handed.NAME, None)


def test_a_notebook_learns_who_views_it(server):
    handed.hand(server.sign("Bob", {"sales", "north"}, "report"))
    expected = viewer.Viewer("Bob", frozenset({"north", "sales"}), "report")
    assert viewer.current_viewer() == expected
    assert not handed.asked()


def test_a_kernel_that_runs_already_is_told_by_code(server):
    exec(claims.code(server.sign("Bob", (), "report")))
    assert viewer.current_viewer().name == "Bob"


def test_a_notebook_that_asks_too_early_is_noted_and_not_told(server):
    assert viewer.current_viewer() == viewer.Viewer()
    assert handed.asked()
    with pytest.raises(RuntimeError):
        exec(claims.code(server.sign("Bob", (), "report")))
    assert viewer.current_viewer() == viewer.Viewer(), "who cannot be told stays nobody"


def test_a_fork_with_another_viewer_knows_that_one(server):
    for name in ("Bob", "Alice"):
        handed.hand(server.sign(name, (), "report"))
        assert viewer.current_viewer().name == name


def test_claims_of_another_server_or_changed_ones_are_not_believed(server):
    genuine = server.sign("Bob", (), "report")
    payload, _, signature = genuine.partition(".")
    other = claims.Claims().sign("Eve", (), "report")
    forged = other.partition(".")[0]
    broken = [
        other,
        f"{forged}.{signature}",
        f"{payload}.",
        "",
        ".",
        payload,
        f"{payload}.{'A' * 86}",
    ]
    broken += [f"{payload}.{signature[:-4]}", f"{payload[:-2]}.{signature}", "ä.ö"]
    for each in broken:
        sys.modules.pop(handed.NAME, None)
        exec(claims.code(each)) if each else handed.hand(" ")
        with pytest.raises(viewer.NotVerified):
            viewer.current_viewer()


def test_claims_are_good_for_a_minute_only(server):
    clock = time.time() - claims.LIFE - viewer.SLACK - 5
    late = claims.Claims(lambda: clock)
    late._key = server._key
    handed.hand(late.sign("Bob", (), "report"))
    with pytest.raises(viewer.NotVerified, match="too late"):
        viewer.current_viewer()


def test_what_is_told_as_variables_holds_no_claims(server):
    told = server.told(BOB, {"sales"}, "report", {"REMOTE_USER": "Bob"})
    assert dict(told) == {"REMOTE_USER": "Bob"}
    assert claims.of(told) and claims.of({**told}) == "", "nor does a copy of them"


def test_signatures_are_judged_as_the_library_does():
    for length in (0, 1, 63, 64, 200):
        key, message = ed25519.Ed25519PrivateKey.generate(), os.urandom(length)
        public, signature = key.public_key().public_bytes_raw(), key.sign(message)
        assert viewer._signed(public, message, signature)
        assert not viewer._signed(public, message + b"x", signature)
        for at in (0, 31, 32, 63):
            changed = bytearray(signature)
            changed[at] ^= 1
            with contextlib.suppress(ValueError):  # that is no point at all
                assert not viewer._signed(public, message, bytes(changed))
    # The same signature in another spelling, which RFC 8032 forbids.
    scalar = int.from_bytes(signature[32:], "little") + viewer._ORDER
    assert not viewer._signed(public, message, signature[:32] + scalar.to_bytes(32, "little"))
