"""What viewers take of a machine's memory, as the gateway, the server and `dashops top` say it."""

import json
import os
import pty
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from conversing import Conversation, conversation
from frozen import process
from live import DASHOPS, UNSEEN, Live, running, until

from dashops.services.gateway import memory

MB = 10**6
LOADED, MORE = 80 * MB, 50 * MB
NOTEBOOK = f"""
import ipywidgets
data = b"x" * {LOADED}
slider, label = ipywidgets.IntSlider(), ipywidgets.Label("0")
hold = []
def moved(change):
    hold.append(b"y" * {MORE})
    label.value = str(change.new)
slider.observe(moved, "value")
ipywidgets.VBox([slider, label])
"""


def test_a_fork_counts_what_it_changed_and_not_what_it_shares(tmp_path: Path) -> None:
    with process(tmp_path, f"data = b'x' * {LOADED}") as frozen:
        assert frozen.freeze()["frozen"]
        fork, other = frozen.fork(), frozen.fork()
        pids = {"snapshot": frozen.popen.pid, "fork": fork.process, "other": other.process}
        before = memory.of(pids)
        assert before["fork"].unique < LOADED / 2
        assert before["fork"].shared > LOADED / 5, "its part of three"
        assert before["snapshot"].unique < LOADED / 2, "a fork that is asked for is not its child"
        fork.run(f"hold = b'y' * {MORE}")
        child = int(fork.run("import subprocess; subprocess.Popen(['sleep', '99']).pid"))
        after = memory.of(pids)
        assert after["fork"].unique - before["fork"].unique > MORE * 0.9
        assert after["other"].unique - before["other"].unique < MORE / 10
        own = memory.of({"fork": fork.process, "child": child})
        assert after["fork"].unique >= own["fork"].unique + own["child"].unique * 0.9


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    dashboard = UNSEEN | {"idle_timeout": 600}
    with running(tmp_path_factory.mktemp("stack"), {"dashboard": dashboard}) as stack:
        stack.deploy("square", NOTEBOOK)
        yield stack


def gateway(live: Live, method: str, path: str, **arguments: Any) -> httpx.Response:
    url = f"http://127.0.0.1:{live.ports['gateway']}{path}"
    headers = {"Authorization": f"token {live.secret('gateway-token')}"}
    return httpx.request(method, url, headers=headers, timeout=60, **arguments)


def used(live: Live, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What the server says of the dashboard, as soon as it says that."""

    def look() -> dict[str, Any] | None:
        found = live.api("GET", "/_api/usage").json()
        (shown,) = found["dashboards"]
        return dict(shown) if true(shown) else None

    return dict(until(look, "the server says so"))


@pytest.fixture
def pages(live: Live) -> Iterator[list[Conversation]]:
    with ExitStack() as open_pages:
        yield [open_pages.enter_context(conversation(live.viewer(), "square")) for _ in range(3)]


def move(page: Conversation) -> None:
    model = next(each for each, found in page.models.items() if "min" in found["state"])
    page.move(model, {"value": 1})


def test_own_memory_grows_with_what_a_viewer_does_and_shared_memory_does_not(
    live: Live, pages: list[Conversation]
) -> None:
    before = used(live, lambda each: each["own_each"] is not None and each["viewers"] == 3)
    assert (before["mode"], before["kernels"], before["waiting"]) == ("snapshot", 3, 0)
    assert 0 < before["own_each"] < LOADED / 2
    assert before["shared"] > LOADED
    assert 0 < before["fork"] < before["open_p50"] <= before["open_p95"]
    move(pages[0])
    after = used(live, lambda each: each["own"] > before["own"] + 0.9 * MORE)
    assert after["own_each"] < before["own_each"] + MORE / 5, "it is one viewer's"
    assert abs(after["shared"] - before["shared"]) < MORE / 2


def test_the_gateway_names_the_snapshot_of_each_fork(live: Live, pages: list[Conversation]) -> None:
    assert pages
    found = gateway(live, "GET", "/api/dashops/usage").json()
    ((snapshot, told),) = found["snapshots"].items()
    assert len(told["revision"]) == 64
    assert {each["snapshot"] for each in found["kernels"].values()} == {snapshot}
    assert 0 < found["memory"]["available"] < found["memory"]["limit"]
    headers = {"Authorization": "token wrong"}
    url = f"http://127.0.0.1:{live.ports['gateway']}/api/dashops/usage"
    assert httpx.get(url, headers=headers).status_code == 401


def test_top_prints_once_into_a_pipe_and_for_programs(
    live: Live, pages: list[Conversation]
) -> None:
    used(live, lambda each: each["viewers"] == len(pages) and each["own_each"] is not None)
    for words in (["top", "--once"], ["top"]):
        out = live.dashops(*words)
        sizes = r"\d[\d.]* MB +\d[\d.]* MB +\d+ MB"
        assert re.search(rf"^square +1 +snapshot +3 +0 +3 +{sizes}", out, re.M)
        assert re.search(r": 3 kernels, .* of .* free$", out, re.M)
    found = json.loads(live.dashops("top", "--json"))
    (shown,) = found["dashboards"]
    assert (shown["viewers"], found["viewers"]) == (3, 3)
    assert shown["own_each"] < LOADED / 2 < shown["shared"]


def test_top_draws_again_on_a_terminal_and_ctrl_c_ends_it_well(live: Live) -> None:
    outer, inner = pty.openpty()
    top = subprocess.Popen(
        # A shell's background job ignores SIGINT, and so would what it starts.
        ["env", "--default-signal=INT", DASHOPS, "top", "--every", "0.2"],
        cwd=live.folder,
        stdin=inner,
        stdout=inner,
        stderr=inner,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(inner)
    drawn = b""
    try:
        while drawn.count(b"\x1b[H") < 3:
            drawn += os.read(outer, 4096)
        top.send_signal(signal.SIGINT)
        while True:
            drawn += os.read(outer, 4096)
    except OSError:  # as a terminal ends
        pass
    finally:
        top.kill() if top.poll() is None and b"\x1b[?1049l" not in drawn else None
        os.close(outer)
    assert top.wait(20) == 0
    assert b"square" in drawn.partition(b"\x1b[?1049l")[2], "the last look stays to be read"
    assert b"Traceback" not in drawn


@pytest.fixture
def tight(live: Live) -> Live:
    """The stack with more memory to be left free than there is; the last test's."""
    file = live.folder / "dashops.yaml"
    settings = yaml.safe_load(file.read_text())
    settings["gateway"]["memory_reserve"] = "900 TiB"
    file.write_text(yaml.safe_dump(settings))
    live.dashops("up", "-y")
    return live


def test_without_memory_a_viewer_is_told_and_no_kernel_starts(tight: Live) -> None:
    answer = gateway(tight, "POST", "/api/kernels", json={"name": "python3"})
    assert answer.status_code == 507
    assert answer.json()["reason"] == "memory"
    assert "no memory for another kernel" in answer.json()["message"]
    page = tight.viewer().http.get("/dashboards/square/")
    assert page.status_code == 503
    assert "memory" in page.text
    assert tight.kernels() == []
