"""The local target looks again before each step, and names what was changed by hand."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dashops import errors, plan, stack
from dashops.plan import Step
from dashops.stack import Stack
from dashops.targets import local
from dashops.targets.local import recipe, supervisor
from dashops.targets.local.facts import Facts
from dashops.targets.local.supervisor import Process
from dashops.targets.origin import Origin

ORIGIN = Origin("-e /src/dashops[{extra}]", "/usr/bin/python3", "3.11", "x editable", editable=True)
LATER = time.time() + 3600

See = Callable[..., None]


@pytest.fixture
def demo(tmp_path: Path) -> Stack:
    found = stack.parse("", tmp_path / "dashops.yaml", {})
    (found.state_dir / "secrets").mkdir(parents=True)
    for name in local.SECRETS:
        found.secret_file(name).touch(0o600)
    return found


@pytest.fixture
def files(demo: Stack) -> dict[str, str]:
    return local.files(demo, Facts(origin=ORIGIN))


@pytest.fixture
def see(monkeypatch: pytest.MonkeyPatch) -> See:
    """Say what runs at the moment before a step."""
    here = sys.modules[local.meanwhile.__module__]

    def said(
        slots: dict[str, Process] | None, digest: str = "", command: tuple[str, ...] = ()
    ) -> None:
        monkeypatch.setattr(supervisor, "processes", lambda _: slots)
        monkeypatch.setattr(here, "digest_of", lambda _: digest)
        monkeypatch.setattr(here, "supervisor_digest", lambda _: digest)
        monkeypatch.setattr(here, "command", lambda _: command)
        monkeypatch.setattr(here, "roots", lambda _: ())

    return said


def digest(files: dict[str, str], slot: str) -> str:
    return files[f"slots/{slot}.conf"].partition('DASHOPS_DIGEST="')[2].partition('"')[0]


RESTART = Step("gateway", "restart", "restart", "recipe changed", ("x",), saw="100")
START = Step("supervisor", "start", "start all slots", "not running", ("x",))


def test_a_slot_that_is_as_the_plan_saw_it_is_restarted(
    demo: Stack, files: dict[str, str], see: See
) -> None:
    see({"gateway": Process("RUNNING", 100, LATER)}, digest(files, "gateway"))
    assert local.meanwhile(demo, files, RESTART) == ""


def test_a_slot_that_somebody_started_as_it_is_wanted_is_left_alone(
    demo: Stack, files: dict[str, str], see: See
) -> None:
    see({"gateway": Process("RUNNING", 101, LATER)}, digest(files, "gateway"))
    assert local.meanwhile(demo, files, RESTART) == "it was started again, as process 101"
    # With the old files, or before a secret that it must read, it is not as it is wanted.
    see({"gateway": Process("RUNNING", 101, LATER)}, "older")
    assert local.meanwhile(demo, files, RESTART) == ""
    see({"gateway": Process("RUNNING", 101, 1)}, digest(files, "gateway"))
    assert local.meanwhile(demo, files, RESTART) == ""


def test_a_slot_without_its_supervisor_is_another_matter(
    demo: Stack, files: dict[str, str], see: See
) -> None:
    see(None)
    with pytest.raises(errors.DashopsError, match="changed meanwhile: the supervisor ended"):
        local.meanwhile(demo, files, RESTART)


def test_a_supervisor_is_started_once(demo: Stack, files: dict[str, str], see: See) -> None:
    see(None)
    assert local.meanwhile(demo, files, START) == ""
    see({}, plan.digest({"": files["supervisord.conf"]}))
    assert local.meanwhile(demo, files, START) == "it runs"
    see({}, "other")
    with pytest.raises(errors.DashopsError, match="with other settings"):
        local.meanwhile(demo, files, START)


def test_an_environment_is_made_until_it_is_whole(
    demo: Stack, files: dict[str, str], see: See
) -> None:
    see(None)
    step = Step("gateway", "make", "make environment", "missing", ("x",))
    assert local.meanwhile(demo, files, step) == ""
    folder = environment(demo, files, "gateway")
    assert local.meanwhile(demo, files, step) == "the environment is complete"
    (folder / "requirements.txt").unlink()
    assert local.meanwhile(demo, files, step) == ""


def test_an_environment_that_is_used_again_is_not_removed(
    demo: Stack, files: dict[str, str], see: See, tmp_path: Path
) -> None:
    folder = tmp_path / "gateway-old"
    step = Step("gateway", "remove", "remove environment", "no longer used", ("rm", "-rf", folder))
    see({})
    assert local.meanwhile(demo, files, step) == "it is gone"
    folder.mkdir()
    assert local.meanwhile(demo, files, step) == ""
    see({"gateway": Process("RUNNING", 7)}, command=(f"{folder}/bin/python", "-m", "x"))
    with pytest.raises(errors.DashopsError, match="the gateway slot runs from"):
        local.meanwhile(demo, files, step)


def test_down_stops_what_runs_and_spares_what_was_started_again(demo: Stack, see: See) -> None:
    (demo.state_dir / "run").mkdir()
    stop, remove = local.down(demo, Facts(origin=ORIGIN, supervisor="x"))
    see(None)
    assert local.meanwhile(demo, {}, stop) == "nothing runs"
    assert local.meanwhile(demo, {}, remove) == ""
    see({})
    assert local.meanwhile(demo, {}, stop) == ""
    with pytest.raises(errors.DashopsError, match="a supervisor answers again"):
        local.meanwhile(demo, {}, remove)


def environment(demo: Stack, files: dict[str, str], slot: str) -> Path:
    """A whole one."""
    folder = recipe.environment(demo, files, slot)
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").touch()
    (folder / "lib/python3.11/site-packages/six-1.0.dist-info").mkdir(parents=True)
    (folder / "requirements.txt").write_text(files[f"{slot}/requirements.txt"])
    os.utime(folder / "requirements.txt", (LATER, LATER))
    return folder


def applied(demo: Stack, files: dict[str, str]) -> Facts:
    folders = [environment(demo, files, slot) for slot in local.SLOTS]
    return Facts(
        origin=ORIGIN,
        rendered=files,
        secrets=local.SECRETS,
        environments={each.name: (each / "requirements.txt").read_text() for each in folders},
        supervisor=plan.digest({"": files["supervisord.conf"]}),
        slots={slot: Process("RUNNING", 0x7FFFFFFF) for slot in local.SLOTS},
        digests={slot: digest(files, slot) for slot in local.SLOTS},
    )


def told(demo: Stack, facts: Facts, files: dict[str, str]) -> list[str]:
    return [f"{each.subject} {each.what}" for each in local.drift(demo, facts, files)]


def test_drift_of_nothing_and_of_everything(demo: Stack, files: dict[str, str]) -> None:
    facts = applied(demo, files)
    assert told(demo, facts, files) == []
    stopped = {**facts.slots, "notebook": Process("STOPPED"), "gateway": Process("FATAL")}
    others = {**facts.digests, "dashboard": "older"}
    assert told(demo, replace(facts, slots=stopped, digests=others), files) == [
        "gateway does not run (fatal)",
        "dashboard was started from other files",
        "notebook was stopped",
    ]
    gone = replace(facts, supervisor=None, slots={}, digests={}, leftovers=(7,))
    assert told(demo, gone, files) == ["supervisor does not run, its slots do"]
    assert told(demo, replace(facts, supervisor="x"), files) == [
        "supervisor was started with other settings"
    ]


def test_drift_of_environments_and_secrets(demo: Stack, files: dict[str, str]) -> None:
    facts = applied(demo, files)
    gateway, dashboard, notebook = facts.environments
    half = {gateway: None, notebook: facts.environments[notebook]}
    later = recipe.environment(demo, files, "notebook") / "lib/python3.11/site-packages"
    (later / "left_pad-1.0.dist-info").mkdir()
    os.utime(later / "left_pad-1.0.dist-info", (LATER + 9, LATER + 9))
    demo.secret_file("deploy-token").chmod(0o644)
    facts = replace(facts, environments=half, secrets=facts.secrets[1:])
    assert told(demo, facts, files) == [
        f"gateway has an incomplete environment `{gateway}`",
        f"dashboard has lost its environment `{dashboard}`",
        "notebook has packages that `up` did not install: left_pad-1.0",
        "secrets/gateway-token is gone",
        "secrets/deploy-token can be read by others",
    ]


def test_a_slot_with_other_arguments_is_drift(
    demo: Stack, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = sys.modules[local.drift.__module__]
    words = ("python", "-m", "kernel_gateway", "--port=1")
    monkeypatch.setattr(here, "command", lambda _: words)
    found = told(demo, applied(demo, files), files)
    assert found[0] == "gateway runs with other arguments: `python -m kernel_gateway --port=1`"
