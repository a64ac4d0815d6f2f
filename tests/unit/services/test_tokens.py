"""What a token may do at the API, and what its holder is told."""

import sqlite3
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from deployapi import ADMIN, TOKEN, ask, edition, get, post, upload

from dashops.services.dashboard import api, app, scopes, store, tokens


@pytest.fixture
def dashboards(tmp_path):
    return store.Store(tmp_path)


def made(dashboards, *wanted, **about):
    text, kept = tokens.make("ci", wanted, about.get("days"), about.get("creator", ""))
    dashboards.keep_token(kept)
    return {"Authorization": f"Bearer {text}"}, kept


def admin(method, path, **more):
    return (method, f"/_api/{path}"), {"headers": ADMIN, **more}


def test_every_part_of_the_api_says_what_it_needs():
    parts = SimpleNamespace(static_paths=[], labextensions_path=[])
    listed = set()
    for _, handler, *_ in app.DashboardServer.init_handlers(parts):
        if not issubclass(handler, api.Api):
            continue
        name = f"{handler.__module__.rpartition('.')[2]}.{handler.__name__}"
        does = {
            verb
            for verb in ("GET", "POST", "PUT", "PATCH", "DELETE")
            if getattr(handler, verb.lower()) is not getattr(api.Api, verb.lower())
        }
        assert does == set(scopes.NEEDS[name]), name
        listed.add(name)
    assert listed == set(scopes.NEEDS)


@pytest.mark.parametrize(
    ("wanted", "need", "name", "may"),
    [
        ((), scopes.ANY, None, True),
        (("read",), scopes.READ, None, True),
        (("read",), scopes.READ, "sales", True),
        (("read",), scopes.DEPLOY, "sales", False),
        (("read", "deploy:*"), scopes.ADMIN, None, False),
        (("deploy:sales",), scopes.READ, None, False),
        (("deploy:sales",), scopes.READ, "sales", True),
        (("deploy:sales",), scopes.DEPLOY, "sales", True),
        (("deploy:sales",), scopes.DEPLOY, "sales2", False),
        (("deploy:sales",), scopes.DEPLOY, None, False),
        (("deploy:sales-*",), scopes.DEPLOY, "sales-eu", True),
        (("deploy:sales-*",), scopes.DEPLOY, "x-sales-eu", False),
        (("deploy:s.les",), scopes.DEPLOY, "sales", False),
        (("admin",), scopes.DEPLOY, "sales", True),
        (("admin",), scopes.ADMIN, None, True),
    ],
)
def test_scopes(wanted, need, name, may):
    assert scopes.allows(wanted, need, name) is may


def test_a_token_for_some_names_does_nothing_else(dashboards):
    ask(dashboards, upload(), upload("sales-eu"))
    mine, _ = made(dashboards, "deploy:sales-*")
    answers = ask(
        dashboards,
        upload("sales-eu", edition(1), headers=mine),
        upload("sales", edition(1), headers=mine),
        (("DELETE", "/_api/notebooks/sales"), {"headers": mine}),
        (("POST", "/_api/notebooks/sales/rollback"), {"headers": mine, "json": {}}),
        (("GET", "/_api/notebooks/sales/revisions/1/bundle"), {"headers": mine}),
        (("GET", "/_api/notebooks/sales-eu/revisions/1/bundle"), {"headers": mine}),
        (("GET", "/_api/notebooks/sales-eu/access"), {"headers": mine}),
        (("GET", "/_api/tokens"), {"headers": mine}),
        (("GET", "/_api/audit"), {"headers": mine}),
    )
    assert [each.status_code for each in answers] == [200, 403, 403, 403, 403, 200, 403, 403, 403]
    assert "`deploy:sales`" in answers[1].json()["hint"]
    assert dashboards.active("sales").number == 1


def test_only_who_may_publish_a_draft_is_told_where_it_is_to_be_seen(dashboards):
    ask(dashboards, upload(fields={"draft": "true"}))
    told = []
    for scope in ("read", "deploy:sales"):
        headers, _ = made(dashboards, scope)
        path = "/_api/notebooks/sales/revisions"
        (answer,) = ask(dashboards, (("GET", path), {"headers": headers}))
        told.append(answer.json()["revisions"][0]["preview"])
    assert told[0] is None
    assert "/previews/" in told[1]["url"]


def test_what_a_token_may_not_read_is_in_no_list(dashboards):
    ask(dashboards, upload(), upload("hidden"))
    mine, _ = made(dashboards, "deploy:sales")
    listed, deploys, missing = ask(
        dashboards,
        (("GET", "/_api/notebooks"), {"headers": mine}),
        (("GET", "/_api/deploys"), {"headers": mine}),
        (("GET", "/_api/notebooks/nowhere"), {"headers": mine}),
    )
    assert [each["name"] for each in listed.json()["dashboards"]] == ["sales"]
    assert [each["name"] for each in deploys.json()["deploys"]] == ["sales"]
    assert missing.status_code == 403, "as for one that is there"


def test_the_two_of_the_stack(dashboards):
    answers = ask(
        dashboards,
        upload(),
        get("notebooks"),
        get("tokens"),
        get("notebooks/sales/access"),
        get("audit"),
        admin("GET", "tokens"),
        admin("GET", "notebooks/sales"),
    )
    assert [each.status_code for each in answers] == [201, 200, 403, 403, 403, 200, 200]


