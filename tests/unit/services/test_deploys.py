"""A deploy from upload to activation: packages, drafts, turns, what is told on the way."""

import asyncio
import io
import json
import zipfile

import pytest
from deployapi import (
    LOCK,
    TOKEN,
    Gateways,
    Opener,
    Unbuildable,
    Unresolvable,
    ask,
    edition,
    fails,
    get,
    passes,
    post,
    talk,
    upload,
)

from dashops import bundle as bundles
from dashops.services.dashboard import previews, serving, store
from dashops.services.dashboard.gate import Verdict

ASYNC = {**TOKEN, "Prefer": "respond-async"}
PACKAGES = edition(0, dashops={"dependencies": ["humanize"]})
DRAFT = {"fields": {"draft": "true"}}


@pytest.fixture
def dashboards(tmp_path):
    return store.Store(tmp_path)


def events(text):
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        found.append((fields["event"], json.loads(fields["data"])))
    return found


async def started(client, **more):
    request, arguments = upload(headers=ASYNC, **more)
    answer = await client.request(*request, **arguments)
    assert answer.status_code == 202, answer.text
    return answer.json()["deploy"]


async def followed(client, deploy, **headers):
    return (await client.get(f"/_api/deploys/{deploy}/events", headers={**TOKEN, **headers})).text


class TestPackages:
    def test_a_lock_becomes_part_of_the_revision(self, dashboards):
        gateways = Gateways()
        answer, shown, zipped = ask(
            dashboards,
            upload(data=PACKAGES),
            get("notebooks/sales/revisions/1"),
            get("notebooks/sales/revisions/1/bundle"),
            at=gateways,
        )
        assert answer.status_code == 201
        assert shown.json()["dependencies"] == "notebook metadata"
        assert bundles.unpack(zipped.content, 10**6).lock == LOCK
        ((digest, archive),) = gateways.built
        assert digest == answer.json()["digest"] and archive == zipped.content

    def test_the_same_upload_again_is_not_resolved_again(self, dashboards):
        gateways = Gateways()
        first, again = ask(dashboards, upload(data=PACKAGES), upload(data=PACKAGES), at=gateways)
        assert again.json()["unchanged"]
        assert first.json()["digest"] == again.json()["digest"]
        assert len(gateways.built) == 1

    @pytest.mark.parametrize(
        ("gateways", "words", "log"),
        [
            (Unresolvable(), "`nope` is not on the index", "no solution"),
            (Unbuildable(), "`humanize` cannot be built", "no compiler"),
        ],
    )
    def test_packages_that_cannot_be_had_fail_the_deploy(self, dashboards, gateways, words, log):
        ask(dashboards, upload())
        failed, kept = ask(
            dashboards, upload(data=PACKAGES), get("notebooks/sales/revisions/2"), at=gateways
        )
        assert (failed.status_code, failed.json()["message"]) == (422, words)
        hint = failed.json()["hint"]
        assert hint.endswith("viewers still see revision 1")
        assert "check it" in hint or not isinstance(gateways, Unresolvable)
        assert kept.json()["failure"]["phase"] == "environment"
        assert log in kept.json()["failure"]["traceback"]

    def test_what_conda_would_have_to_install_is_said(self, dashboards):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("index.ipynb", edition(0))
            archive.writestr("environment.yml", "dependencies: [gdal, {pip: [humanize]}]")
        (answer,) = ask(dashboards, upload(data=content.getvalue()), limit=5000)
        assert any("gdal" in each for each in answer.json()["warnings"])


