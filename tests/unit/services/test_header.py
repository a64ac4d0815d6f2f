"""What a proxy says of who sent a request, and who may say it."""

import hashlib
import hmac
from types import SimpleNamespace

import pytest
from tornado import httputil

from dashops.services.dashboard import identity
from dashops.services.dashboard.identity import header, provider

NOW = 1_000_000
KEY = b"a key of two"


@pytest.fixture
def read(tmp_path):
    """Reads a request of that address with these headers; ``key``: the proxy signs them."""

    def reading(*pairs, address="127.0.0.1", key=False, trusted=("127.0.0.1/32", "10.0.0.0/8")):
        (tmp_path / "key").write_bytes(KEY + b"\n")
        named = SimpleNamespace(
            header_name="X-Forwarded-User",
            header_groups="X-Groups",
            header_trusted=trusted,
            header_key_file=str(tmp_path / "key") if key else "",
        )
        means = provider.Means(SimpleNamespace(identity=named), None, None)
        headers = httputil.HTTPHeaders()
        for name, value in pairs:
            headers.add(name, value)
        request = SimpleNamespace(method="GET", uri="/a?b", headers=headers, remote_ip=address)
        return header.Header(means, lambda: NOW).read(request)

    return reading


def test_a_trusted_proxy_says_who_it_is_and_in_which_groups(read):
    found = read(("X-Forwarded-User", "alice"), ("X-Groups", "sales, ops,,"))
    assert found == identity.Person("alice", "alice", frozenset({"sales", "ops"}))
    assert read(("X-Forwarded-User", "alice"), address="10.1.2.3").name == "alice"


@pytest.mark.parametrize("address", ["127.0.0.2", "192.168.0.1", "::1", "", "nonsense"])
def test_nobody_else_is_believed(read, address):
    assert read(("X-Forwarded-User", "alice"), address=address) is None


def test_what_a_visitor_and_the_proxy_both_say_is_not_believed(read):
    assert read(("X-Forwarded-User", "root"), ("X-Forwarded-User", "alice")) is None
    assert read() is None and read(("X-Forwarded-User", "")) is None


def test_names_may_have_any_letters(read):
    assert read(("X-Forwarded-User", "Zoë".encode().decode("latin-1"))).name == "Zoë"


def signed(moment=NOW, name="alice", groups="", key=KEY, method="GET", path="/a?b"):
    said = "\n".join((str(moment), method, path, name, groups)).encode()
    return ("X-Dashops-Signature", f"{moment}:{hmac.new(key, said, hashlib.sha256).hexdigest()}")


def test_a_signed_name_counts(read):
    assert read(("X-Forwarded-User", "alice"), signed(), key=True).name == "alice"
    pairs = ("X-Forwarded-User", "alice"), ("X-Groups", "ops"), signed(groups="ops")
    assert read(*pairs, key=True).groups == {"ops"}


@pytest.mark.parametrize(
    "signature",
    [
        ("X-Other", "none"),
        ("X-Dashops-Signature", ""),
        ("X-Dashops-Signature", f"{NOW}:"),
        ("X-Dashops-Signature", f"{NOW}:ü"),
        ("X-Dashops-Signature", "²:00"),
        signed(name="bob"),
        signed(groups="ops"),
        signed(key=b"another key"),
        signed(method="POST"),
        signed(path="/other"),
        signed(moment=NOW - header.AGE - 1),
        signed(moment=NOW + header.AGE + 1),
    ],
)
def test_with_a_key_no_other_signature_counts(read, signature):
    assert read(("X-Forwarded-User", "alice"), signature, key=True) is None


def test_groups_that_were_added_to_a_signed_name_do_not_count(read):
    pairs = ("X-Forwarded-User", "alice"), ("X-Groups", "ops"), signed()
    assert read(*pairs, key=True) is None
