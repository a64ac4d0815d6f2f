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
from dashops.publish import deploying
from dashops.run import Fake, Result
from dashops.secrets import Secret

DASHBOARD = {
    "name": "sales",
    "title": "Sales",
    "link": "/dashboards/sales",
    "revision": 3,
    "digest": "0123456789abcdef",
    "updated": "2025-11-23T08:00:00+00:00",
    "size": 1234,
    "kernel": "python3",
    "viewers": 2,
    "replaced": False,
    "unchanged": False,
    "warnings": [],
    "preview": None,
}
DEPLOYED = DASHBOARD | {"kernel": {"mode": "warm", "reasons": ["thread `ticker` is running"]}}

TRACEBACK = """---------------------------------------------------------------------------
\x1b[31mZeroDivisionError\x1b[39m                         Traceback (most recent call last)
\x1b[36mCell In[1], line 40\x1b[39m
---> 40 1 / 0
ZeroDivisionError: division by zero\x07"""
FAILURE = {
    "phase": "execute",
    "revision": 4,
    "message": "cell 3 failed: ZeroDivisionError: division by zero",
    "cell": 3,
    "source": "\n".join(
        [*(f"line{number} = {number}" for number in range(1, 40)), "1 / 0", "last"]
    ),
    "traceback": TRACEBACK,
}
GOOD = {
    "revision": 3,
    "digest": "0123456789abcdef",
    "state": "active",
    "created": "2025-11-23T08:00:00+00:00",
    "activated": "2025-11-23T08:00:01+00:00",
    "title": "Sales",
    "size": 1234,
    "kernel": "python3",
    "author": "Alice",
    "commit": "1a2b3c4d5e6f70819203+changes",
    "viewers": 2,
    "failure": None,
    "dependencies": "requirements.txt",
    "warnings": ["two widgets are slow"],
    "opens": {"mode": "warm", "reasons": ["thread `ticker` is running"]},
}
FAILED = GOOD | {"revision": 4, "state": "failed", "activated": None, "viewers": 0}
FAILED |= {"author": "", "commit": "", "failure": FAILURE}
FILES = [{"path": "index.ipynb", "size": 1200}, {"path": "a.png", "size": 34}]


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
            return httpx.Response(200, json=DEPLOYED | answer)

        done = publish.deploy_notebook(
            publish.Notebook(notebook, more.get("files", ())),
            destination(handle),
            Fake(),
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
        done, _, _, _ = self.deploy(notebook, {"unchanged": True, "replaced": True})
        assert done.unchanged

    def test_a_bad_name_is_found_before_anything_is_read(self, tmp_path: Path) -> None:
        with pytest.raises(errors.SpecError, match="not a dashboard name"):
            publish.prepare(publish.Notebook(tmp_path / "nope.ipynb", [], "a/b"), 1, Fake())

    def test_a_failure_is_told_and_raised(self, notebook: Path) -> None:
        events: list[Event] = []
        to = destination(lambda _: httpx.Response(503, json={"message": "no gateway answers"}))
        with pytest.raises(errors.ToolError, match="no gateway answers"):
            self.publish(notebook, to, events)
        assert events[-1].state == "failed"

    def publish(
        self, notebook: Path, to: publish.Destination, events: list[Event]
    ) -> publish.Published:
        return publish.deploy_notebook(
            publish.Notebook(notebook), to, Fake(), lambda _: None, events.append
        )

    def test_each_phase_of_the_server_is_told_with_its_log(self, notebook: Path) -> None:
        def handle(request: httpx.Request) -> httpx.Response:
            if request.method == "POST":
                return httpx.Response(202, json={"deploy": "d1"})
            stream = (
                'event: phase\ndata: {"phase": "environment", "text": "resolving"}\n\n'
                'event: log\ndata: {"line": "Resolved 3 packages"}\n\n'
                'event: phase\ndata: {"phase": "execute", "percent": 30, "text": "cell 1 of 2"}\n\n'
                'event: phase\ndata: {"phase": "execute", "percent": 30, "text": "cell 2 of 2"}\n\n'
                f"event: end\ndata: {json.dumps({'status': 201, 'answer': DEPLOYED})}\n\n"
            )
            return httpx.Response(200, text=stream, headers={"content-type": "text/event-stream"})

        events: list[Event] = []
        self.publish(notebook, destination(handle), events)
        told = [(each.subject, each.state, each.text) for each in events]
        assert [each for each in told if each[1] != "progress"] == [
            ("upload", "start", "sending"),
            ("upload", "done", "sending"),
            ("environment", "start", "resolving"),
            ("environment", "done", "resolving"),
            ("execute", "start", "cell 1 of 2"),
            ("execute", "done", "cell 2 of 2"),
        ]
        assert ("environment", "progress", "resolving: Resolved 3 packages") in told

    def test_an_interruption_says_that_the_server_goes_on(self, notebook: Path) -> None:
        def handle(_: httpx.Request) -> httpx.Response:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt) as caught:
            self.publish(notebook, destination(handle), [])
        assert "the server finishes anyway" in str(caught.value)
        assert "`dashops deploys sales-report -f`" in str(caught.value)

    def test_an_interruption_of_the_upload_publishes_nothing(self, notebook: Path) -> None:
        def interrupt(event: Event) -> None:
            if event.state == "progress":
                raise KeyboardInterrupt

        to = destination(lambda _: httpx.Response(201, json=DEPLOYED))
        with pytest.raises(KeyboardInterrupt) as caught:
            publish.deploy_notebook(
                publish.Notebook(notebook), to, Fake(), lambda _: None, interrupt
            )
        assert str(caught.value) == "nothing was published"


