"""The stories on a real Docker Engine, from the first `up` to nothing left."""

import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from engines import BASE
from live import free_ports, until
from recorder import Recorder
from stacks import Stack

pytestmark = pytest.mark.compose
EXAMPLE = Path(__file__).parents[2] / "examples" / "tips.ipynb"
AUTHORITY = "/var/lib/dashops/proxy/caddy/pki/authorities/local/root.crt"
SLOTS = ("gateway", "dashboard", "notebook", "proxy")


def healthy(stack: Stack) -> bool:
    return all(each["state"] == "healthy" for each in stack.slots().values())


def test_an_example_is_deployed(stack: Stack) -> None:
    shutil.copy(EXAMPLE, stack.folder)
    link = stack.dashops("deploy-notebook", EXAMPLE.name).strip()
    assert link == f"http://127.0.0.1:{stack.ports['dashboard']}/dashboards/tips"
    assert httpx.get(link).status_code == 302


def test_smoke_is_green(stack: Stack) -> None:
    assert ", 0 skipped" in stack.dashops("smoke")


def test_nobody_gets_through(stack: Stack) -> None:
    assert ", 0 GOT THROUGH" in stack.dashops("attack")


def test_looking_changes_nothing_and_a_second_up_neither(stack: Stack, sockets: Path) -> None:
    recorder = Recorder(sockets / "s", Path(stack.engine.removeprefix("unix://")))
    for words in (("plan",), ("status",), ("render",), ("up", "-y"), ("status", "--drift")):
        stack.dashops(*words, engine=recorder.address)
    recorder.close()
    assert recorder.calls, "nobody asked the engine anything"
    assert recorder.changing == []
    assert stack.dashops("plan").strip() == "nothing to do"


def test_what_is_killed_comes_back(stack: Stack) -> None:
    for slot in SLOTS:
        stack.docker("kill", stack.container(slot))
    assert stack.dashops("status", "--drift", code=1).count("that is exited") == len(SLOTS)
    stack.dashops("up", "-y")
    assert healthy(stack)
    assert "tips" in stack.dashops("dashboards")


def test_a_paused_container_is_named(stack: Stack) -> None:
    stack.docker("pause", stack.container("notebook"))
    try:
        assert stack.slots()["notebook"]["state"] == "failing"
        assert "is paused" in stack.dashops("status", "--drift", code=1)
    finally:
        stack.docker("unpause", stack.container("notebook"))
    until(lambda: healthy(stack), "it is healthy again", 60)


def test_only_what_changed_is_replaced(stack: Stack) -> None:
    before = {
        slot: stack.docker("inspect", "-f", "{{.Id}}", stack.container(slot)) for slot in SLOTS
    }
    file = stack.folder / "dashops.yaml"
    file.write_text(file.read_text().replace("dashboard:\n", "dashboard:\n  title: Figures\n"))
    told = stack.dashops("plan", code=2)
    assert "(recipe changed: dashboard/dashboard.toml)" in told
    stack.dashops("up", "-y")
    after = {
        slot: stack.docker("inspect", "-f", "{{.Id}}", stack.container(slot)) for slot in SLOTS
    }
    assert {slot for slot in SLOTS if before[slot] != after[slot]} == {"dashboard"}
    page = httpx.get(f"http://127.0.0.1:{stack.ports['dashboard']}/login")
    assert "Figures" in page.text


def test_people_come_with_tls(stack: Stack) -> None:
    port = free_ports(1)[0]
    host, content = "localhost", "content.localhost"
    named = f"  address: https://{host}:{port}\n  content_address: https://{content}:{port}\n"
    file = stack.folder / "dashops.yaml"
    before = file.read_text()
    file.write_text(before.replace("dashboard:\n", f"dashboard:\n{named}"))
    stack.dashops("up", "-y")
    authority = stack.docker("exec", stack.container("proxy"), "cat", AUTHORITY)
    trusting = ssl.create_default_context(cadata=authority)
    with httpx.Client(base_url=f"https://{host}:{port}", verify=trusting) as viewer:
        viewer.get("/login")
        password = (stack.folder / ".dashops" / "secrets" / "viewer-password").read_text().strip()
        form = {"username": "viewer", "password": password, "_xsrf": viewer.cookies["_xsrf"]}
        answer = viewer.post("/login", data=form)
        assert answer.status_code == 302
        assert "Secure" in answer.headers["Set-Cookie"]
        # Their dashboards are at the other name.
        assert viewer.get("/dashboards/tips/").headers["Location"].startswith(f"https://{content}:")
        page = viewer.get(
            f"https://127.0.0.1:{port}/c/nothing",
            headers={"Host": f"{content}:{port}"},
            extensions={"sni_hostname": content},
        )
    assert page.headers["Content-Security-Policy"].startswith("sandbox")
    file.write_text(before)
    stack.dashops("up", "-y")


def test_the_rendered_file_runs_by_hand(stack: Stack) -> None:
    stack.dashops("down")
    assert stack.docker("ps", "--all", "--quiet") == ""
    stack.compose("up", "--detach", "--no-build")
    until(lambda: healthy(stack), "all slots are healthy", 90)
    assert stack.dashops("plan").strip() == "nothing to do"


def test_images_are_small(stack: Stack, tell: Callable[[str], None]) -> None:
    base = int(stack.docker("image", "inspect", "-f", "{{.Size}}", BASE))
    above = {}
    for slot in SLOTS:
        image = stack.docker("inspect", "-f", "{{.Config.Image}}", stack.container(slot))
        above[slot] = int(stack.docker("image", "inspect", "-f", "{{.Size}}", image)) - base
    each = ", ".join(f"{slot} {size / 1e6:.0f}" for slot, size in above.items())
    tell(f"images above a base of {base / 1e6:.0f} MB, in MB: {each}")
    assert max(above["gateway"], above["dashboard"]) <= 350e6


def test_no_engine_is_said(stack: Stack, tmp_path: Path) -> None:
    said = stack.dashops("status", code=3, engine=f"unix://{tmp_path}/none.sock")
    assert "no Docker Engine answers" in said and "hint: start it" in said


def test_nothing_is_left(stack: Stack) -> None:
    stack.dashops("down", "--volumes", "-y")
    assert stack.docker("ps", "--all", "--quiet") == ""
    assert stack.docker("volume", "ls", "--quiet") == ""
    assert stack.docker("images", "--quiet").split() == stack.docker("images", "-q", BASE).split()
    networks = stack.docker("network", "ls", "--format", "{{.Name}}").split()
    assert set(networks) == {"bridge", "host", "none"}
    assert not (stack.folder / ".dashops").exists()
    found = subprocess.run(["pgrep", "-f", str(stack.folder)], capture_output=True, text=True)
    assert found.stdout == ""
