"""Talking to the dashboard server: what is sent, and what a person reads when it goes wrong."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import httpx
import pytest

from dashops import client, errors
from dashops.secrets import Secret

URL = "http://127.0.0.1:8866"
TOKEN = "t0ken-of-the-server"
DEPLOYED = {
    "name": "sales",
    "link": "/dashboards/sales",
    "revision": 3,
    "digest": "0123456789abcdef",
    "title": "Sales",
    "replaced": False,
    "unchanged": False,
    "warnings": [],
    "preview": None,
    "kernel": None,
}
FAILURE = {
    "phase": "execute",
    "revision": 4,
    "message": "cell 3 failed: ZeroDivisionError: division by zero",
    "cell": 3,
    "source": "a = 1\n\tb = a / 0",
    "traceback": "\x1b[31mZeroDivisionError\x1b[39m\nCell In[3], line 2",
}
REVISION = {
    "revision": 4,
    "digest": "0123",
    "state": "failed",
    "created": "2025-11-23T08:00:00+00:00",
    "activated": None,
    "title": "Sales",
    "size": 12,
    "kernel": "python3",
    "author": "Alice",
    "commit": "",
    "viewers": 0,
    "failure": FAILURE,
    "dependencies": "requirements.txt",
    "warnings": ["no browser"],
    "opens": None,
}
DASHBOARD = {
    "name": "sales",
    "title": "Sales",
    "link": "/dashboards/sales",
    "revision": 3,
    "digest": "0123",
    "updated": "2025-11-23T08:00:00Z",
    "size": 12,
    "kernel": None,
    "viewers": 2,
}


def server(handle: Callable[[httpx.Request], httpx.Response], url: str = URL) -> client.Server:
    return client.Server(url, Secret(TOKEN), httpx.MockTransport(handle))


def answering(code: int, body: Any = None, **more: Any) -> client.Server:
    return server(lambda _: httpx.Response(code, json=body, **more))


def failing(error: Exception, url: str = URL) -> client.Server:
    def handle(_: httpx.Request) -> httpx.Response:
        raise error

    return server(handle, url)


def ignore(_sent: int, _total: int) -> None:
    pass


def upload(to: client.Server) -> client.Deployed:
    return to.upload("sales", b"data", ignore)


class TestRequests:
    def test_an_upload_is_one_multipart_file_with_the_token(self) -> None:
        seen: list[httpx.Request] = []

        def handle(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(201, json=DEPLOYED)

        done = server(handle).upload("sales", b"PK-data", ignore)
        (request,) = seen
        assert (request.method, request.url.path) == ("POST", "/_api/notebooks/sales")
        assert request.headers["authorization"] == f"token {TOKEN}"
        assert int(request.headers["content-length"]) == len(request.content)
        assert b'name="file"; filename="sales.zip"' in request.content
        assert b"\r\n\r\nPK-data\r\n" in request.content
        assert done == client.Deployed(
            **DEPLOYED | {"link": f"{URL}/dashboards/sales", "warnings": ()}
        )

    def test_progress_grows_to_the_total(self) -> None:
        calls: list[tuple[int, int]] = []
        to = server(lambda _: httpx.Response(200, json=DEPLOYED))
        to.upload("sales", b"x" * 300_000, lambda *call: calls.append(call))
        assert len(calls) > 3
        assert calls == sorted(calls)
        assert calls[-1] == (300_000, 300_000)

    def test_dashboards_by_name(self) -> None:
        both = [DASHBOARD | {"name": "b"}, DASHBOARD | {"name": "a", "novelty": 1}]
        found = answering(200, {"dashboards": both}).dashboards()
        assert [one.name for one in found] == ["a", "b"]
        assert found[0].link == f"{URL}/dashboards/sales"
        assert found[0].updated.isoformat() == "2025-11-23T08:00:00+00:00"

    def test_remove(self) -> None:
        seen: list[str] = []

        def handle(request: httpx.Request) -> httpx.Response:
            seen.append(f"{request.method} {request.url.path}")
            return httpx.Response(204)

        server(handle, f"{URL}/prefix/").remove("sales")
        assert seen == ["DELETE /prefix/_api/notebooks/sales"]

    def test_an_upload_says_where_it_is_from_and_does_not_wait_for_the_run(self) -> None:
        seen: list[httpx.Request] = []

        def handle(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(201, json=DEPLOYED)

        about = {"author": "Zoë", "commit": "1a2b+changes"}
        server(handle).upload("sales", b"PK-data", ignore, about)
        (request,) = seen
        assert 'name="author"\r\n\r\nZoë\r\n'.encode() in request.content
        assert b'name="commit"\r\n\r\n1a2b+changes\r\n' in request.content
        limits = request.extensions["timeout"]
        assert (limits["read"], limits["connect"], limits["write"]) == (120, 10, 60)
        assert request.headers["prefer"] == "respond-async"
        server(lambda request: seen.append(request) or httpx.Response(204)).remove("sales")
        assert seen[1].extensions["timeout"]["read"] == 30

    def test_revisions(self) -> None:
        good = REVISION | {"revision": 3, "state": "active", "failure": None}
        good |= {"activated": "2025-11-23T08:00:01+00:00", "viewers": 2}
        newest, older = answering(200, {"name": "sales", "revisions": [REVISION, good]}).revisions(
            "sales"
        )
        assert newest.failure is not None
        assert newest.failure.cell == 3
        assert (older.state, older.failure, older.viewers) == ("active", None, 2)
        assert older.activated is not None
        assert older.activated.second == 1

    def test_a_revision_with_its_files(self) -> None:
        to = answering(200, REVISION | {"files": [{"path": "index.ipynb", "size": 12}]})
        found, files = to.revision("sales", 4)
        assert found.revision == 4
        assert files == (client.File("index.ipynb", 12),)

    @pytest.mark.parametrize("number", [2, None])
    def test_rollback(self, number: int | None) -> None:
        seen: list[Any] = []

        def handle(request: httpx.Request) -> httpx.Response:
            seen.append((request.method, request.url.path, json.loads(request.content)))
            link = {"name": "sales", "link": "/dashboards/sales", "title": "Sales"}
            return httpx.Response(200, json=link | {"revision": 2, "previous": 3})

        done = server(handle).roll_back("sales", number)
        assert seen == [("POST", "/_api/notebooks/sales/rollback", {"revision": number})]
        assert (done.previous, done.revision) == (3, 2)
        assert done.link == f"{URL}/dashboards/sales"

    def test_status(self) -> None:
        viewer = {
            "dashboard": "sales",
            "revision": 3,
            "current": False,
            "user": "bob",
            "since": "2025-11-23T08:00:00+00:00",
        }
        body = {
            "version": "1",
            "dashboards": 1,
            "viewers": [viewer | {"idle": 3, "connected": True}],
            "gateways": [{"url": "http://g", "reachable": False, "kernels": None}],
        }
        found = answering(200, body).status()
        assert (found.viewers[0].idle, found.gateways[0].kernels) == (3, None)

    def test_an_absolute_link_of_another_origin_is_kept(self) -> None:
        link = "https://content.example.com/dashboards/sales"
        assert upload(answering(200, DEPLOYED | {"link": link})).link == link

    def test_text_of_the_server_cannot_drive_the_terminal(self) -> None:
        assert "\x1b" not in upload(answering(200, DEPLOYED | {"title": "\x1b[2Jx"})).title


@pytest.mark.parametrize(
    ("code", "kind", "expected"),
    [
        (400, errors.SpecError, "said by the server / so it hints"),
        (401, client.TokenRefused, "said by the server / so it hints"),
        (404, errors.SpecError, "said by the server / so it hints"),
        (409, errors.DashopsError, "said by the server / so it hints"),
        (413, errors.ToolError, "said by the server / so it hints"),
        (500, errors.ToolError, "said by the server / so it hints"),
        (503, errors.ToolError, "said by the server / so it hints"),
        (507, errors.ToolError, "said by the server / so it hints"),
    ],
)
def test_a_refusal_is_passed_on_with_its_hint(
    code: int, kind: type[errors.DashopsError], expected: str
) -> None:
    with pytest.raises(kind) as caught:
        upload(answering(code, {"message": "said by the server", "hint": "so it hints"}))
    assert type(caught.value) is kind
    assert f"{caught.value.message} / {caught.value.hint}" == expected
    assert TOKEN not in repr(caught.value)


def test_a_notebook_that_failed_says_where() -> None:
    said = {"message": FAILURE["message"], "hint": "viewers still see revision 3"}
    with pytest.raises(client.NotebookFailed) as caught:
        upload(answering(422, said | {"failure": FAILURE}))
    assert (caught.value.exit_code, caught.value.message) == (1, said["message"])
    assert caught.value.hint == said["hint"]
    failure = caught.value.failure
    assert (failure.phase, failure.revision, failure.cell) == ("execute", 4, 3)
    assert failure.source == "a = 1\n    b = a / 0"
    assert failure.traceback == "ZeroDivisionError\nCell In[3], line 2"


@pytest.mark.parametrize("failure", [None, [], {}, FAILURE | {"cell": "3"}])
def test_a_failure_that_is_not_ours(failure: Any) -> None:
    with pytest.raises(errors.ToolError, match="is not a dashops dashboard server"):
        upload(answering(422, {"message": "no", "failure": failure}))


def test_a_proxy_that_did_not_wait_for_the_run() -> None:
    with pytest.raises(errors.ToolError, match="a proxy before") as caught:
        upload(server(lambda _: httpx.Response(504, text="<html>late</html>")))
    assert "`dashops deploys sales` shows the outcome" in caught.value.hint


@pytest.mark.parametrize(
    ("code", "expected", "hint"),
    [
        (401, "refuses the token", "DASHOPS_TOKEN"),
        (413, "larger than the server takes", "dashboard.upload_limit"),
        (507, "disk is full", "dashops remove"),
        (403, "not a dashops dashboard server: status 403", "dashops status"),
        (404, "not a dashops dashboard server: status 404", "dashops status"),
        (405, "not a dashops dashboard server: status 405", "dashops status"),
        (502, "not a dashops dashboard server: status 502", "dashops status"),
    ],
)
def test_a_refusal_without_our_json(code: int, expected: str, hint: str) -> None:
    to = server(lambda _: httpx.Response(code, text="<html>no</html>"))
    for call in (lambda: upload(to), to.dashboards, lambda: to.remove("x"), to.status):
        with pytest.raises(errors.ToolError, match=expected) as caught:
            call()
        assert hint in caught.value.hint


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "ok",
        {},
        DEPLOYED | {"link": 3},
        DEPLOYED | {"link": "javascript:alert(1)"},
        DEPLOYED | {"link": "file:///etc/passwd"},
        DEPLOYED | {"replaced": "no"},
        DEPLOYED | {"title": None},
    ],
)
def test_an_answer_that_is_not_ours(body: Any) -> None:
    with pytest.raises(errors.ToolError, match="is not a dashops dashboard server"):
        upload(answering(200, body))


@pytest.mark.parametrize(
    "change",
    [{"updated": "today"}, {"updated": "2025-11-23T08:00:00"}, {"size": "1"}, {"viewers": True}],
)
def test_a_list_that_is_not_ours(change: dict[str, Any]) -> None:
    with pytest.raises(errors.ToolError, match="is not a dashops dashboard server"):
        answering(200, {"dashboards": [DASHBOARD | change]}).dashboards()


def test_broken_json_is_not_ours() -> None:
    to = server(lambda _: httpx.Response(200, text="{" * 100_000))
    with pytest.raises(errors.ToolError, match="is not a dashops dashboard server"):
        to.status()


def test_the_token_does_not_follow_a_redirect() -> None:
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(302, headers={"location": "https://evil.example.com/"})

    with pytest.raises(errors.ToolError, match="redirects to `https://evil") as caught:
        server(handle).dashboards()
    assert seen == [f"{URL}/_api/notebooks"]
    assert "--server" in caught.value.hint


@pytest.mark.parametrize(
    ("error", "expected", "hint"),
    [
        (httpx.ConnectError("refused"), "no dashboard server answers", "`dashops up`"),
        (httpx.ConnectTimeout("slow"), "no dashboard server answers", "`dashops up`"),
        (httpx.ReadTimeout("slow"), "did not answer in time", "`dashops deploys sales`"),
        (httpx.WriteTimeout("slow"), "did not answer in time", "`dashops status`"),
        (httpx.ReadError("reset"), "broke: reset", "`dashops deploys sales`"),
        (httpx.RemoteProtocolError("Server disconnected"), "broke", "`dashops deploys sales`"),
        (httpx.RemoteProtocolError("illegal status line"), "not a dashops", "another program"),
    ],
)
def test_when_there_is_no_answer(error: Exception, expected: str, hint: str) -> None:
    with pytest.raises(errors.ToolError, match=expected) as caught:
        upload(failing(error))
    assert URL in caught.value.message
    assert hint in caught.value.hint


def test_a_question_that_got_no_answer_is_asked_again() -> None:
    with pytest.raises(errors.ToolError, match="broke: reset") as caught:
        failing(httpx.ReadError("reset")).status()
    assert caught.value.hint == "try again"


def test_another_machine_is_not_started_with_up() -> None:
    to = failing(httpx.ConnectError("no such host"), "https://dash.example.com")
    with pytest.raises(errors.ToolError, match="no dashboard server answers") as caught:
        to.status()
    assert caught.value.hint == "check the address and the way to it: no such host"


def test_a_certificate_nobody_vouches_for() -> None:
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
    cause.verify_message = "self-signed certificate"
    error = httpx.ConnectError("failed")
    error.__cause__ = cause
    with pytest.raises(errors.ToolError, match="self-signed certificate") as caught:
        failing(error, "https://dash.example.com").status()
    assert "SSL_CERT_FILE" in caught.value.hint


def test_certificates_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    with pytest.raises(errors.ToolError, match="certificates to trust") as caught:
        client.Server("https://127.0.0.1:1", Secret(TOKEN)).status()
    assert "SSL_CERT_FILE" in caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "", "dash.example.com", "localhost:8866", "ftp://h", "file:///etc", "http://", "http://h:x",
        "http://h:99999", "http://u:passw0rd@h", "http://h?x=1", "http://h#x", "http://[",
    ],
)  # fmt: skip
def test_urls_that_cannot_be_a_server(url: str) -> None:
    with pytest.raises(errors.SpecError) as caught:
        client.Server(url, Secret(TOKEN))
    assert "passw0rd" not in caught.value.message
    assert "https://" in caught.value.hint


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "é"])
def test_tokens_that_cannot_be_one(token: str) -> None:
    with pytest.raises(errors.SpecError, match="the token is empty"):
        client.Server(URL, Secret(token))


@contextmanager
def listening(talk: Callable[[StreamRequestHandler], None]) -> Iterator[str]:
    """The URL of a program that says whatever it likes to whoever connects."""

    class Talk(StreamRequestHandler):
        def handle(self) -> None:
            talk(self)

    with ThreadingTCPServer(("127.0.0.1", 0), Talk) as program:
        thread = threading.Thread(target=program.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{program.server_address[1]}"
        program.shutdown()
        thread.join()


class TestOverASocket:
    def test_a_refusal_before_the_upload_is_complete_is_read(self) -> None:
        def refuse(talk: StreamRequestHandler) -> None:
            while talk.rfile.readline().strip():
                pass
            body = b'{"message": "too large for us"}'
            head = b"HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
            talk.wfile.write(head % len(body) + body)
            talk.wfile.flush()
            talk.rfile.read(1000)

        with listening(refuse) as url, pytest.raises(errors.ToolError) as caught:
            client.Server(url, Secret(TOKEN)).upload("sales", b"x" * 20_000_000, ignore)
        assert "too large for us" in caught.value.message or "broke" in caught.value.message

    def test_another_kind_of_program(self) -> None:
        def greet(talk: StreamRequestHandler) -> None:
            talk.rfile.readline()
            talk.wfile.write(b"220 mail.example.com ESMTP\r\n\r\n")

        with listening(greet) as url, pytest.raises(errors.ToolError, match="not a dashops"):
            client.Server(url, Secret(TOKEN)).status()

    def test_a_proxy_never_sees_what_goes_to_this_machine(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def answer(talk: StreamRequestHandler) -> None:
            while talk.rfile.readline().strip():
                pass
            body = b'{"dashboards": []}'
            talk.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

        for name in ("http_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        with listening(answer) as url:
            assert client.Server(url, Secret(TOKEN)).dashboards() == ()


class TestFollowing:
    """A deploy goes on at the server; its events say how."""

    PHASE = 'id: 1\nevent: phase\ndata: {"phase": "execute", "percent": 30, "text": "cell 1"}\n\n'
    LOG = 'id: 2\nevent: log\ndata: {"line": "\\u001b[2Jx"}\n\n'

    def end(self, status: int, answer: Any) -> str:
        return f"id: 3\nevent: end\ndata: {json.dumps({'status': status, 'answer': answer})}\n\n"

    def deploy(self, *streams: httpx.Response | Exception) -> tuple[Any, list[Any], list[str]]:
        left, told, resumed = list(streams), [], []

        def handle(request: httpx.Request) -> httpx.Response:
            if request.method == "POST":
                return httpx.Response(202, json={"deploy": "d1"})
            assert request.url.path == "/_api/deploys/d1/events"
            resumed.append(request.headers.get("last-event-id", ""))
            answer = left.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        done = server(handle).upload("sales", b"data", ignore, {}, told.append)
        return done, told, resumed

    def stream(self, *events: str) -> httpx.Response:
        kind = {"content-type": "text/event-stream"}
        return httpx.Response(200, text="".join(events), headers=kind)

    def test_what_happens_is_told_and_the_end_is_the_answer(self) -> None:
        done, told, _ = self.deploy(self.stream(self.PHASE, self.LOG, self.end(201, DEPLOYED)))
        assert done.revision == 3
        assert [(each.phase, each.percent, each.text) for each in told] == [
            ("execute", 30, "cell 1"),
            ("", 0, "x"),
        ]

    def test_a_long_silence_is_no_event(self) -> None:
        done, told, _ = self.deploy(
            self.stream(self.PHASE, ": still here\n\n" * 2, self.end(200, DEPLOYED))
        )
        assert done.revision == 3
        assert len(told) == 1

    @pytest.mark.usefixtures("quick")
    def test_a_broken_connection_is_resumed_where_it_was(self) -> None:
        _, told, resumed = self.deploy(
            self.stream(self.PHASE),
            httpx.ReadError("reset"),
            self.stream(self.LOG, self.end(200, DEPLOYED)),
        )
        assert resumed == ["", "1", "1"]
        assert len(told) == 2

    @pytest.mark.usefixtures("quick")
    def test_a_server_that_stays_away_is_given_up(self) -> None:
        with pytest.raises(errors.ToolError, match="no dashboard server answers"):
            self.deploy(self.stream(self.PHASE), *[httpx.ConnectError("refused")] * 10)

    def test_a_failed_notebook_is_raised(self) -> None:
        said = {"message": "cell 3 failed", "hint": "viewers see 3", "failure": FAILURE}
        with pytest.raises(client.NotebookFailed, match="cell 3 failed"):
            self.deploy(self.stream(self.end(422, said)))

    def test_a_server_that_forgot_the_deploy(self) -> None:
        with pytest.raises(errors.SpecError, match="nothing of this deploy"):
            self.deploy(httpx.Response(404, json={"message": "x"}))

    @pytest.mark.parametrize("text", ["<html>", "data: 1\n\n", "event: end\ndata: {}\n\n"])
    def test_what_is_no_event_is_not_ours(self, text: str) -> None:
        kind = "text/html" if "html" in text else "text/event-stream"
        with pytest.raises(errors.ToolError, match="not a dashops dashboard server"):
            self.deploy(httpx.Response(200, text=text, headers={"content-type": kind}))

    @pytest.fixture
    def quick(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("dashops.client.following.PAUSE", 0)
