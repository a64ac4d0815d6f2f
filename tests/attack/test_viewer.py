"""A viewer with a raw client instead of a browser: what he can neither see nor do."""

import html
import json
import socket as tcp
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websocket
from badframes import ALWAYS, FRAMES
from conversing import conversation
from hypothesis import given, settings
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from live import Live, Opened, Viewer, until

from dashops.attack.sockets import broken
from dashops.services.dashboard import wall

MARK = "TOPSECRET"
SOURCE = f"""
import ipywidgets as widgets, os  # {MARK}
secret = "{MARK}"
ran = os.path.exists("ran")
widgets.HTML("shown")
"""


@pytest.fixture(scope="module")
def name(live: Live) -> str:
    live.deploy("target", SOURCE)
    return "target"


@pytest.fixture
def bob(live: Live) -> Viewer:
    return live.viewer()


def connect(channels: str, *protocols: str, origin: str | None = "null") -> websocket.WebSocket:
    return websocket.create_connection(
        f"{channels}?session_id=raw",
        subprotocols=list(protocols),
        origin=origin,
        suppress_origin=origin is None,
        timeout=15,
    )


@pytest.fixture(scope="module")
def socket(live: Live, name: str) -> Iterator[websocket.WebSocket]:
    opened = connect(live.viewer().open(name).channels, wall.PROTOCOL)
    yield opened
    opened.close()


def send(
    socket: websocket.WebSocket,
    kind: str,
    content: dict[str, Any],
    channel: str = "shell",
    metadata: dict[str, str] | None = None,
) -> str:
    header = {"msg_id": f"{kind}-{time.monotonic()}", "msg_type": kind, "session": "raw"}
    header |= {"username": "", "version": "5.4", "date": "2026-01-01T00:00:00Z"}
    parts = [json.dumps(part).encode() for part in (header, {}, metadata or {}, content)]
    socket.send_binary(serialize_msg_to_ws_v1(parts, channel))
    return header["msg_id"]


def answers(socket: websocket.WebSocket) -> list[tuple[str, str, bytes]]:
    """What the kernel said until it was done with one harmless question asked now.

    Each channel is in order, so anything said because of earlier messages is in here.
    """
    fence = send(socket, "kernel_info_request", {})
    heard, left = [], {("shell", "kernel_info_reply", ""), ("iopub", "status", "idle")}
    while left:
        frame = socket.recv()
        assert isinstance(frame, bytes)
        channel, parts = deserialize_msg_from_ws_v1(frame)
        kind = json.loads(parts[0])["msg_type"]
        heard.append((channel, kind, frame))
        if json.loads(parts[1]).get("msg_id") == fence:
            left.discard((channel, kind, json.loads(parts[3]).get("execution_state", "")))
    return heard


ASKED = {
    "execute_request": {"code": "open('ran', 'w')", "silent": False, "user_expressions": {}},
    "inspect_request": {"code": "secret", "cursor_pos": 6, "detail_level": 1},
    "complete_request": {"code": "sec", "cursor_pos": 3},
    "is_complete_request": {"code": "1"},
    "history_request": {"hist_access_type": "tail", "n": 99, "output": True, "raw": True},
    "connect_request": {},
    "shutdown_request": {"restart": False},
    "interrupt_request": {},
    "debug_request": {"type": "request", "seq": 1, "command": "debugInfo", "arguments": {}},
    "create_subshell_request": {},
    "list_subshell_request": {},
    "usage_request": {},
    "input_reply": {"value": "x"},
    "comm_open": {"comm_id": "x", "target_name": "jupyter.widget", "data": {}},
}


@pytest.mark.parametrize("kind", ASKED)
def test_a_raw_client_gets_no_answer_to_anything_but_widgets(
    socket: websocket.WebSocket, kind: str
) -> None:
    answers(socket)
    for channel in ("shell", "control", "stdin", "iopub"):
        send(socket, kind, ASKED[kind], channel)
    heard = answers(socket)
    assert {kind for _, kind, _ in heard} <= {"status", "kernel_info_reply"}
    assert not [frame for _, _, frame in heard if MARK.encode() in frame]


