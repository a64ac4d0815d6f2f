"""What `dashops attack` says of a server, without one: what gets through is seen, and said."""

import io
import json
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from dashops import attack, errors, stack, view
from dashops.attack import attempts, outcome, probe, sockets, wire, zips
from dashops.attack.attempts import connecting, messages
from dashops.client import guest
from dashops.secrets import Secret
from dashops.services.dashboard import wall

Answer = Callable[[BaseHTTPRequestHandler], tuple[int, dict[str, str], str]]


def open_door(_: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], str]:
    """Everything for everybody."""
    return 200, {"Access-Control-Allow-Origin": "*"}, f"secret = '{outcome.MARK}'"


def wall_of_403(_: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], str]:
    return 403, {}, "no"


def leaking_403(_: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], str]:
    return 403, {}, f"no: {outcome.MARK}"


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    servers = []

    def started(answer: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            def handle(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                if self.raw_requestline and self.parse_request():
                    size = max(int(self.headers.get("Content-Length") or 0), 0)
                    self.rfile.read(min(size, 10**6))
                    status, headers, text = answer(self)
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield started
    for each in servers:
        each.shutdown()
        each.server_close()


@pytest.fixture
def ground(tmp_path: Path) -> Callable[[str], probe.Ground]:
    def at(url: str) -> probe.Ground:
        tokens = {name: Secret(name * 3) for name in probe.TOKENS}
        found = stack.parse("dashboard: {upload_limit: 1 MB}\n", tmp_path / "dashops.yaml", {})
        login = guest.Login("viewer", Secret("password"))
        made = probe.Ground(found, url, url, tokens, login, small=Secret("dashops_0_small"))
        page = probe.Page(f"{url}/c/{'k' * 43}/dashboards/x/", "0" * 8)
        for who in ("bob", "alice", "carol", "dave"):
            made.found |= {who: wire.Visitor(url, {"dashops-1": "x"}), f"page of {who}": page}
        return made

    return at


def outcomes(made: probe.Ground, *groups: str) -> list[attack.Outcome]:
    chosen = [each for each in attempts.CATALOGUE if each.group in groups]
    return list(attack.made(chosen, made, lambda _: None))


def test_a_server_that_answers_everybody_lets_nearly_everything_through(
    serve: Callable[[Answer], str], ground: Callable[[str], probe.Ground]
) -> None:
    found = outcomes(ground(serve(open_door)), "routes", "reading", "tokens")
    assert {each.kind for each in found if each.group == "routes"} == {"got through"}
    assert not [each for each in found if each.kind == "refused"]


def test_a_server_that_refuses_all_is_said_to(
    serve: Callable[[Answer], str], ground: Callable[[str], probe.Ground]
) -> None:
    found = outcomes(ground(serve(wall_of_403)), "routes", "tokens")
    assert {(each.kind, each.how) for each in found} == {("refused", "403")}


def test_code_in_a_refusal_is_noticed(
    serve: Callable[[Answer], str], ground: Callable[[str], probe.Ground]
) -> None:
    found = outcomes(ground(serve(leaking_403)), "routes")
    assert {each.kind for each in found} == {"got through"}
    assert "code of the notebook" in found[0].how


def test_without_a_server_nothing_counts_as_refused(ground: Callable[[str], probe.Ground]) -> None:
    found = outcomes(ground("http://127.0.0.1:9"), "routes", "tokens", "uploads", "messages")
    assert {each.kind for each in found} == {"not made"}
    assert "Connection refused" in found[0].how


class Kernel:
    """A websocket whose kernel does as ``react`` says with what it is told."""

    def __init__(self, react: Callable[[str, str], list[bytes]]) -> None:
        self.react, self.waiting = react, list[bytes]()

    def send(self, frame: bytes) -> None:
        channel, kind, _, _ = sockets.read(frame)
        _, name = wall.address(frame)
        self.waiting += self.react(kind, name)
        if kind == "kernel_info_request":
            about = json.dumps({"msg_id": name}).encode()
            for where, what, said in (
                (channel, "kernel_info_reply", "{}"),
                ("iopub", "status", '{"execution_state": "idle"}'),
            ):
                header = json.dumps({"msg_type": what}).encode()
                self.waiting.append(sockets.framed(where, header, about, b"{}", said.encode()))

    def receive(self) -> bytes:
        return self.waiting.pop(0)


def test_a_kernel_that_reacts_is_noticed_and_one_that_does_not_is_fine() -> None:
    def obeys(kind: str, name: str) -> list[bytes]:
        about = json.dumps({"msg_id": name}).encode()
        header = json.dumps({"msg_type": "execute_reply"}).encode()
        asked = kind == "execute_request"
        return [sockets.framed("shell", header, about, b"{}", b"{}")] if asked else []

    for react, words in ((obeys, "execute_reply"), (lambda *_: [], "")):
        kernel = Kernel(react)
        name, frame = sockets.message("execute_request", {"code": "1"})
        kernel.send(frame)
        if words:
            with pytest.raises(outcome.GotThrough, match=words):
                messages.answered(kernel, name)  # type: ignore[arg-type]
        else:
            messages.answered(kernel, name)  # type: ignore[arg-type]


def report(*kinds: outcome.Kind) -> attack.Report:
    return attack.Report("http://x", tuple(attack.Outcome("g", "n", kind, "h") for kind in kinds))


def test_success_means_that_all_were_made_and_refused(capsys: pytest.CaptureFixture[str]) -> None:
    report("refused", "refused").raise_for_failures()
    with pytest.raises(errors.ChecksFailed, match="1 of 2 attempts got through"):
        report("refused", "got through").raise_for_failures()
    for each in (report("refused", "not made"), report()):
        with pytest.raises(errors.DashopsError) as found:
            each.raise_for_failures()
        assert found.value.exit_code == 1
    view.as_text(report("refused", "got through"))
    said = capsys.readouterr().out
    assert "g: n  GOT THROUGH: h" in said and "1 of 2 attempts were refused" in said
    view.as_json(report("refused"))
    assert json.loads(capsys.readouterr().out)["passed"]


def test_names_of_attempts_are_their_own() -> None:
    names = [(each.group, each.name) for each in attempts.CATALOGUE]
    assert len(names) == len(set(names)) > 250


def test_the_limit_of_a_frame_is_the_servers() -> None:
    assert connecting.FRAME == wall.FRAME and sockets.PROTOCOL == wall.PROTOCOL


def test_messages_are_framed_as_the_server_reads_them() -> None:
    _, frame = sockets.message("kernel_info_request", {})
    assert wall.from_viewer(frame)
    assert sockets.read(frame)[:2] == ("shell", "kernel_info_request")
    _, frame = sockets.message("execute_request", messages.ASKED["execute_request"])
    assert wall.from_viewer(frame) is None


def test_a_zip_has_what_it_is_told_to() -> None:
    data = zips.zipped([("../x", b"x", stat.S_IFLNK, zipfile.ZIP_DEFLATED)])
    (entry,) = zipfile.ZipFile(io.BytesIO(data)).infolist()
    assert entry.filename == "../x" and stat.S_ISLNK(entry.external_attr >> 16)


def test_wrong_usage_is_said(tmp_path: Path) -> None:
    with pytest.raises(errors.SpecError, match="go together"):
        attack.login("ann", None)
    found = stack.parse("name: demo\n", tmp_path / "dashops.yaml", {})
    with pytest.raises(errors.SpecError, match="no URL"):
        attack.attack(found, "not-a-url", None, lambda _: None)
