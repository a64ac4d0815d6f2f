"""The deploy API on a loopback server inside the test, with a store and gateways passed in."""

import asyncio
import errno
import json

import httpx
import pytest
from tornado import httpserver, web
from tornado.testing import bind_unused_port

from dashops.services.dashboard import api, history, store
from dashops.services.dashboard.gate import verdict

TOKEN = {"Authorization": "token right"}
BOOK = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
SPECS = {
    "default": "python3",
    "kernelspecs": {"python3": {"spec": {"display_name": "Python 3", "language": "python"}}},
}


class Gateways:
    all = ()

    async def kernelspecs(self):
        return SPECS


class NoGateway(Gateways):
    async def kernelspecs(self):
        raise web.HTTPError(503)


class FullDisk:
    def active(self, _):
        return None

    def add(self, *_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")


class Viewers:
    visits = ()


async def passes(_revision, _tell):
    return verdict.Verdict(None)


async def fails(revision, _tell):
    where = {"phase": "execute", "revision": revision.number, "cell": 2}
    failure = {**where, "message": "cell 2 failed: E: x", "source": "1", "traceback": "E: x"}
    return verdict.Verdict(failure)


async def unreachable(_revision, _tell):
    raise web.HTTPError(503)


def ask(dashboards, *requests, gateways=None, limit=1000, gate=passes):
    """Send requests to a server that has just these parts; return the answers."""
    routes = [
        (r"/_api/notebooks", api.Notebooks),
        (r"/_api/notebooks/([^/]+)", api.Notebook),
        (r"/_api/notebooks/([^/]+)/revisions", history.Revisions),
        (r"/_api/notebooks/([^/]+)/revisions/([0-9]+)", history.Revision),
        (r"/_api/notebooks/([^/]+)/rollback", history.Rollback),
    ]
    application = web.Application(
        routes,
        store=dashboards,
        gateways=gateways or Gateways(),
        kernel_manager=Viewers(),
        deploy_token="right",
        upload_limit=limit,
        collect=lambda: None,
        deploying=set(),
        gate=gate,
    )

    async def talk():
        socket, port = bind_unused_port()
        server = httpserver.HTTPServer(application)
        server.add_sockets([socket])
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                return [await client.request(*request, **more) for request, more in requests]
        finally:
            server.stop()

    return asyncio.run(talk())


def edition(number):
    return json.dumps({**BOOK, "metadata": {"edition": number}}).encode()


def upload(name="sales", data=None, **more):
    content = edition(0) if data is None else data
    return ("POST", f"/_api/notebooks/{name}"), {
        "files": {"file": ("x", content)},
        "headers": TOKEN,
        **more,
    }


@pytest.fixture
def dashboards(tmp_path):
    return store.Store(tmp_path)


def test_an_upload_answers_with_the_link_then_says_replaced_and_unchanged(dashboards):
    first, second = ask(dashboards, upload(), upload())
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["link"].endswith("/dashboards/sales")
    assert second.json()["replaced"] and second.json()["unchanged"]


def test_a_notebook_that_names_no_kernel_gets_the_gateways_default(dashboards):
    ask(dashboards, upload())
    assert dashboards.active("sales").kernel == "python3"


def test_a_full_disk_is_said():
    (answer,) = ask(FullDisk(), upload())
    assert answer.status_code == 507
    assert "No space left" in answer.json()["message"] and answer.json()["hint"]


def test_without_a_gateway_nothing_is_published(dashboards):
    (answer,) = ask(dashboards, upload(), gateways=NoGateway())
    assert (answer.status_code, answer.json()["message"]) == (503, "no gateway answers")
    assert dashboards.all() == []


def test_a_body_over_the_limit_is_refused_whether_announced_or_not(dashboards):
    async def unannounced():
        for _ in range(5):
            yield b"x" * 1000

    chunked = ("POST", "/_api/notebooks/sales"), {"content": unannounced(), "headers": TOKEN}
    for answer in ask(dashboards, upload(data=b"x" * 5000), chunked):
        assert answer.status_code == 413
        assert "limit" in answer.json()["message"]


def test_the_token_is_asked_for_first(dashboards):
    wrong = {"Authorization": "token wrong"}
    requests = [upload(headers=wrong, data=b"x" * 5000), (("GET", "/_api/notebooks"), {})]
    assert [answer.status_code for answer in ask(dashboards, *requests)] == [401, 401]


def test_a_multipart_without_the_field_is_explained(dashboards):
    other = upload()
    other[1]["files"] = {"notebook": ("x", b"{}")}
    (answer,) = ask(dashboards, other)
    assert answer.status_code == 400
    assert "`file`" in answer.json()["message"]


def test_removing_what_is_not_there_is_404(dashboards):
    (answer,) = ask(dashboards, (("DELETE", "/_api/notebooks/sales"), {"headers": TOKEN}))
    assert answer.status_code == 404
    assert "sales" in answer.json()["message"]


def get(path):
    return ("GET", f"/_api/notebooks/{path}"), {"headers": TOKEN}


def rollback(number=None):
    return ("POST", "/_api/notebooks/sales/rollback"), {
        "headers": TOKEN,
        "json": {"revision": number},
    }


def test_a_notebook_that_fails_is_not_published_and_the_author_learns_why(dashboards):
    ask(dashboards, upload())
    failed, shown, history_ = ask(
        dashboards, upload(data=edition(1)), get("sales"), get("sales/revisions"), gate=fails
    )
    assert failed.status_code == 422
    assert failed.json()["message"] == "cell 2 failed: E: x"
    assert failed.json()["hint"] == "viewers still see revision 1"
    assert failed.json()["failure"]["source"] == "1"
    assert shown.json()["revision"] == 1
    assert [each["state"] for each in history_.json()["revisions"]] == ["failed", "active"]


def test_a_first_notebook_that_fails_publishes_nothing(dashboards):
    failed, shown = ask(dashboards, upload(), get("sales"), gate=fails)
    assert failed.json()["hint"] == "nothing was published"
    assert shown.status_code == 404


def test_a_gateway_that_dies_during_the_run_leaves_no_trace(dashboards):
    answer, known = ask(dashboards, upload(), get("sales/revisions"), gate=unreachable)
    assert (answer.status_code, known.status_code) == (503, 404)


def test_rolling_back_and_forth(dashboards):
    first, second, back, forth, third = ask(
        dashboards,
        upload(),
        upload(data=edition(1)),
        rollback(),
        rollback(2),
        rollback(3),
    )
    assert (first.json()["revision"], second.json()["revision"]) == (1, 2)
    assert (back.json()["previous"], back.json()["revision"]) == (2, 1)
    assert forth.json()["revision"] == 2
    assert third.status_code == 404
    assert dashboards.active("sales").number == 2


def test_a_failed_revision_cannot_be_rolled_back_to(dashboards):
    ask(dashboards, upload())
    ask(dashboards, upload(data=edition(1)), gate=fails)
    nothing, failed = ask(dashboards, rollback(), rollback(2))
    assert (nothing.status_code, failed.status_code) == (409, 409)
    assert "did not pass" in failed.json()["message"]


def test_author_commit_and_files_of_a_revision_are_shown(dashboards):
    told = upload()
    told[1]["data"] = {"author": "Alice", "commit": "abc"}
    _, shown, missing = ask(dashboards, told, get("sales/revisions/1"), get("sales/revisions/9"))
    assert (shown.json()["author"], shown.json()["commit"]) == ("Alice", "abc")
    assert [each["path"] for each in shown.json()["files"]] == ["index.ipynb"]
    assert missing.status_code == 404
