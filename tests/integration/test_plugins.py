"""A third party's menu entry in a running stack, from installing it to taking it out again."""

import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import live
import pytest
from live import Live

from dashops import conformance

ACME = Path(__file__).parents[2] / "examples" / "acme-bundler"
TOKEN, KEY = "acme-token-of-the-operator", "key-of-the-cluster"
PUBLIC = "https://sales.acme.example/"
BAD = """
import asyncio

class Nonsense:
    label = "Nonsense"
    async def bundle(self, notebook, context):
        context.tell(object(), "half")

class Exits(Nonsense):
    label = "Exits"
    async def bundle(self, notebook, context):
        raise SystemExit("gone")

class Hangs(Nonsense):
    label = "Hangs"
    async def bundle(self, notebook, context):
        context.tell("waiting", None)
        await asyncio.sleep(3600)

class NoFile(Nonsense):
    label, group = "No file", "download"
    async def bundle(self, notebook, context):
        from dashops.bundlers import Download
        return Download(context.folder / "absent", "absent.zip")
"""


class Host(BaseHTTPRequestHandler):
    """The hosting company: keeps what it is sent, if the token is right."""

    got: dict[str, bytes]

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self.answer(403, {"message": "this is not our token"})
            return
        self.got[self.path] = body
        self.answer(200, {"url": PUBLIC})

    def answer(self, code: int, said: dict[str, str]) -> None:
        body = json.dumps(said).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def host() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Where the company is, and what it was sent."""
    got: dict[str, bytes] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Acme", (Host,), {"got": got}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def settings(
    host: tuple[str, dict[str, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """What the operator sets for acme; its secrets are in files."""
    folder = tmp_path_factory.mktemp("operator")
    (folder / "token").write_text(TOKEN + "\n")
    (folder / "key").write_text(KEY)
    return {
        "host": host[0],
        "token_file": str(folder / "token"),
        "cluster_url": "https://kernels.acme.example",
        "cluster_key_file": str(folder / "key"),
    }


@pytest.fixture(scope="module")
def stack(
    settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Live, httpx.Client]]:
    """A stack whose notebook environment is its own, and an author with its token."""
    folder = tmp_path_factory.mktemp("plugins")
    (folder / "entries.json").write_text(json.dumps({"acme": settings}))
    changes = {"notebook": {"entries_file": "entries.json"}, "dashboard": live.UNSEEN}
    with live.running(folder, changes) as running:
        _own_environment(running)
        url = f"http://127.0.0.1:{running.ports['notebook']}/"
        headers = {"Authorization": f"token {running.secret('notebook-token')}"}
        with httpx.Client(base_url=url, headers=headers, timeout=120, verify=live.NO_TLS) as author:
            author.get("lab")  # as a browser, which then has the cookies
            yield running, author


def _environment(running: Live) -> Path:
    (found,) = (running.folder / ".dashops" / "environments").glob("notebook-*")
    return found


def _own_environment(running: Live) -> None:
    """Other stacks of this run have the same one, and must not see what is installed here."""
    there = _environment(running)
    if there.is_symlink():
        copy = running.folder / "copy"
        subprocess.run(["cp", "-al", f"{there}/.", copy], check=True)
        there.unlink()
        copy.rename(there)


def uv(running: Live, *words: str | Path) -> None:
    tool = Path(sys.executable).with_name("uv")
    python = _environment(running) / "bin" / "python"
    subprocess.run(
        [tool, "pip", *words, "--quiet", "--python", python], check=True, env={**os.environ}
    )


def entries(author: httpx.Client) -> dict[str, dict[str, str]]:
    found = author.get("dashops/entries").json()["entries"]
    return {each["id"]: each for each in found}


def run(author: httpx.Client, entry: str, file: str) -> list[dict[str, Any]]:
    """All that is said while an entry works, the result at the end."""
    xsrf = {"X-XSRFToken": author.cookies.get("_xsrf") or ""}
    answer = author.post(f"dashops/entries/{entry}", json={"path": file}, headers=xsrf)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def written(running: Live, name: str) -> str:
    """A notebook that asks for no more than a slider."""
    content = live.notebook("1 + 1", dashops={"dependencies": ["ipywidgets"]})
    (running.folder / name).write_text(json.dumps(content))
    return name


def test_acme_comes_works_and_goes(
    stack: tuple[Live, httpx.Client], host: tuple[str, dict[str, bytes]], tmp_path: Path
) -> None:
    running, author = stack
    assert "plugin.acme" not in entries(author)
    uv(running, "install", "--no-deps", ACME)
    acme = entries(author)["plugin.acme"]
    assert (acme["label"], acme["group"], acme["broken"]) == ("Dashboard on acme", "deploy", "")

    *progress, last = run(author, "plugin.acme", written(running, "sales.ipynb"))
    assert last == {"link": PUBLIC, "text": "sales is on acme", "notes": []}
    assert {"Resolving the packages", "Sending the app"} <= {each["text"] for each in progress}
    sent = host[1]
    configuration = json.loads(sent["/apps/sales/configuration"])
    assert configuration["APP_GATEWAY_TOKEN"] == KEY
    (tmp_path / "app.zip").write_bytes(sent["/apps/sales"])
    with zipfile.ZipFile(tmp_path / "app.zip") as app:
        told = app.read("app.env").decode()
        every = b"".join(app.read(name) for name in app.namelist())
    assert "APP_GATEWAY_URL=https://kernels.acme.example\n" in told
    assert not [each for each in (TOKEN, KEY) if each.encode() in every]
    assert not [each for each in (TOKEN, KEY) if each in running.log("notebook")]

    uv(running, "uninstall", "acme-bundler")
    assert "plugin.acme" not in entries(author)


def test_acme_says_what_its_host_says(
    stack: tuple[Live, httpx.Client], settings: dict[str, str]
) -> None:
    running, author = stack
    uv(running, "install", "--no-deps", ACME)
    token = Path(settings["token_file"])
    try:
        assert "plugin.acme" in entries(author)
        token.write_text("another")
        *_, last = run(author, "plugin.acme", written(running, "refused.ipynb"))
        assert last["failed"] == "acme refused the dashboard: this is not our token"
        (running.folder / "entries.json").write_text('{"acme": {"host": 3}}')
        assert "must" in entries(author)["plugin.acme"]["broken"]
    finally:
        token.write_text(TOKEN)
        (running.folder / "entries.json").write_text(json.dumps({"acme": settings}))
        uv(running, "uninstall", "acme-bundler")


def test_acme_keeps_to_what_dashops_asks_of_it(
    settings: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tool = Path(sys.executable).with_name("uv")
    words = [tool, "pip", "install", "--quiet", "--no-deps", "--target", tmp_path, ACME]
    subprocess.run(words, check=True)
    monkeypatch.syspath_prepend(tmp_path)
    report = conformance.test("acme-bundler", settings, 60)
    outcomes = {check.title: check.outcome for check in report.entries[0].checks}
    assert set(outcomes.values()) == {"passed"}, report
    assert outcomes["result"] == "passed"


def test_bad_entries_harm_nobody(stack: tuple[Live, httpx.Client]) -> None:
    running, author = stack
    (site,) = (_environment(running) / "lib").glob("python*/site-packages")
    (site / "bad_entries.py").write_text(BAD)
    about = site / "bad_entries-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-entries\nVersion: 1\n")
    names = ("Nonsense", "Exits", "Hangs", "NoFile", "Absent")
    points = [f"{name.lower()} = bad_entries:{name}" for name in names]
    (about / "entry_points.txt").write_text("\n".join(["[dashops.bundlers]", *points]))
    file = written(running, "bad.ipynb")
    assert "Absent" in entries(author)["plugin.absent"]["broken"]

    # It is left, and works on; meanwhile everybody else is served.
    asked = {"json": {"path": file}, "headers": {"X-XSRFToken": author.cookies["_xsrf"]}}
    with author.stream("POST", "dashops/entries/plugin.hangs", **asked) as answer:
        assert json.loads(next(answer.iter_lines()))["text"] == "waiting"
        *told, last = run(author, "plugin.nonsense", file)
    assert "neither a Link nor a Download, but a NoneType" in last["failed"]
    assert told[0]["done"] is None
    assert run(author, "plugin.exits", file)[-1]["failed"] == "SystemExit: gone"
    assert "there is no file" in run(author, "plugin.nofile", file)[-1]["failed"]
    assert entries(author)["app"]["broken"] == ""


def test_an_app_is_fetched_once_by_who_made_it(stack: tuple[Live, httpx.Client]) -> None:
    running, author = stack
    app = entries(author)["app"]
    assert (app["label"], app["group"]) == ("Dashboard app (.zip)", "download")
    *_, made = run(author, "app", written(running, "Mine.ipynb"))
    assert made["name"] == "mine.zip"
    stranger = httpx.get(
        f"{author.base_url}{made['download']}",
        headers={"Authorization": author.headers["Authorization"]},
        verify=live.NO_TLS,
    )
    assert stranger.status_code == 404
    answer = author.get(made["download"])
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''mine.zip"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content.startswith(b"PK")
    assert author.get(made["download"]).status_code == 404
    assert not [path for path in Path("/tmp").glob("dashops-*/*/mine.zip")]
