"""The verbs of authors, from the command line down to what reaches a server."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashops import bundle, cli, client, errors, publish, stack
from dashops.plan import Event
from dashops.secrets import Secret

DASHBOARD = {
    "name": "sales",
    "title": "Sales",
    "link": "/dashboards/sales",
    "revision": "0123456789abcdef",
    "updated": "2025-11-23T08:00:00+00:00",
    "size": 1234,
    "kernel": "python3",
    "viewers": 2,
    "replaced": False,
    "unchanged": False,
}


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    cell = {"cell_type": "markdown", "metadata": {}, "source": "# Sales\n![](a.png) ![](b.png)"}
    path = tmp_path / "Sales Report.ipynb"
    path.write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": [cell]})
    )
    (tmp_path / "a.png").write_bytes(b"x" * 2000)
    (tmp_path / "more.csv").write_bytes(b"1,2\n")
    return path


def destination(handle: Callable[[httpx.Request], httpx.Response]) -> publish.Destination:
    transport = httpx.MockTransport(handle)
    return publish.Destination(client.Server("http://127.0.0.1:1", Secret("t"), transport))


def forbidden() -> stack.Stack:
    raise AssertionError("the stack was read though a server was named")


class TestDestination:
    def test_the_stack_of_the_folder_with_its_token_and_limit(self, tmp_path: Path) -> None:
        (tmp_path / "dashops.yaml").write_text("dashboard: {port: 9001, upload_limit: 5MB}")
        (tmp_path / ".dashops/secrets").mkdir(parents=True)
        (tmp_path / ".dashops/secrets/deploy-token").write_text("t0ken\n")
        found = publish.destination(
            lambda: stack.load(tmp_path / "dashops.yaml", {}), None, None, {}
        )
        assert found.server.url == "http://127.0.0.1:9001"
        assert found.limit == 5_000_000

    def test_no_stack_yet(self, tmp_path: Path) -> None:
        (tmp_path / "dashops.yaml").write_text("")
        with pytest.raises(errors.SpecError, match="no stack in") as caught:
            publish.destination(lambda: stack.load(tmp_path / "dashops.yaml", {}), None, None, {})
        assert "dashops up" in caught.value.hint
        assert not (tmp_path / ".dashops").exists()

    def test_a_token_file_without_a_server(self, tmp_path: Path) -> None:
        (tmp_path / "dashops.yaml").write_text("")
        with pytest.raises(errors.SpecError, match="`--token-file` is for a server"):
            publish.destination(
                lambda: stack.load(tmp_path / "dashops.yaml", {}), None, tmp_path / "t", {}
            )

    def test_another_server_needs_its_own_token(self, tmp_path: Path) -> None:
        url = "https://dash.example.com"
        with pytest.raises(errors.SpecError, match="needs the deploy token") as caught:
            publish.destination(forbidden, url, None, {"DASHOPS_TOKEN": " "})
        assert "DASHOPS_TOKEN" in caught.value.hint
        assert publish.destination(forbidden, url, None, {"DASHOPS_TOKEN": "t"}).server.url == url
        (tmp_path / "token").write_text("t\n")
        assert publish.destination(forbidden, url, tmp_path / "token", {}).server.url == url
        with pytest.raises(errors.SpecError, match="cannot be read"):
            publish.destination(forbidden, url, tmp_path / "nope", {})


class TestDeploy:
    def deploy(
        self, notebook: Path, answer: dict[str, Any], **more: Any
    ) -> tuple[publish.Published, publish.Upload, list[Event], bundle.Bundle]:
        requests: list[httpx.Request] = []
        announced: list[publish.Upload] = []
        events: list[Event] = []

        def handle(request: httpx.Request) -> httpx.Response:
            requests.append(request)
            return httpx.Response(200, json=DASHBOARD | answer)

        done = publish.deploy_notebook(
            notebook,
            more.get("files", []),
            more.get("name"),
            destination(handle),
            announced.append,
            events.append,
        )
        _, _, rest = requests[0].content.partition(b"\r\n\r\n")
        return done, announced[0], events, bundle.unpack(rest.rpartition(b"\r\n--")[0], 10**6)

    def test_the_notebook_goes_up_with_its_files(self, notebook: Path) -> None:
        more = notebook.parent / "more.csv"
        done, upload, events, arrived = self.deploy(notebook, {}, files=[more])
        assert set(arrived.files) == {"a.png", "more.csv"}
        assert upload.name == "sales-report"
        assert [file.path for file in upload.files] == ["index.ipynb", "a.png", "more.csv"]
        assert upload.total == sum(file.size for file in done.files) > 2000
        assert done.missing == upload.missing == ("b.png",)
        assert done.link == "http://127.0.0.1:1/dashboards/sales"
        assert [events[0].state, events[-1].state] == ["start", "done"]
        assert any(event.done == event.total > 0 for event in events if event.state == "progress")

    def test_unchanged_is_said(self, notebook: Path) -> None:
        done, _, events, _ = self.deploy(notebook, {"unchanged": True, "replaced": True})
        assert done.unchanged
        assert events[-1].text == "unchanged"

    def test_a_bad_name_is_found_before_anything_is_read(self, tmp_path: Path) -> None:
        with pytest.raises(errors.SpecError, match="not a dashboard name"):
            publish.prepare(tmp_path / "nope.ipynb", [], "a/b", 1)

    def test_a_failure_is_told_and_raised(self, notebook: Path) -> None:
        events: list[Event] = []
        to = destination(lambda _: httpx.Response(503, json={"message": "no gateway answers"}))
        with pytest.raises(errors.ToolError, match="no gateway answers"):
            publish.deploy_notebook(notebook, [], "x", to, lambda _: None, events.append)
        assert events[-1].state == "failed"


class Stub(BaseHTTPRequestHandler):
    """A dashboard server as the HTTP API of the brief describes it, with one dashboard."""

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, code: int, body: dict[str, Any]) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.headers["authorization"] != "token t0ken":
            code, body = 401, {"message": "the deploy token is wrong", "hint": "look again"}
        data = json.dumps(body).encode() if body else b""
        self.send_response(code)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        self.answer(201, DASHBOARD)

    def do_GET(self) -> None:
        self.answer(200, {"dashboards": [DASHBOARD]})

    def do_DELETE(self) -> None:
        if self.path.endswith("/sales"):
            self.answer(204, {})
        else:
            self.answer(404, {"message": "there is no dashboard `nope`", "hint": "see the list"})


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("DASHOPS_TOKEN", "t0ken")
    with ThreadingHTTPServer(("127.0.0.1", 0), Stub) as program:
        thread = threading.Thread(target=program.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{program.server_address[1]}"
        program.shutdown()
        thread.join()


@pytest.fixture
def dashops(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run the command line; exit code, stdout and stderr."""

    def call(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["dashops", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return call


Call = Callable[..., tuple[int, str, str]]


class TestCommandLine:
    def test_deploy_prints_the_url_alone_on_stdout(
        self, dashops: Call, url: str, notebook: Path
    ) -> None:
        code, out, err = dashops("deploy-notebook", notebook, "--server", url)
        assert (code, out) == (0, f"{url}/dashboards/sales\n")
        assert "a.png" in err
        assert "2.0 kB" in err
        assert "warning: the notebook refers to `b.png`" in err
        assert "t0ken" not in err

    def test_deploy_as_json(self, dashops: Call, url: str, notebook: Path) -> None:
        code, out, _ = dashops("deploy-notebook", notebook, "--server", url, "--json")
        document = json.loads(out)
        assert code == 0
        assert document["link"] == f"{url}/dashboards/sales"
        assert document["files"][1] == {"path": "a.png", "size": 2000}
        assert document["missing"] == ["b.png"]

    def test_dashboards(self, dashops: Call, url: str) -> None:
        code, out, _ = dashops("dashboards", "--server", url)
        head, row = out.splitlines()
        assert code == 0
        assert head.split() == ["NAME", "TITLE", "UPDATED", "SIZE", "KERNEL", "VIEWERS", "URL"]
        assert row.startswith("sales")
        assert row.endswith(f"{url}/dashboards/sales")
        _, out, _ = dashops("dashboards", "--server", url, "--json")
        assert json.loads(out)["dashboards"][0]["updated"] == "2025-11-23T08:00:00+00:00"

    def test_remove(self, dashops: Call, url: str) -> None:
        code, out, err = dashops("remove", "sales", "--server", url, "-y")
        assert (code, out, err) == (0, "", "`sales` is removed\n")
        code, _, err = dashops("remove", "nope", "--server", url, "-y")
        assert code == 2
        assert err == "error: there is no dashboard `nope`\nhint: see the list\n"

    def test_a_removal_that_is_declined_sends_nothing(self) -> None:
        def handle(request: httpx.Request) -> httpx.Response:
            raise AssertionError(request)

        assert publish.remove("sales", destination(handle), lambda _name: False).declined

    def test_wrong_token(
        self, dashops: Call, url: str, notebook: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DASHOPS_TOKEN", "other")
        code, out, err = dashops("deploy-notebook", notebook, "--server", url)
        assert (code, out) == (3, "")
        assert "error: the deploy token is wrong\nhint: look again\n" in err
        assert "other" not in err.replace("another", "")

    def test_server_down(self, dashops: Call, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DASHOPS_TOKEN", "t0ken")
        code, out, err = dashops("dashboards", "--server", "http://127.0.0.1:1")
        assert (code, out) == (3, "")
        assert "no dashboard server answers" in err
        assert "hint: start it with `dashops up`" in err

    def test_no_stack(self, dashops: Call, notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(notebook.parent)
        code, out, err = dashops("deploy-notebook", notebook.name)
        assert (code, out) == (2, "")
        assert "hint: start one with `dashops up`, or name a server with `--server`" in err
        assert not (notebook.parent / ".dashops").exists()

    def test_not_a_notebook(self, dashops: Call, url: str, notebook: Path) -> None:
        code, _, err = dashops(
            "deploy-notebook", notebook.parent / "more.csv", "--name", "x", "--server", url
        )
        assert code == 2
        assert "error: this is not a notebook" in err
        assert "more.csv:1:2" in err