def test_a_token_is_shown_once_and_kept_as_a_hash(dashboards, tmp_path):
    asked = {"name": "ci", "scopes": ["read"], "days": 30, "creator": "ann"}
    new, listed = ask(dashboards, admin("POST", "tokens", json=asked), admin("GET", "tokens"))
    secret = new.json()["secret"]
    assert new.status_code == 201 and secret.startswith(f"dops_{new.json()['id']}_")
    assert secret not in listed.text and "hash" not in listed.json()["tokens"][0]
    assert listed.json()["tokens"][0]["creator"] == "ann"
    with sqlite3.connect(tmp_path / "store.db") as connection:
        assert secret not in "\n".join(connection.iterdump())
    mine = {"Authorization": f"token {secret}"}
    first, _, after = ask(
        dashboards,
        (("GET", "/_api/notebooks"), {"headers": mine}),
        (("GET", "/_api/notebooks"), {"headers": {"Authorization": f"token {secret}x"}}),
        admin("GET", "tokens"),
    )
    assert first.status_code == 200
    assert listed.json()["tokens"][0]["used"] is None and after.json()["tokens"][0]["used"]


def test_an_ended_token_says_why_to_who_has_it(dashboards):
    mine, kept = made(dashboards, "read")
    ok, ended, refused, again = ask(
        dashboards,
        (("GET", "/_api/notebooks"), {"headers": mine}),
        admin("DELETE", f"tokens/{kept.id}"),
        (("GET", "/_api/notebooks"), {"headers": mine}),
        (("GET", "/_api/notebooks"), {"headers": {"Authorization": f"token dops_{kept.id}_x"}}),
    )
    assert (ok.status_code, ended.json()["state"]) == (200, "revoked")
    assert (refused.status_code, refused.json()["message"]) == (401, "the token `ci` was revoked")
    assert (again.status_code, again.json()["message"]) == (401, tokens.WRONG)


def test_a_token_ends_with_its_last_day(dashboards):
    _, kept = made(dashboards, "read", days=1)
    now = datetime.now(UTC)
    assert tokens.state(kept, now) == "good"
    assert tokens.state(kept, now + timedelta(days=1, seconds=1)) == "expired"


@pytest.mark.parametrize("text", ["", "dops_", "dops__", "dops_zz_", "dops_1_2_3", "right ", "é"])
def test_what_is_no_token_is_refused(dashboards, text):
    with pytest.raises(tokens.Refused):
        tokens.bearer({"store": dashboards, "deploy_token": "right", "admin_token": ""}, text)


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "ci", "scopes": []},
        {"name": "ci", "scopes": ["write"]},
        {"name": "ci", "scopes": ["deploy:"]},
        {"name": "ci", "scopes": ["deploy:a/b"]},
        {"name": "", "scopes": ["read"]},
        {"name": "ci", "scopes": ["read"], "days": 0},
        {"name": "ci", "scopes": ["read"], "days": True},
        {"name": "ci", "scopes": ["read"], "creator": "a\nb"},
        [],
    ],
)
def test_a_token_that_makes_no_sense_is_not_made(dashboards, asked):
    (answer,) = ask(dashboards, admin("POST", "tokens", json=asked))
    assert answer.status_code == 400 and answer.json()["message"]
    assert dashboards.tokens() == []


def test_who_deploys_first_with_a_token_of_his_own_is_the_owner(dashboards):
    anns, _ = made(dashboards, "deploy:*", creator="ann")
    bobs, _ = made(dashboards, "deploy:*", creator="bob")
    ask(
        dashboards,
        upload(headers=anns, fields={"author": "bob"}),
        upload(headers=bobs, data=edition(1)),
        upload("stack"),
        upload("stack", headers=bobs),
    )
    assert dashboards.grants("sales").owner == "ann"
    assert dashboards.grants("stack").owner == "", "whoever came later is not the first"


def test_sharing_over_the_api(dashboards):
    grants = [{"kind": "user", "value": "ann"}, {"kind": "group", "value": "finance"}]
    answers = ask(
        dashboards,
        upload(),
        admin("GET", "notebooks/sales/access"),
        admin("PUT", "notebooks/sales/access", json={"grants": grants, "owner": "dan"}),
        admin("GET", "notebooks/sales/access"),
        admin("GET", "notebooks/sales/access?user=ann"),
        admin("GET", "notebooks/sales/access?user=bob"),
        admin("GET", "notebooks/sales/access?user=bob&group=finance"),
        admin("PUT", "notebooks/sales/access", json={"grants": []}),
        admin("PUT", "notebooks/missing/access", json={"grants": grants}),
        (("PUT", "/_api/notebooks/sales/access"), {"headers": TOKEN, "json": {"grants": grants}}),
    )
    codes = [each.status_code for each in answers]
    assert codes == [201, 200, 200, 200, 200, 200, 200, 400, 404, 403]
    before, after = answers[1].json(), answers[3].json()
    assert (before["default"], before["grants"]) == (True, [{"kind": "signed-in", "value": ""}])
    assert (after["default"], after["owner"], len(after["grants"])) == (False, "dan", 2)
    assert [each.json()["allowed"] for each in answers[4:7]] == [True, False, True]


def test_a_draft_can_be_shared_before_anybody_sees_it(dashboards):
    grants = {"grants": [{"kind": "private"}]}
    drafted = upload(fields={"draft": "true"})
    _, shared, _ = ask(
        dashboards,
        drafted,
        admin("PUT", "notebooks/sales/access", json=grants),
        post("notebooks/sales/activate", 1),
    )
    assert shared.status_code == 200 and dashboards.active("sales")
    assert [each.kind for each in dashboards.grants("sales").given] == ["private"]
