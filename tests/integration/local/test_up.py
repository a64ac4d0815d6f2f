"""`up` on this machine: what runs, what is kept private, and that doing it twice does nothing."""

import http.client
import os
import signal
import socket
import stat
import time
from pathlib import Path

import psutil
import pytest

from .conftest import SECRET_OF_THE_SHELL, Stack

SLOTS = {"gateway", "dashboard", "notebook"}


def get(port: int, path: str, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def snapshot(folder: Path) -> dict[str, tuple[int, float]]:
    found = {}
    for path in folder.rglob("*"):
        if "logs" not in path.parts and "run" not in path.parts and path.is_file():
            info = path.stat()
            found[str(path)] = (info.st_size, info.st_mtime)
    return found


def test_every_slot_is_healthy(stack: Stack) -> None:
    slots = stack.slots()
    assert set(slots) == SLOTS
    assert {slot["state"] for slot in slots.values()} == {"healthy"}
    assert all(slot["memory"] > 10_000_000 for slot in slots.values())
    out, _ = stack.dashops("status")
    assert "open viewers: 0" in out


def test_the_second_up_does_nothing(stack: Stack) -> None:
    before, pids = snapshot(stack.state), stack.pids()
    _, err = stack.dashops("up")
    assert "nothing to do" in err
    assert stack.dashops("plan")[0] == "nothing to do\n"
    assert stack.pids() == pids
    assert snapshot(stack.state) == before


def test_only_loopback_listens(stack: Stack) -> None:
    addresses = {
        connection.laddr.ip
        for process in stack.processes()
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}


def test_what_dashops_writes_is_private(stack: Stack) -> None:
    assert stat.S_IMODE(stack.state.stat().st_mode) == 0o700
    for name in ("secrets", "rendered", "run"):
        assert stat.S_IMODE((stack.state / name).stat().st_mode) == 0o700
    files = [*(stack.state / "secrets").iterdir(), *(stack.state / "rendered").rglob("*.*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files if path.is_file()} == {0o600}
    assert stat.S_IMODE((stack.state / "run/supervisor.sock").stat().st_mode) == 0o700


def test_no_secret_is_in_a_command_a_log_a_rendered_file_or_an_environment(stack: Stack) -> None:
    secrets = [path.read_text() for path in (stack.state / "secrets").iterdir()]
    assert len(secrets) == 7
    texts = {
        str(path): path.read_text(errors="replace")
        for folder in ("logs", "rendered")
        for path in (stack.state / folder).rglob("*")
        if path.is_file()
    }
    for process in stack.processes():
        texts[f"argv of {process.pid}"] = " ".join(process.cmdline())
        texts[f"environment of {process.pid}"] = str(process.environ())
    secrets.append(SECRET_OF_THE_SHELL)
    assert not [name for name, text in texts.items() for secret in secrets if secret in text]


def test_the_notebook_slot_wants_its_token(stack: Stack) -> None:
    port, token = stack.port("notebook"), stack.secret("notebook-token")
    assert get(port, "/api/contents") == 403
    assert get(port, "/api/contents", Authorization=f"token {token}") == 200
    assert get(port, "/api/contents", Authorization=f"token {token}", Host="evil.example") == 403


def test_the_notebook_slot_shows_the_folder_of_the_stack(stack: Stack) -> None:
    (stack.folder / "notebooks" / "mine.txt").write_text("hello")
    token = stack.secret("notebook-token")
    assert (
        get(stack.port("notebook"), "/api/contents/mine.txt", Authorization=f"token {token}") == 200
    )


def test_a_removed_secret_is_made_anew_and_read(stack: Stack) -> None:
    old, before = stack.secret("notebook-token"), stack.pids()
    (stack.state / "secrets/notebook-token").unlink()
    stack.dashops("up")
    after = stack.pids()
    assert {slot for slot in SLOTS if after[slot] != before[slot]} == {"notebook"}
    port = stack.port("notebook")
    assert get(port, "/api/contents", Authorization=f"token {old}") == 403
    new = f"token {stack.secret('notebook-token')}"
    assert get(port, "/api/contents", Authorization=new) == 200


def test_an_edited_stack_restarts_only_the_slot_it_touches(stack: Stack) -> None:
    before = stack.pids()
    stack.edit("gateway: {", "gateway: {max_kernels: 7, ")
    out, _ = stack.dashops("plan", code=2)
    assert (
        "> gateway: restart (recipe changed: gateway/gateway.py); no viewer loses anything" in out
    )
    assert "dashboard" not in out
    assert stack.pids() == before
    stack.dashops("up")
    after = stack.pids()
    assert {slot for slot in SLOTS if after[slot] != before[slot]} == {"gateway"}


def test_new_packages_replace_the_environment(stack: Stack) -> None:
    names = {path.name for path in (stack.state / "environments").iterdir()}
    stack.edit("packages: []", "packages: [six]")
    stack.dashops("up")
    after = {path.name for path in (stack.state / "environments").iterdir()}
    assert len(after) == 3
    assert {name.partition("-")[0] for name in after - names} == {"gateway", "notebook"}


def test_a_taken_port_names_who_holds_it_and_changes_nothing(stack: Stack) -> None:
    before = stack.pids()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        stack.edit(f"notebook: {{port: {stack.port('notebook')}", f"notebook: {{port: {port}")
        _, err = stack.dashops("up", code=2)
    me = psutil.Process()
    assert f"port {port} of the notebook slot is taken by process {me.pid}" in err
    assert "dashops.yaml:4" in err
    assert "hint: stop it, or set `notebook.port`" in err
    assert stack.pids() == before


def test_a_slot_that_ends_at_once_is_told_soon_with_its_log(stack: Stack) -> None:
    python = next((stack.state / "environments").glob("notebook-*")) / "bin" / "python"
    good = python.readlink()
    pid = stack.pids()["notebook"]
    try:
        python.unlink()
        python.write_text("#!/bin/sh\necho 'it hurts here'\nexit 3\n")
        python.chmod(0o755)
        psutil.Process(pid).kill()
        began = time.monotonic()
        _, err = stack.dashops("up", code=3)
        assert time.monotonic() - began < 30
    finally:
        python.unlink()
        python.symlink_to(good)
    assert "error: the notebook slot ends as soon as it is started" in err
    assert "it hurts here" in err
    assert "dashops logs notebook" in err
    stack.dashops("up")
    assert {slot["state"] for slot in stack.slots().values()} == {"healthy"}


def test_a_folder_that_was_moved_starts_at_its_new_place(stack: Stack) -> None:
    stack.dashops("down")
    moved = Stack(stack.folder.with_name("moved"))
    stack.folder.rename(moved.folder)
    try:
        moved.dashops("up")
        assert {slot["state"] for slot in moved.slots().values()} == {"healthy"}
    finally:
        moved.dashops("down")
        moved.folder.rename(stack.folder)


def test_two_at_once_are_one_too_many(stack: Stack) -> None:
    stack.edit("frontends: []", "frontends: [six]")
    first = stack.start("up")
    # The first is at work when it says so.
    assert first.stderr
    assert first.stderr.readline().startswith("dashboard: make environment")
    _, err = stack.dashops("up", code=1)
    assert "another `dashops` is working on this stack" in err
    first.communicate(timeout=180)
    assert first.returncode == 0


def test_after_an_interruption_up_goes_on(stack: Stack) -> None:
    stack.edit("frontends: []", "frontends: [six, packaging]")
    process = stack.start("up")
    assert process.stderr
    for line in process.stderr:
        if "install packages" in line:
            break
    # As Ctrl-C does: everybody in the terminal's foreground.
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    stack.dashops("up")
    assert stack.dashops("plan")[0] == "nothing to do\n"


def test_logs_are_followed(stack: Stack) -> None:
    out, _ = stack.dashops("logs", "notebook", "-n", "3")
    assert len(out.splitlines()) == 3
    assert out.startswith("notebook   | ")
    following = stack.start("logs", "-f", "gateway", "-n", "0")
    assert following.stdout
    try:
        token = stack.secret("gateway-token")
        marker = "/api/kernelspecs"
        get(stack.port("gateway"), marker, Authorization=f"token {token}")
        # Ends with the test's own time limit if the line never comes.
        assert any(marker in line for line in following.stdout)
    finally:
        following.kill()
        following.communicate()


@pytest.mark.parametrize("verb", ["plan", "status", "render", "logs"])
def test_verbs_that_look_change_nothing(stack: Stack, verb: str) -> None:
    before = snapshot(stack.folder)
    stack.dashops(verb)
    assert snapshot(stack.folder) == before
