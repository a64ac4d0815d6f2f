"""Plans, drift, locks and the way back, on a stack that runs and has a viewer."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
import yaml
from live import DASHOPS, UNSEEN, Live, running, until

from dashops import errors, lock

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    # A page that was only loaded stays a viewer for that long (seconds).
    settings = {"dashboard": {**UNSEEN, "reconnect_grace": 120}}
    with running(tmp_path_factory.mktemp("plans"), settings) as live:
        yield live


def kernels(live: Live, most: int) -> None:
    """Let the stack file want another number of kernels."""
    file = live.folder / "dashops.yaml"
    settings = yaml.safe_load(file.read_text())
    settings["gateway"]["max_kernels"] = most
    file.write_text(yaml.safe_dump(settings))


def said(live: Live, *words: str, code: int = 0) -> str:
    """All that a command prints."""
    done = live.try_dashops(*words)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def applied(live: Live) -> str:
    text = (live.folder / ".dashops/rendered/gateway/gateway.py").read_text()
    return text.partition("max_kernels = ")[2].partition("\n")[0]


def test_a_plan_says_who_loses_what_and_is_kept_or_refused(stack: Live) -> None:
    before = applied(stack)
    stack.deploy("sales", "print(1)")
    stack.viewer().open("sales")
    kernels(stack, 7)
    told = said(stack, "plan", "--out", "plan.json", code=2)
    restart = "> gateway: restart (recipe changed: gateway/gateway.py)"
    assert f"{restart}; 1 viewer of 1 dashboard loses its state" in told
    steps = json.loads(stack.try_dashops("plan", "--json").stdout)
    assert steps["losses"]["gateway"] == {"viewers": 1, "dashboards": 1, "unknown": ""}
    for secret in (stack.folder / ".dashops/secrets").iterdir():
        assert secret.read_text().strip() not in (stack.folder / "plan.json").read_text()

    kernels(stack, 8)
    pid = stack.pid("gateway")
    told = said(stack, "up", "--plan", "plan.json", code=1)
    assert "the plan is stale" in told
    assert "the setting `gateway.max_kernels` (dashops.yaml:" in told
    assert (applied(stack), stack.pid("gateway")) == (before, pid)

    kernels(stack, 7)
    said(stack, "up", "--plan", "plan.json")
    assert applied(stack) == "7"
    assert stack.pid("gateway") != pid
    said(stack, "plan")
    assert "no longer what is needed: gateway: restart" in said(
        stack, "up", "--plan", "plan.json", code=1
    )


def test_what_was_changed_by_hand_is_named(stack: Live) -> None:
    assert "nothing was changed by hand" in said(stack, "status", "--drift")
    conf = stack.folder / ".dashops/rendered/supervisord.conf"
    control = [sys.executable, "-m", "supervisor.supervisorctl", "-c", str(conf)]
    subprocess.run([*control, "stop", "dashboard"], check=True, capture_output=True)
    lab = stack.folder / ".dashops/rendered/notebook/lab.py"
    lab.write_text(lab.read_text() + "# mine\n")
    told = said(stack, "status", "--drift", code=1)
    assert "! notebook/lab.py was edited" in told
    assert "! dashboard was stopped" in told
    # Who could say what viewers lose does not run.
    kernels(stack, 9)
    told = said(stack, "plan", code=2)
    assert "viewers that lose their state are not known: the dashboard server does not" in told
    assert "notebook: restart (recipe changed: notebook/lab.py); 0 kernels of authors end" in told
    said(stack, "up", "-y")
    assert "nothing was changed by hand" in said(stack, "status", "--drift")


def test_a_stack_goes_back_to_what_ran_and_forward_again(stack: Live) -> None:
    kernels(stack, 11)
    said(stack, "up", "-y", "--reason", "a larger class")
    kernels(stack, 12)
    said(stack, "up", "-y")
    told = said(stack, "revert", "-y")
    assert "the stack file wants another `gateway.max_kernels` (dashops.yaml:" in told
    assert applied(stack) == "11"
    assert "nothing was changed by hand" in said(stack, "status", "--drift")
    assert "> gateway: restart" in said(stack, "plan", code=2)
    told = said(stack, "history")
    assert "a larger class" in told
    assert "revert" in told.splitlines()[-2]
    said(stack, "up", "-y")
    assert applied(stack) == "12"


def test_a_slot_starts_afresh_as_it_was(stack: Live) -> None:
    pids = {each["slot"]: each["pid"] for each in stack.slots()}
    assert "restarted notebook of" in said(stack, "restart", "notebook")
    after = {each["slot"]: each["pid"] for each in stack.slots()}
    assert {slot for slot in pids if pids[slot] != after[slot]} == {"notebook"}
    assert "nothing was changed by hand" in said(stack, "status", "--drift")
    assert "nothing to do" in said(stack, "plan")


def test_the_lock_names_its_holder_and_can_be_broken(stack: Live) -> None:
    state = stack.folder / ".dashops"
    with lock.hold(state, "maintenance") as held:
        told = said(stack, "up", code=1)
        assert f"(process {held.holder.pid})" in told
        assert "because: maintenance" in told
        assert f"dashops unlock {held.holder.id}" in said(stack, "unlock", code=1)
        said(stack, "unlock", held.holder.id)
        assert "nothing to do" in said(stack, "up")
        with pytest.raises(errors.DashopsError, match="somebody broke the lock"):
            held.keep()
    assert "nobody holds the lock" in said(stack, "unlock")


def test_a_killed_up_blocks_nobody_and_is_in_the_history(stack: Live) -> None:
    kernels(stack, 13)
    log = stack.folder / ".dashops/history/log.jsonl"
    lines = log.read_text().count("\n")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    up = subprocess.Popen([DASHOPS, "up", "-y"], cwd=stack.folder, **quiet)
    until(lambda: log.read_text().count("\n") > lines, "it has begun")
    up.kill()
    up.wait()
    done = json.loads(stack.try_dashops("history", "--json").stdout)["entries"]
    assert done[-1]["result"] in ("interrupted", "done")
    said(stack, "up", "-y")
    assert applied(stack) == "13"
    assert "nothing to do" in said(stack, "plan")
