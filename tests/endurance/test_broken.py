"""What does not run is not published: broken notebooks over a good one that somebody watches."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from broken import BROKEN, Broken
from live import Live, notebook
from seats import SLIDER, Seats, move

KEPT = 10  # revisions that are not shown


class Halfway(http.server.BaseHTTPRequestHandler):
    """Promises a package, sends half of it and hangs up."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(b"PK" + bytes(50_000))
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def halfway() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Halfway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()


def publish(live: Live, broken: Broken, folder: Path, halfway: str) -> tuple[int, str]:
    """The exit code and what the author reads."""
    folder.mkdir()
    book = folder / "steady.ipynb"
    book.write_text(broken.text or json.dumps(notebook(*broken.all, **broken.metadata)))
    for name, content in broken.files.items():
        (folder / name).write_bytes(content.replace(b"HALFWAY", halfway.encode()))
    files = [folder / name for name in broken.files]
    done = live.try_dashops("deploy-notebook", book, *files)
    return done.returncode, done.stderr


def test_nothing_broken_reaches_viewers(
    live: Live, seats: Seats, tmp_path: Path, halfway: str
) -> None:
    live.deploy("steady", SLIDER, ("markdown", "the good one"))
    watching = seats.new()
    watching.open("steady", "text=the good one")
    assert len(BROKEN) >= 30
    wrong: list[str] = []
    for moves, broken in enumerate(BROKEN, start=1):
        code, said = publish(live, broken, tmp_path / str(moves), halfway)
        words = (*broken.words, *broken.source.splitlines())
        if code != broken.code or not all(word in said for word in words):
            wrong.append(f"{broken.reason}, {words}: {code} {said}")
        move(watching)
        watching.page.wait_for_selector(f"text=size is {3 + moves}")
        if live.api("GET", "/_api/notebooks/steady").json()["revision"] != 1:
            wrong.append(f"{broken.reason}: viewers get it")
            live.dashops("rollback", "steady", "1")
    assert not wrong, "\n\n".join(wrong)
    late = seats.new()
    late.open("steady", "text=the good one")
    history = json.loads(live.dashops("revisions", "steady", "--json"))["revisions"]
    assert [each["state"] for each in history] == ["failed"] * KEPT + ["active"]