def test_the_code_did_not_run(live: Live, socket: websocket.WebSocket) -> None:
    send(socket, "execute_request", ASKED["execute_request"])
    answers(socket)
    assert not list((live.folder / ".dashops" / "gateway").rglob("ran"))


def test_widget_states_hold_no_source(socket: websocket.WebSocket) -> None:
    answers(socket)
    control = {"comm_id": "c", "target_name": "jupyter.widget.control", "data": {}}
    send(socket, "comm_open", control, metadata={"version": "1.0.0"})
    send(socket, "comm_msg", {"comm_id": "c", "data": {"method": "request_states"}})
    heard = answers(socket)
    assert "comm_msg" in {kind for _, kind, _ in heard}
    assert not [frame for _, _, frame in heard if MARK.encode() in frame]


@pytest.mark.parametrize("frame", [b"", b"\xff" * 200, b"\x06" + bytes(60), b"x" * 100_000])
def test_broken_frames_harm_nobody(socket: websocket.WebSocket, frame: bytes) -> None:
    socket.send_binary(frame)
    socket.send(json.dumps({"channel": "shell", "header": {"msg_type": "execute_request"}}))
    assert answers(socket)


@settings(ALWAYS, max_examples=60)
@given(FRAMES.filter(lambda frame: isinstance(frame, bytes)))
def test_a_sample_of_fuzzed_frames_stops_no_kernel(
    socket: websocket.WebSocket, frame: bytes
) -> None:
    for each in broken(frame):
        socket.send_binary(each)
    assert not [frame for _, _, frame in answers(socket) if MARK.encode() in frame]


def test_a_frame_over_the_limit_ends_that_connection_only(bob: Viewer, name: str) -> None:
    page = bob.open(name)
    greedy = connect(page.channels, wall.PROTOCOL)
    with pytest.raises((websocket.WebSocketException, OSError)):
        greedy.send_binary(bytes(wall.FRAME + 1))
        while greedy.recv():
            pass
    again = connect(page.channels, wall.PROTOCOL)
    assert answers(again)
    again.close()


@pytest.mark.parametrize("protocols", [(), ("other",)])
def test_the_legacy_protocol_is_refused(bob: Viewer, name: str, protocols: tuple[str, ...]) -> None:
    page = bob.open(name)
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        connect(page.channels, *protocols)
    assert refused.value.status_code == 400


def test_no_source_passes_while_the_cells_run(live: Live, bob: Viewer) -> None:
    """The kernel id is in the first part of the page, before the first cell has run."""
    live.deploy("running", *[f"import time; time.sleep(0.3)  # {MARK}"] * 6)
    with bob.http.stream("GET", "/dashboards/running/", follow_redirects=True) as page:
        text, pieces = "", page.iter_text()
        while "kernelId" not in text or "</script>" not in text.split("kernelId")[1]:
            text += next(pieces)
        socket = connect(Opened(str(page.url), text).channels, wall.PROTOCOL)
        rest = threading.Thread(target=lambda: [None for _ in pieces])
        rest.start()
        heard = []
        socket.settimeout(1.5)
        try:
            while True:
                heard.append(socket.recv())
        except websocket.WebSocketTimeoutException:
            rest.join()
    assert heard, "the client was connected while cells ran"
    assert not [frame for frame in heard if MARK.encode() in frame]
    socket.close()


def test_another_viewers_kernel_cannot_be_reached(bob: Viewer, name: str, live: Live) -> None:
    """Not with a login, and not with the key to a page of one's own."""
    alices, bobs = live.viewer().open(name), bob.open(name)
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        connect(bobs.channels.replace(bobs.kernel, alices.kernel), wall.PROTOCOL)
    assert refused.value.status_code in (403, 404)
    mixed = bobs.state.replace(bobs.kernel, alices.kernel)
    assert bob.http.get(mixed).status_code == 404
    leave = f"{bobs.base}voila/api/shutdown/{alices.kernel}"
    assert bob.http.post(leave).status_code == 404
    assert bob.http.delete(mixed).status_code in (403, 404, 405)
    mine = connect(alices.channels, wall.PROTOCOL)
    assert answers(mine)
    mine.close()


