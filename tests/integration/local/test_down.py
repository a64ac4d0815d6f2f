"""`down`, and processes that are killed: nothing stays behind, and everything comes back."""

import http.client
import json
import socket
import time
from collections.abc import Callable

import psutil

from dashops.flow import KEPT

from .conftest import Stack


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)


def healthy(stack: Stack) -> bool:
    return {slot["state"] for slot in stack.slots().values()} == {"healthy"}


def supervisor(stack: Stack) -> psutil.Process:
    return psutil.Process(int((stack.state / "run/supervisor.pid").read_text()))


def test_down_leaves_no_process_port_or_socket(stack: Stack) -> None:
    ports = [stack.port(slot) for slot in ("gateway", "dashboard", "notebook")]
    _, err = stack.dashops("down")
    assert stack.processes() == []
    assert not (stack.state / "run").exists()
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    left = {path.name for path in stack.state.iterdir() if not path.name.startswith(".")}
    assert left - {"lock", "rendered", "target"} == set(KEPT) & left
    for kept in ("secrets", "environments", "logs", "gateway", "jupyter"):
        assert f"kept {stack.state / kept}" in err
        assert (stack.state / kept).exists()
    _, err = stack.dashops("down")
    assert "was not up" in err


def test_up_after_down_keeps_secrets_and_environments(stack: Stack) -> None:
    token = stack.secret("notebook-token")
    stack.dashops("down")
    plan = json.loads(stack.dashops("plan", "--json", code=2)[0])
    assert {step["slot"] for step in plan["steps"]} == {"supervisor"}
    stack.dashops("up")
    assert stack.secret("notebook-token") == token


def test_every_killed_slot_comes_back(stack: Stack) -> None:
    before = stack.pids()
    for pid in before.values():
        psutil.Process(pid).kill()
    until(lambda: healthy(stack))
    after = stack.pids()
    assert all(after[slot] != before[slot] for slot in before)
    assert stack.dashops("plan")[0] == "nothing to do\n"


def test_up_after_the_supervisor_was_killed(stack: Stack) -> None:
    orphans = list(stack.pids().values())
    supervisor(stack).kill()
    until(lambda: "running" not in stack.start("status").communicate()[0])
    assert {slot["state"] for slot in stack.slots().values()} == {"failing"}
    out, _ = stack.dashops("plan", code=2)
    assert "stop leftovers (their supervisor died)" in out
    stack.dashops("up")
    assert healthy(stack)
    assert not [pid for pid in orphans if pid in stack.pids().values()]
    assert (
        len([each for each in stack.processes() if "supervisord.conf" in str(each.cmdline())]) == 1
    )


def test_down_after_the_supervisor_was_killed(stack: Stack) -> None:
    supervisor(stack).kill()
    stack.dashops("down")
    assert stack.processes() == []
    assert not (stack.state / "run").exists()


def test_down_after_somebody_removed_the_sockets(stack: Stack) -> None:
    for path in (stack.state / "run").glob("supervisor.*"):
        path.unlink()
    stack.dashops("down")
    assert stack.processes() == []


def test_kernels_end_with_the_stack(stack: Stack) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", stack.port("notebook"), timeout=30)
    token = stack.secret("notebook-token")
    connection.request("POST", "/api/kernels", headers={"Authorization": f"token {token}"})
    assert connection.getresponse().status == 201
    (kernel,) = psutil.Process(stack.pids()["notebook"]).children()
    stack.dashops("down")
    until(lambda: not kernel.is_running() or kernel.status() == psutil.STATUS_ZOMBIE, 5)


def test_purge_leaves_nothing(stack: Stack) -> None:
    stack.dashops("down", "--purge", "-y")
    assert not stack.state.exists()
    assert stack.processes() == []
