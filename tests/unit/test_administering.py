"""Share, access, tokens and audit, from the command line down to what reaches a server."""

import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashops import cli, client, errors, publish, stack, view
from dashops.client import administration
from dashops.publish import administering
from dashops.secrets import Secret

ACCESS = {
    "name": "sales",
    "link": "/dashboards/sales",
    "owner": "dan",
    "grants": [{"kind": "group", "value": "finance"}, {"kind": "user", "value": "ann"}],
    "default": False,
    "ended": 1,
}
TOKEN = {
    "id": "0a1b2c",
    "name": "ci",
    "scopes": ["deploy:sales-*"],
    "created": "2026-01-01T00:00:00+00:00",
    "expires": None,
    "used": None,
    "revoked": None,
    "creator": "ann",
    "state": "good",
}
RECORD = {
    "time": "2026-01-01T00:00:00.000+00:00",
    "event": "share",
    "who": "admin-token",
    "address": "127.0.0.1",
    "dashboard": "sales\x1b[31m",
    "grants": ["public"],
    "hash": "0" * 64,
}
WHOLE = {"records": 6, "files": 1, "first": "000001.jsonl", "head": "ab" * 32, "problem": ""}


class Answering:
    """A server that notes what it was asked, and answers always the same."""

    def __init__(self, answer: dict[str, Any], status: int = 200) -> None:
        self.answer, self.status = answer, status
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(self.status, json=self.answer)

    @property
    def to(self) -> publish.Destination:
        transport = httpx.MockTransport(self)
        return publish.Destination(client.Server("http://127.0.0.1:1", Secret("t"), transport))

    @property
    def sent(self) -> Any:
        return json.loads(self.asked[-1].content)


def test_share_says_exactly_who(capsys: pytest.CaptureFixture[str]) -> None:
    server = Answering(ACCESS)
    whom = administering.Whom(groups=["finance"], users=["ann"])
    view.as_text(administering.share("sales", whom, None, server.to))
    assert server.asked[0].method == "PUT"
    assert server.asked[0].url.path == "/_api/notebooks/sales/access"
    assert server.sent == {"grants": ACCESS["grants"]}
    out, err = capsys.readouterr()
    assert out == "group finance\nuser ann\n"
    assert "also its owner dan and operators" in err and "1 open page of others ended" in err


def test_another_owner_leaves_the_grants(capsys: pytest.CaptureFixture[str]) -> None:
    server = Answering(ACCESS)
    administering.share("sales", administering.Whom(), "eve", server.to)
    assert server.sent == {"owner": "eve"} and capsys


@pytest.mark.parametrize(
    ("whom", "words"),
    [
        (administering.Whom(), "nobody is named"),
        (administering.Whom(private=True, users=["ann"]), "private and shared"),
    ],
)
def test_a_share_that_says_nothing_or_two_things_is_usage(
    whom: administering.Whom, words: str
) -> None:
    server = Answering(ACCESS)
    with pytest.raises(errors.SpecError, match=words):
        administering.share("sales", whom, None, server.to)
    assert server.asked == []


def test_who_says_when_only_the_setting_does(capsys: pytest.CaptureFixture[str]) -> None:
    answer = {**ACCESS, "owner": "", "default": True, "grants": [{"kind": "private", "value": ""}]}
    view.as_text(administering.who("sales", Answering(answer).to))
    out, err = capsys.readouterr()
    assert out == "nobody\n" and "`dashboard.access`" in err and "also operators" in err


def test_a_try_asks_about_that_person(capsys: pytest.CaptureFixture[str]) -> None:
    told = {"name": "sales", "user": "a&b", "role": "viewer", "groups": ["x"], "allowed": False}
    server = Answering({**told, "why": "nothing lets him"})
    view.as_text(administering.may("a&b", "sales", ["x"], server.to))
    assert dict(server.asked[0].url.params.multi_items()) == {"user": "a&b", "group": "x"}
    assert capsys.readouterr().out == "a&b may not open sales: nothing lets him\n"