@pytest.mark.parametrize("origin", ["http://evil.example", "main", None])
def test_a_page_of_another_site_cannot_connect(
    live: Live, bob: Viewer, name: str, origin: str | None
) -> None:
    page = bob.open(name)
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        connect(page.channels, wall.PROTOCOL, origin=live.url if origin == "main" else origin)
    assert refused.value.status_code == 403


def test_without_a_login_no_kernel_is_started(live: Live, bob: Viewer, name: str) -> None:
    bob.http.cookies.clear()
    before = len(live.viewers(name))
    for path in (f"/dashboards/{name}/", f"/dashboards-plain/{name}/", "/"):
        assert httpx.get(live.url + path).status_code in (302, 403)
    assert len(live.viewers(name)) <= before


@pytest.mark.parametrize(
    "path",
    [
        "/voila/render/target.ipynb",
        "/voila/tree",
        "/voila/files/target.ipynb",
        "/voila/files/index.ipynb",
        "/voila/api/contents",
        "/voila/query/00000000-0000-0000-0000-000000000000",
        "/voila/execution/00000000-0000-0000-0000-000000000000",
        "/api/kernels",
        "/api/kernelspecs",
        "/api/sessions",
        "/api/contents",
        "/api/contents/index.ipynb",
        "/api/terminals",
        "/files/index.ipynb",
        "/nbconvert/html/index.ipynb",
        "/dashboards/target/index.ipynb",
        "/dashboards/target/../../names/target.json",
        "/dashboards/target/%2e%2e/%2e%2e/names/target.json",
        "/dashboards/target//etc/passwd",
        "/voila/templates/../../../../etc/passwd",
        "/voila/static/..%2f..%2f..%2fapp.py",
        "/voila/templates/lab/static/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/voila/labextensions/..%2f..%2f..%2fpyvenv.cfg",
        "/voila/templates/x",
    ],
)
@pytest.mark.parametrize("origin", ["dashboard", "content"])
def test_only_what_the_product_needs_is_served(
    live: Live, bob: Viewer, origin: str, path: str
) -> None:
    # Written by hand: a client library would tidy the path.
    port = live.ports[origin]
    with tcp.create_connection(("127.0.0.1", port), timeout=10) as raw:
        request = f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nCookie: {bob.cookie}\r\n\r\n"
        raw.sendall(request.encode())
        answer = b""
        while part := raw.recv(65536):
            answer += part
    status = int(answer.split()[1])
    assert status in (400, 403, 404), answer[:300]
    assert b"root:" not in answer and MARK.encode() not in answer and b"home =" not in answer


def test_a_foreign_host_name_is_refused(live: Live) -> None:
    answer = httpx.get(f"{live.url}/login", headers={"Host": "evil.example"})
    assert answer.status_code == 403


def test_logging_in_leads_nowhere_but_here(live: Live) -> None:
    for target in (
        "//evil.example",
        "http://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
    ):
        with httpx.Client(base_url=live.url) as client:
            client.get("/login")
            form = {"username": "viewer", "password": live.secret("viewer-password")}
            form |= {"_xsrf": client.cookies["_xsrf"], "next": target}
            assert client.post("/login", data=form).headers["Location"] == "/"


def test_the_login_needs_its_form(live: Live) -> None:
    form = {"username": "viewer", "password": live.secret("viewer-password")}
    assert httpx.post(f"{live.url}/login", data=form).status_code == 403


def test_the_gateway_answers_nobody_without_its_token(live: Live) -> None:
    url = f"http://127.0.0.1:{live.ports['gateway']}"
    for path in ("/api/kernels", "/api/kernelspecs", "/api", "/api/sessions"):
        assert httpx.get(url + path).status_code in (401, 403)
    assert httpx.put(f"{url}/api/dashops/bundles/{'0' * 64}", content=b"x").status_code == 401
    wrong = {"Authorization": f"token {live.secret('deploy-token')}"}
    assert httpx.get(f"{url}/api/kernels", headers=wrong).status_code == 401


