"""The story on another host over SSH, from a machine without an engine to nothing left there."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import hosts
import httpx
import pytest
import stacks
from live import until

from dashops.targets import machine

pytestmark = pytest.mark.compose
EXAMPLE = Path(__file__).parents[2] / "examples" / "tips.ipynb"
ADDRESS = "ssh://machine"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[hosts.Host]:
    """A machine whose key nobody compared yet."""
    with hosts.host(tmp_path_factory.mktemp("machine"), engine) as made:
        yield made


@pytest.fixture(scope="module")
def away(
    tmp_path_factory: pytest.TempPathFactory, stack: stacks.Stack, host: hosts.Host
) -> stacks.Stack:
    """A stack for that machine; it has the name of the one here, whose images it takes."""
    made = stacks.make(tmp_path_factory.mktemp("away"), stack.engine)
    with (made.folder / "dashops.yaml").open("a") as file:
        file.write(f"ssh_config: {host.config}\n")
    return made


def healthy(away: stacks.Stack) -> bool:
    found = away.slots()
    return bool(found) and all(each["state"] == "healthy" for each in found.values())


def test_a_key_that_nobody_compared_is_not_accepted(away: stacks.Stack, host: hosts.Host) -> None:
    until(lambda: "is not known here" in _checked(away), "the host answers", 30)
    hosts.trust(host)
    host.answers()


def test_what_is_missing_is_said(away: stacks.Stack) -> None:
    said = _checked(away)
    assert "Docker Engine is not installed: the next `dashops up` sees to it" in said
    assert "2 things are missing on `ssh://machine`" in said
    refused = away.dashops("host", "check", "--host", "ssh://nobody@machine", code=1)
    assert "accepts no key of ours" in refused and "`ssh-copy-id`" in refused


def test_the_first_up_prepares_it_and_sends_everything(
    away: stacks.Stack, host: hosts.Host
) -> None:
    told = away.dashops("plan", "--host", ADDRESS, code=2)
    assert "> host: prepare the host (Docker Engine is not installed" in told
    assert "build image" not in told, "the images of the stack here are not those of this one"
    away.dashops("up", "--host", ADDRESS, "-y")
    assert healthy(away)
    running = host.says("docker ps --format '{{.Names}}'").split()
    assert sorted(running) == sorted(away.container(slot) for slot in away.slots())
    # Nobody but who runs in containers reads what was sent.
    modes = host.says(
        f"find /var/lib/dashops/{stacks.NAME} -type f -exec stat -c '%U %a' {{}} + | sort -u"
    )
    assert modes == "ops 600"


def test_it_is_remembered_and_a_second_up_changes_nothing(away: stacks.Stack) -> None:
    assert away.dashops("plan").strip() == "nothing to do"
    assert "✗" not in away.dashops("host", "check")


def test_an_example_is_deployed_there(away: stacks.Stack, host: hosts.Host) -> None:
    shutil.copy(EXAMPLE, away.folder)
    away.dashops("deploy-notebook", EXAMPLE.name)
    assert "tips" in away.dashops("dashboards")
    port = away.ports["dashboard"]
    until(lambda: machine.free(port), "the tunnel is closed", 10)
    login = f"http://127.0.0.1:{port}/login"
    assert "password" in host.says(
        f'python3 -c "import urllib.request as u; print(u.urlopen({login!r}).read().decode())"'
    )


def test_smoke_is_green_there(away: stacks.Stack) -> None:
    assert ", 0 skipped" in away.dashops("smoke")


def test_its_ports_come_here_until_ctrl_c(away: stacks.Stack) -> None:
    port = away.ports["dashboard"]
    tunnel = subprocess.Popen(
        [stacks.DASHOPS, "host", "tunnel"],
        cwd=away.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # Where tests run in the background Ctrl-C is ignored, and so it would be here.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert tunnel.stdout is not None
    try:
        assert tunnel.stdout.readline().split() == ["dashboard", f"http://127.0.0.1:{port}"]
        assert httpx.get(f"http://127.0.0.1:{port}/login").status_code == 200
        # Another command meanwhile shares the way and does not end it.
        away.dashops("dashboards")
        assert httpx.get(f"http://127.0.0.1:{port}/login").status_code == 200
    finally:
        tunnel.send_signal(signal.SIGINT)
        assert tunnel.wait(20) == 0
    until(lambda: machine.free(port), "the tunnel is closed", 10)


def test_what_was_edited_there_is_named_and_sent_again(
    away: stacks.Stack, host: hosts.Host
) -> None:
    file = f"/var/lib/dashops/{stacks.NAME}/rendered/dashboard/dashboard.toml"
    host.says(f"echo '# mine' >>{file}")
    assert f"{file} was edited on the host" in away.dashops("status", "--drift", code=1)
    told = away.dashops("plan", code=2)
    assert told.count(">") == 1
    assert "not the same there: rendered/dashboard/dashboard.toml" in told
    away.dashops("up", "-y")
    assert "mine" not in host.says(f"cat {file}")


def test_everything_comes_back_after_a_reboot(away: stacks.Stack, host: hosts.Host) -> None:
    host.reboot()
    until(lambda: healthy(away), "all slots are healthy again", 90)
    assert "tips" in away.dashops("dashboards")
    assert away.dashops("plan").strip() == "nothing to do"


def test_a_reboot_in_the_middle_of_an_up_is_mended_by_the_next(
    away: stacks.Stack, host: hosts.Host
) -> None:
    edit = away.folder / "recipes" / "compose" / "insert" / "environment_notebook.yaml"
    edit.parent.mkdir(parents=True)
    edit.write_text("- EDITION=2\n")
    going = away.begin("up", "-y")
    until(lambda: "notebook: replace container" in away.log.read_text(), "it is at its work", 120)
    host.reboot()
    assert going.wait(200) == 3
    assert "error:" in away.log.read_text()
    away.dashops("up", "-y")
    assert healthy(away)
    assert "tips" in away.dashops("dashboards")
    assert away.dashops("plan").strip() == "nothing to do"


def test_nothing_is_left_there(away: stacks.Stack, host: hosts.Host, tmp_path: Path) -> None:
    # The images here are those of the other stack, so this machine has no engine for once.
    away.dashops("down", "--volumes", "-y", engine=f"unix://{tmp_path}/none.sock")
    kinds = ("ps --all", "volume ls", "images --all")
    assert host.says("; ".join(f"docker {each} --quiet" for each in kinds)) == ""
    assert host.says("ls -A /var/lib/dashops") == ""
    assert not (away.folder / ".dashops").exists()
    rooms = f"^ssh.*{away.folder}|/tmp/dashops-[0-9]+/.*mux"
    until(lambda: not stacks.runs(rooms), "no connection is left", 10)


def _checked(away: stacks.Stack) -> str:
    return away.dashops("host", "check", "--host", ADDRESS, code=1)