class TestDrafts:
    def test_a_draft_is_seen_by_nobody_until_it_is_activated(self, dashboards):
        _, draft, before, listed, switched, after = ask(
            dashboards,
            upload(),
            upload(data=edition(1), **DRAFT),
            get("notebooks/sales"),
            get("notebooks/sales/revisions"),
            post("notebooks/sales/activate", 2),
            get("notebooks/sales"),
        )
        assert draft.json()["preview"]["url"].endswith("/")
        assert (before.json()["revision"], after.json()["revision"]) == (1, 2)
        assert [each["state"] for each in listed.json()["revisions"]] == ["draft", "active"]
        assert switched.json()["previous"] == 1

    def test_a_first_draft_publishes_nothing(self, dashboards):
        draft, shown, switched = ask(
            dashboards,
            upload(**DRAFT),
            get("notebooks/sales"),
            post("notebooks/sales/activate", 1),
        )
        assert draft.status_code == 201
        assert shown.status_code == 404
        assert switched.json()["previous"] is None
        assert dashboards.active("sales").number == 1

    def test_a_failed_revision_or_none_cannot_be_activated(self, dashboards):
        ask(dashboards, upload(), gate=fails)
        failed, missing, unnamed = ask(
            dashboards,
            post("notebooks/sales/activate", 1),
            post("notebooks/sales/activate", 7),
            post("notebooks/sales/activate"),
        )
        assert [each.status_code for each in (failed, missing, unnamed)] == [409, 404, 404]

    def test_a_preview_ends_and_cannot_be_forged(self, dashboards):
        ask(dashboards, upload(**DRAFT))
        settings = {"store": dashboards, "cookie_secret": "s", "preview_timeout": 60}
        revision = dashboards.revision("sales", 1)
        url = previews.link(settings, "http://x", revision)["url"]
        token = url.removeprefix("http://x/previews/").rstrip("/")
        assert previews.revision(settings, token) == revision
        assert previews.revision({**settings, "preview_timeout": -1}, token) is None
        assert previews.revision({**settings, "cookie_secret": "t"}, token) is None
        assert previews.revision(settings, token[:-4] + "AAAA") is None
        assert previews.revision(settings, "é") is None
        dashboards.remove("sales")
        assert previews.revision(settings, token) is None


class TestTurns:
    def run_two(self, dashboards, turns):
        """The answers to two deploys of one name, the second begun while the first runs."""
        begun, go = asyncio.Event(), asyncio.Event()

        async def gate(revision, tell):
            begun.set()
            await go.wait()
            return await passes(revision, tell)

        async def conversation(client):
            (one, first), (other, second) = upload(), upload(data=edition(1))
            running = asyncio.create_task(client.request(*one, **first))
            await begun.wait()
            waiting = asyncio.create_task(client.request(*other, **second))
            if turns == "wait":
                while True:
                    listed = await client.get("/_api/deploys", headers=TOKEN)
                    if [each["state"] for each in listed.json()["deploys"]] == ["running"] * 2:
                        break
            else:
                await waiting
            go.set()
            return await running, await waiting

        return talk(dashboards, conversation, gate=gate, turns=turns)

    def test_the_second_deploy_of_a_name_waits(self, dashboards):
        first, second = self.run_two(dashboards, "wait")
        assert (first.json()["revision"], second.json()["revision"]) == (1, 2)
        assert dashboards.active("sales").number == 2

    def test_or_is_refused_where_the_operator_wants_that(self, dashboards):
        first, second = self.run_two(dashboards, "refuse")
        assert (first.status_code, second.status_code) == (201, 409)
        assert "another deploy of `sales` is running" in second.json()["message"]
        assert dashboards.active("sales").number == 1


class TestEvents:
    def test_phases_and_log_lines_come_in_order_and_the_end_is_the_answer(self, dashboards):
        async def conversation(client):
            return events(await followed(client, await started(client, data=PACKAGES)))

        told = talk(dashboards, conversation)
        assert [data.get("phase") or data.get("line") for _, data in told[:-1]] == [
            "environment",
            "Resolved 1 package",
            "environment",
            "Installed 1 package",
            "execute",
            "activate",
        ]
        kind, end = told[-1]
        assert (kind, end["status"], end["answer"]["revision"]) == ("end", 201, 1)

    def test_who_comes_back_gets_what_he_missed(self, dashboards):
        async def conversation(client):
            deploy = await started(client)
            whole = await followed(client, deploy)
            return whole, await followed(client, deploy, **{"Last-Event-ID": "1"})

        whole, rest = talk(dashboards, conversation)
        assert events(rest) == events(whole)[1:]

    def test_a_deploy_goes_on_when_nobody_listens(self, dashboards):
        go = asyncio.Event()

        async def gate(revision, tell):
            tell("execute", "cell 1 of 1")
            await go.wait()
            return await passes(revision, tell)

        async def conversation(client):
            deploy = await started(client)
            url = f"/_api/deploys/{deploy}/events"
            async with client.stream("GET", url, headers=TOKEN) as stream:
                await anext(stream.aiter_lines())
            go.set()
            await followed(client, deploy)
            return (await client.get("/_api/deploys", headers=TOKEN)).json()["deploys"]

        (deploy,) = talk(dashboards, conversation, gate=gate)
        assert (deploy["state"], deploy["revision"]) == ("done", 1)

    @pytest.mark.parametrize("wrong", ["wrong", "rights"])
    def test_they_are_for_the_token_only(self, dashboards, wrong):
        request, arguments = get(f"deploys/{'0' * 32}/events")
        headers = {"headers": {"Authorization": f"token {wrong}"}}
        refused, unknown = ask(dashboards, (request, headers), (request, arguments))
        assert (refused.status_code, unknown.status_code) == (401, 404)

    def test_how_deploys_ended_is_remembered_over_a_restart(self, dashboards, tmp_path):
        ask(dashboards, upload())
        ask(dashboards, upload(data=edition(1)), gate=fails)
        dashboards.begin("sales", "Alice")
        (answer,) = ask(store.Store(tmp_path), get("deploys"))
        found = {each["state"]: each for each in answer.json()["deploys"]}
        assert found["interrupted"]["author"] == "Alice"
        assert found["failed"]["message"] == "cell 2 failed: E: x"
        assert found["done"]["revision"] == 1 and found["done"]["finished"]


