"""What the server tells of itself, on a loopback server inside the test."""

import asyncio
import json
from types import SimpleNamespace

import httpx
from tornado import httpserver, web
from tornado.testing import bind_unused_port

from dashops.client.about import decode
from dashops.services.dashboard import about

TOKEN = {"Authorization": "token right"}
SPECS = {
    "default": "python3",
    "kernelspecs": {
        "python3": {"spec": {"display_name": "Python 3", "language": "python", "argv": ["x"]}}
    },
}
TOLD = {"python": "3.11.7", "platform": "linux", "modules": {"yaml": "PyYAML"}, "env": ["TZ"]}


class Gateway:
    async def about(self):
        return TOLD


class Gone:
    async def about(self):
        raise web.HTTPError(503)


class Older:
    """A gateway of before it could be asked."""


class Gateways:
    def __init__(self, *all):
        self.all = all

    def usable(self):
        return list(self.all)

    async def kernelspecs(self):
        if not self.all:
            raise web.HTTPError(503)
        return SPECS


def ask(folder, *gateways, headers=TOKEN):
    application = web.Application(
        [("/_api/about", about.About)],
        gateways=Gateways(*gateways),
        deploy_token="right",
        audit=SimpleNamespace(write=lambda *_, **__: None),
        labextensions=[str(folder), "/nonexistent"],
    )

    async def talk():
        socket, port = bind_unused_port()
        server = httpserver.HTTPServer(application)
        server.add_sockets([socket])
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                return await client.get("/_api/about", headers=headers)
        finally:
            server.stop()

    return asyncio.run(talk())


def test_all_that_is_known_and_the_client_understands_it(tmp_path):
    for name in ("bqplot", "@jupyter-widgets/jupyterlab-manager"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "package.json").write_text(json.dumps({"name": name}))
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "package.json").write_text("{")
    answer = ask(tmp_path, Gateway())
    found = decode(answer.json())
    assert answer.status_code == 200
    assert found.frontends == {"bqplot", "@jupyter-widgets/jupyterlab-manager"}
    assert (found.python, found.modules) == ("3.11.7", {"yaml": "PyYAML"})
    assert found.env == {"TZ", "QUERY_STRING", "REMOTE_USER"}
    assert found.kernels["python3"].display_name == "Python 3"
    assert found.default_kernel == "python3"
    assert "argv" not in answer.text


def test_the_first_gateway_that_answers_is_enough(tmp_path):
    assert decode(ask(tmp_path, Gone(), Gateway()).json()).python == "3.11.7"


def test_what_an_older_gateway_cannot_tell_is_left_out(tmp_path):
    answer = ask(tmp_path, Older())
    assert "modules" not in answer.json()
    assert decode(answer.json()).modules is None


def test_no_gateway_and_no_token(tmp_path):
    assert ask(tmp_path).status_code == 503
    assert ask(tmp_path, Gateway(), headers={}).status_code == 401