GIT = "git --no-optional-locks --literal-pathspecs -c core.fsmonitor=false"
LOG = f"{GIT} -c log.showSignature=false log"


def asked(notebook: Path, run: Any) -> bundle.origin.Origin:
    return bundle.origin.of(notebook, deploying.git(run))


class TestOrigin:
    def test_the_commit_and_who_works_there(self, notebook: Path) -> None:
        (notebook.parent / ".git").mkdir()
        git = Fake({LOG: "1a2b3c\nBob\n", f"{GIT} config user.name": "Alice\n"})
        assert asked(notebook, git) == bundle.origin.Origin("Alice", "1a2b3c")
        status = git.calls[1]
        assert status[-2:] == ("--", "Sales Report.ipynb")

    def test_a_machine_without_a_name_publishes_for_the_author(self, notebook: Path) -> None:
        (notebook.parent / ".git").mkdir()
        nobody = Result((), 1, "", "")
        git = Fake({LOG: "1a2b3c\nBob\n", f"{GIT} config": nobody, f"{GIT} status": " M x\n"})
        assert asked(notebook, git) == bundle.origin.Origin("Bob", "1a2b3c+changes")

    def test_a_repository_without_a_commit_is_silent(self, notebook: Path) -> None:
        (notebook.parent / ".git").mkdir()
        git = Fake({LOG: Result((), 128, "", "fatal: no commits yet")})
        assert asked(notebook, git) == bundle.origin.Origin()

    def test_no_repository_is_silent(self, notebook: Path) -> None:
        git = Fake()
        assert asked(notebook, git) == bundle.origin.Origin()
        assert git.calls == []

    def test_no_git_is_silent(self, notebook: Path) -> None:
        def missing(*_: Any, **__: Any) -> Result:
            raise errors.ToolError("`git` is not installed")

        (notebook.parent / ".git").mkdir()
        assert asked(notebook, missing) == bundle.origin.Origin()

    def test_only_what_is_known_is_sent_and_no_more_than_is_kept(self) -> None:
        assert bundle.origin.Origin().fields == {}
        assert bundle.origin.Origin("A" * 300, "1a").fields == {"author": "A" * 200, "commit": "1a"}

    def test_it_reaches_the_server(self, notebook: Path) -> None:
        (notebook.parent / ".git").mkdir()
        seen: list[bytes] = []

        def handle(request: httpx.Request) -> httpx.Response:
            seen.append(request.content)
            return httpx.Response(201, json=DEPLOYED)

        publish.deploy_notebook(
            publish.Notebook(notebook),
            destination(handle),
            Fake({LOG: "1a2b3c\nBob\n"}),
            lambda _: None,
            lambda _: None,
        )
        assert b'name="author"\r\n\r\nBob\r\n' in seen[0]
        assert b'name="commit"\r\n\r\n1a2b3c\r\n' in seen[0]


