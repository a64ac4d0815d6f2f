"""The deploy API on a loopback server inside the test, with a store and gateways passed in."""

import asyncio
import errno
import json

import httpx
import pytest
from tornado import httpserver, web
from tornado.testing import bind_unused_port

from dashops.services.dashboard import api, store

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
    def get(self, _):
        return None

    def put(self, *_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")


class Viewers:
    open_kernels = ()


def ask(dashboards, *requests, gateways=None, limit=1000):
    """Send requests to a server that has just these parts; return the answers."""
    routes = [(r"/_api/notebooks", api.Notebooks), (r"/_api/notebooks/([^/]+)", api.Notebook)]
    application = web.Application(
        routes,
        store=dashboards,
        gateways=gateways or Gateways(),
        kernel_manager=Viewers(),
        deploy_token="right",
        upload_limit=limit,
        collect=lambda: None,
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


def upload(name="sales", data=None, **more):
    content = json.dumps(BOOK).encode() if data is None else data
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
    assert dashboards.get("sales").kernel == "python3"


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