def test_kernels_hold_no_secret_of_a_service(live: Live, bob: Viewer) -> None:
    live.deploy("environment", "import os; print('seen:', dict(os.environ))")
    page = bob.open("environment").html
    assert "seen:" in page
    for name in (
        "gateway-token",
        "deploy-token",
        "author-token",
        "admin-token",
        "cookie-secret",
        "viewer-password",
    ):
        assert live.secret(name) not in page


def test_a_kernel_keeps_no_history(live: Live, bob: Viewer, name: str) -> None:
    kernel = bob.open(name).kernel
    assert until(lambda: kernel in live.kernels(), "the kernel to run")
    assert not list((live.folder / ".dashops").rglob("history.sqlite"))


LISTS = """
import os, resource, json
limits = {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name))
          for name in ("DATA", "NPROC", "CPU", "NOFILE", "CORE")}
print("seen:" + json.dumps({"env": sorted(os.environ), "limits": limits, "home": os.environ["HOME"],
                            "cwd": os.getcwd()}) + ":seen")
"""
EXPECTED = {
    *("PATH", "LANG", "LC_ALL", "TZ", "HOME", "XDG_CACHE_HOME", "PWD", "SHLVL", "_", "OLDPWD"),
    *(
        "DASHOPS_BUNDLE",
        "QUERY_STRING",
        "REMOTE_USER",
        "KERNEL_USERNAME",
        "VIRTUAL_ENV",
        "PYTHONPATH",
        "DASHOPS_CLAIMS_KEY",
    ),
    # What Jupyter and IPython set themselves.
    *("JPY_PARENT_PID", "JPY_SESSION_NAME", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR"),
    *("GIT_PAGER", "PAGER", "TERM", "MPLBACKEND", "KERNEL_LAUNCH_TIMEOUT", "KERNEL_ID"),
    *("KERNEL_GATEWAY", "PYDEVD_USE_FRAME_EVAL", "PYDEVD_DISABLE_FILE_VALIDATION"),
}


def seen(live: Live, bob: Viewer, name: str, cell: str, **asked: Any) -> dict[str, Any]:
    live.deploy(name, cell, **asked)
    page = html.unescape(bob.open(name).html)
    found: dict[str, Any] = json.loads(page.split("seen:")[1].split(":seen")[0])
    return found


@pytest.mark.parametrize("mode", ["fresh", "snapshot"])
def test_a_kernel_gets_a_clean_environment_and_limits(live: Live, bob: Viewer, mode: str) -> None:
    name = f"limits-{mode}"
    found = seen(live, bob, name, LISTS, kernel=mode)
    assert not set(found["env"]) - EXPECTED
    assert found["limits"]["DATA"] == [2 * 2**30] * 2
    assert found["limits"]["NOFILE"] == [1024] * 2
    assert found["limits"]["CORE"] == [0, 0]
    soft, hard = found["limits"]["NPROC"]
    assert 4096 <= soft == hard < 2**31
    assert str(live.folder) in found["home"] and found["cwd"].startswith(str(live.folder))
    assert found["home"] != str(Path.home())


@pytest.mark.parametrize("kind", ["fork", "fresh"])
def test_limits_hold_in_the_callback_of_a_viewer(live: Live, bob: Viewer, kind: str) -> None:
    """Those of a fork are those of its snapshot."""
    cell = """
    import ipywidgets as widgets, os, resource
    shown = widgets.HTML("nothing")
    button = widgets.Button(description="open")
    def clicked(_):
        files = []
        try:
            while len(files) < 5000:
                files.append(open(os.devnull))
        except OSError as error:
            shown.value = f"stopped {len(files) < 1024} {resource.getrlimit(resource.RLIMIT_CORE)}"
        for each in files:
            each.close()
    button.on_click(clicked)
    widgets.VBox([button, shown])
    """
    name = f"files-{kind}"
    live.deploy(name, textwrap.dedent(cell), kernel="snapshot" if kind == "fork" else "fresh")
    with conversation(bob, name) as page:
        button = next(
            model
            for model, of in page.models.items()
            if "Button" in str(of["model_name"]) and "description" in of["state"]
        )
        assert "stopped True (0, 0)" in str(page.click(button))