def test_a_new_token_is_printed_alone(capsys: pytest.CaptureFixture[str]) -> None:
    server = Answering({**TOKEN, "secret": "dops_0a1b2c_xyz"}, 201)
    made = administering.make_token("ci", ["deploy:sales-*"], 0, "ann", server.to)
    asked = {"name": "ci", "scopes": ["deploy:sales-*"], "days": None, "creator": "ann"}
    assert server.sent == asked
    assert "xyz" not in repr(made)
    view.as_text(made)
    out, err = capsys.readouterr()
    assert out == "dops_0a1b2c_xyz\n" and "xyz" not in err and "until revoked" in err
    view.as_json(made)
    assert json.loads(capsys.readouterr().out)["secret"] == "dops_0a1b2c_xyz"


def test_tokens_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    view.as_text(administering.tokens(Answering({"tokens": [TOKEN]}).to))
    assert "0a1b2c  ci    good   deploy:sales-*  ann  never    never" in capsys.readouterr().out
    view.as_text(administering.tokens(Answering({"tokens": []}).to))
    assert "tokens create" in capsys.readouterr().err


def test_an_id_stays_one_part_of_the_path() -> None:
    server = Answering(TOKEN)
    administering.revoke_token("../backup", server.to)
    assert server.asked[0].url.raw_path == b"/_api/tokens/..%2Fbackup"


def test_the_record_is_a_table_that_no_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    server = Answering({"records": [RECORD], "verified": WHOLE})
    found = administering.audit(5, server.to, verify=True)
    view.as_text(found)
    out, err = capsys.readouterr()
    assert "dashboard=sales grants=public" in out and "\x1b" not in out
    assert "6 records are as they were written, the last is abab" in err
    found.raise_for_problems()


def test_a_changed_record_is_a_failed_check() -> None:
    broken = {**WHOLE, "problem": "line 3 of `000001.jsonl` was changed"}
    found = administering.audit(5, Answering({"records": [], "verified": broken}).to, verify=True)
    with pytest.raises(errors.ChecksFailed, match="line 3"):
        found.raise_for_problems()


@pytest.mark.parametrize("answer", [{}, {"records": [{}]}, {"records": 1}, {"records": ["x"]}])
def test_what_is_no_record_comes_from_no_server_of_ours(answer: dict[str, Any]) -> None:
    with pytest.raises(errors.ToolError, match="not a dashops dashboard server"):
        administering.audit(5, Answering(answer).to, verify=False)


def test_a_token_without_the_scope_says_which_one_it_needs() -> None:
    said = {"message": "the token may not do that to `sales`", "hint": "it needs the scope `admin`"}
    with pytest.raises(errors.DashopsError, match="may not do that") as caught:
        administering.who("sales", Answering(said, 403).to)
    assert caught.value.exit_code == 1 and "`admin`" in caught.value.hint


def test_a_stack_gives_its_admin_token(tmp_path: Path) -> None:
    (tmp_path / "dashops.yaml").write_text("")
    (tmp_path / ".dashops/secrets").mkdir(parents=True)

    def load() -> stack.Stack:
        return stack.load(tmp_path / "dashops.yaml", {})

    (tmp_path / ".dashops/secrets/deploy-token").write_text("d")
    with pytest.raises(errors.SpecError, match="no stack in"):
        publish.administration(load, None, None, {})
    (tmp_path / ".dashops/secrets/admin-token").write_text("a")
    assert publish.administration(load, None, None, {}).server._token == Secret("a")
    with pytest.raises(errors.SpecError, match="needs the admin token"):
        publish.administration(load, "https://x.example", None, {})


def test_all_options_reach_the_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []

    def share(_: Any, *what: Any) -> administration.Shared:
        asked.append(what)
        return administration.Shared("sales", "", "", (), 0)

    monkeypatch.setattr(administration, "share", share)
    (tmp_path / "token").write_text("t")
    words = ["--public", "--signed-in", "--group", "a", "--group", "b", "--user", "c"]
    server = ["--server", "http://127.0.0.1:1", "--token-file", str(tmp_path / "token"), "--json"]
    monkeypatch.setattr(sys, "argv", ["dashops", "share", "sales", *words, *server])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code and json.loads(capsys.readouterr().out)["name"] == "sales"
    kinds = [(each.kind, each.value) for each in asked[0][1]]
    assert kinds == [
        ("public", ""),
        ("signed-in", ""),
        ("group", "a"),
        ("group", "b"),
        ("user", "c"),
    ]