class TestShow:
    def server(self, *found: dict[str, Any]) -> publish.Destination:
        def handle(request: httpx.Request) -> httpx.Response:
            _, _, number = request.url.path.partition("/revisions/")
            one = [each for each in found if str(each["revision"]) == number]
            listed = {"name": "sales", "revisions": list(found)}
            return httpx.Response(200, json=one[0] | {"files": FILES} if one else listed)

        return destination(handle)

    def test_without_a_number_it_is_what_viewers_see(self) -> None:
        assert publish.show("sales", self.server(FAILED, GOOD)).revision.revision == 3
        assert publish.show("sales@4", self.server(FAILED, GOOD)).revision.revision == 4

    def test_where_viewers_see_none_it_is_the_newest(self) -> None:
        older = FAILED | {"revision": 2}
        assert publish.show("sales", self.server(FAILED, older)).revision.revision == 4

    @pytest.mark.parametrize("wanted", ["sales@", "sales@x", "sales@3@4", "sales@-1", "sales@²"])
    def test_what_names_no_revision(self, wanted: str) -> None:
        with pytest.raises(errors.SpecError, match="names no revision") as caught:
            publish.show(wanted, self.server(GOOD))
        assert caught.value.hint == "write it like `sales@3`"

    @pytest.mark.parametrize("wanted", ["", "../x", "a/b@3", "@3"])
    def test_what_is_no_name_is_never_sent(self, wanted: str) -> None:
        def handle(request: httpx.Request) -> httpx.Response:
            raise AssertionError(request)

        for verb in (
            lambda: publish.show(wanted, destination(handle)),
            lambda: publish.revisions(wanted, destination(handle)),
            lambda: publish.roll_back(wanted, 2, destination(handle)),
        ):
            with pytest.raises(errors.SpecError, match="not a dashboard name"):
                verb()


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
        done = {"name": "sales", "link": "/dashboards/sales", "title": "Sales", "previous": 3}
        if self.path.endswith("/sales/rollback"):
            self.answer(200, done | {"revision": 2})
        elif self.path.endswith("/rollback"):
            self.answer(409, {"message": "it showed no other before", "hint": ""})
        elif self.path.endswith("/broken"):
            said = {"message": FAILURE["message"], "hint": "viewers still see revision 3"}
            self.answer(422, said | {"failure": FAILURE})
        else:
            self.answer(201, DEPLOYED)

    def do_GET(self) -> None:
        if self.path.endswith("/sales/revisions"):
            self.answer(200, {"name": "sales", "revisions": [FAILED, GOOD]})
        elif self.path.endswith("/sales/revisions/4"):
            self.answer(200, FAILED | {"files": FILES})
        elif self.path.endswith("/sales/revisions/3"):
            self.answer(200, GOOD | {"files": FILES})
        elif "/revisions" in self.path:
            self.answer(404, {"message": "there is no revision 9 of `sales`", "hint": "look"})
        else:
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
        assert "it opens from warm kernels: thread `ticker` is running\n" in err
        assert "warning: the notebook refers to `b.png`" in err
        assert "t0ken" not in err

    def test_deploy_as_json(self, dashops: Call, url: str, notebook: Path) -> None:
        code, out, _ = dashops("deploy-notebook", notebook, "--server", url, "--json")
        document = json.loads(out)
        assert code == 0
        assert document["link"] == f"{url}/dashboards/sales"
        assert document["files"][1] == {"path": "a.png", "size": 2000}
        assert document["missing"] == ["b.png"]
        assert document["kernel"]["mode"] == "warm"

    def test_a_failed_run_shows_the_cell_the_traceback_and_what_viewers_see(
        self, dashops: Call, url: str, notebook: Path
    ) -> None:
        code, out, err = dashops("deploy-notebook", notebook, "--name", "broken", "--server", url)
        assert (code, out) == (1, "")
        assert "upload: sending\n" in err
        _, _, said = err.partition("error: ")
        lines = said.splitlines()
        assert lines[0] == "cell 3 failed: ZeroDivisionError: division by zero"
        assert lines[1:4] == ["  cell 3:", "         ... 11 lines above", "      12  line12 = 12"]
        assert "  >   40  1 / 0" in lines
        assert sum(" = " in line or "1 / 0" in line for line in lines[:34]) == 29
        assert (
            "  ZeroDivisionError                         Traceback (most recent call last)" in lines
        )
        assert lines[-2:] == [
            "  ZeroDivisionError: division by zero",
            "hint: viewers still see revision 3",
        ]
        assert "\x1b" not in err
        assert "\x07" not in err

    def test_a_failed_run_as_json(self, dashops: Call, url: str, notebook: Path) -> None:
        words = ("deploy-notebook", notebook, "--name", "broken", "--server", url, "--json")
        code, out, err = dashops(*words)
        document = json.loads(out)
        assert code == 1
        assert "error: cell 3 failed" in err
        assert document["hint"] == "viewers still see revision 3"
        assert document["failure"]["cell"] == 3
        assert document["failure"]["source"] == FAILURE["source"]

    def test_revisions(self, dashops: Call, url: str) -> None:
        code, out, _ = dashops("revisions", "sales", "--server", url)
        head, failed, good = out.splitlines()
        assert code == 0
        assert head.split() == [
            "REVISION", "STATE", "CREATED", "AUTHOR", "COMMIT", "VIEWERS", "TITLE", "FAILURE",
        ]  # fmt: skip
        assert failed.startswith("4         failed")
        assert failed.endswith("Sales  cell 3 failed: ZeroDivisionError: division by zero")
        assert good.startswith("3         active")
        assert good.split()[4:] == ["Alice", "1a2b3c4d+", "2", "Sales"]
        code, out, _ = dashops("revisions", "sales", "--server", url, "--json")
        assert [each["revision"] for each in json.loads(out)["revisions"]] == [4, 3]
        code, _, err = dashops("revisions", "nope", "--server", url)
        assert (code, err) == (2, "error: there is no revision 9 of `sales`\nhint: look\n")

    def test_show(self, dashops: Call, url: str) -> None:
        code, out, err = dashops("show", "sales", "--server", url)
        assert (code, err) == (0, "")
        assert "revision   3, active\n" in out
        assert "kernel     python3, opens from warm kernels: thread `ticker` is running\n" in out
        assert "commit     1a2b3c4d5e6f70819203+changes\n" in out
        assert "index.ipynb  1.2 kB\n" in out
        code, out, _ = dashops("show", "sales@4", "--server", url)
        assert code == 0
        assert "activated" not in out
        assert "\ncell 3 failed: ZeroDivisionError: division by zero\n  cell 3:\n" in out
        assert "  >   40  1 / 0\n" in out
        assert out.endswith("  ZeroDivisionError: division by zero\n")
        code, out, _ = dashops("show", "sales@4", "--server", url, "--json")
        document = json.loads(out)
        assert (document["revision"], document["state"]) == (4, "failed")
        assert document["files"] == FILES
        assert document["failure"]["traceback"].startswith("-----")

    def test_rollback(self, dashops: Call, url: str) -> None:
        code, out, err = dashops("rollback", "sales", "--server", url)
        assert (code, out) == (0, f"{url}/dashboards/sales\n")
        assert err == "`sales` went from revision 3 to 2: Sales\n"
        code, out, _ = dashops("rollback", "sales", "2", "--server", url, "--json")
        assert (json.loads(out)["previous"], json.loads(out)["revision"]) == (3, 2)
        code, _, err = dashops("rollback", "other", "--server", url)
        assert (code, err) == (1, "error: it showed no other before\n")
        assert dashops("rollback", "sales", "0", "--server", url)[0] == 2

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