def test_a_good_revision_that_fails_again_stays_good(dashboards):
    ask(dashboards, upload(), upload(data=edition(1)))
    (failed,) = ask(dashboards, upload(), gate=fails)
    assert failed.status_code == 422
    assert dashboards.revision("sales", 1).state == "good"


def test_what_the_gate_warns_of_reaches_the_author_and_stays(dashboards):
    async def gate(_revision, _tell):
        return Verdict(None, ("checked without a browser",), b"\x89PNG")

    answer, shown = ask(dashboards, upload(), get("notebooks/sales/revisions/1"), gate=gate)
    assert answer.json()["warnings"] == ["checked without a browser"]
    assert shown.json()["warnings"] == ["checked without a browser"]
    assert dashboards.thumbnail(answer.json()["digest"]) == b"\x89PNG"


def test_an_error_nobody_thought_of_ends_the_deploy_too(dashboards):
    async def gate(_revision, _tell):
        raise ZeroDivisionError

    failed, again = ask(dashboards, upload(), upload(), gate=gate)
    assert [each.status_code for each in (failed, again)] == [500, 500]
    assert "ZeroDivisionError" not in failed.text


class TestOpening:
    async def frozen(self, _revision, _tell):
        return Verdict(None, mode=serving.Mode("snapshot"), made="made")

    def test_what_the_gate_made_serves_when_the_name_shows_it(self, dashboards):
        opener = Opener()
        (answer,) = ask(dashboards, upload(), gate=self.frozen, opener=opener)
        assert answer.json()["kernel"] == {"mode": "snapshot", "reasons": []}
        assert (opener.used, opener.ended) == ([(1, "made")], [])
        assert dashboards.active("sales").mode == "snapshot"

    def test_that_of_a_draft_ends_and_one_is_made_when_it_is_activated(self, dashboards):
        opener = Opener()
        _, switched = ask(
            dashboards,
            upload(**DRAFT),
            post("notebooks/sales/activate", 1),
            gate=self.frozen,
            opener=opener,
        )
        assert opener.ended == ["made"] and opener.used == [(1, None)]
        assert switched.status_code == 200

    def test_the_author_follows_how_it_opens_and_reads_it_later(self, dashboards):
        async def ticking(_revision, _tell):
            return Verdict(None, mode=serving.Mode("warm", ("thread `t` is running",)))

        async def conversation(client):
            told = events(await followed(client, await started(client)))
            shown = await client.get("/_api/notebooks/sales/revisions/1", headers=TOKEN)
            return told, shown.json()["opens"]

        told, opens = talk(dashboards, conversation, gate=ticking)
        assert ("log", {"line": "it opens from warm kernels: thread `t` is running"}) in told
        assert opens == {"mode": "warm", "reasons": ["thread `t` is running"]}

    def test_a_way_to_open_that_there_is_not_is_refused(self, dashboards):
        (answer,) = ask(dashboards, upload(data=edition(0, dashops={"kernel": "hot"})))
        assert answer.status_code == 400
        assert "snapshot, warm or fresh" in answer.json()["hint"]
        assert dashboards.revisions("sales") == []
