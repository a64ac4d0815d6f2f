"""What was done to a stack is written down, however it ended, and good renders can run again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from dashops import (
    converge,
    errors,
    flow,
    history,
    lock,
    past,
    plan,
    promise,
    restarting,
    stack,
    targets,
)
from dashops.plan import Event, Plan, Step
from dashops.run import Fake, Result
from dashops.stack import Stack
from dashops.targets import Drift


@dataclass
class Machine:
    """A target whose only fact is its rendered files, and whose slot is restarted for them."""

    drifted: tuple[Drift, ...] = ()
    SLOTS: tuple[str, ...] = ("gateway", "dashboard", "notebook")
    SECRETS: tuple[str, ...] = ()
    gone: str = ""
    waited: list[int] = field(default_factory=list)

    def facts(self, stack: Stack, run: Any) -> Any:  # noqa: ARG002
        return replace(Facts(), rendered=_texts(stack.state_dir / "rendered"))

    def check(self, stack: Stack, facts: Any) -> None: ...

    def files(self, stack: Stack, facts: Any) -> Mapping[str, str]:  # noqa: ARG002
        return {"gateway.py": f"kernels = {stack.gateway.max_kernels}\n"}

    def up(self, stack: Stack, facts: Any, files: Mapping[str, str]) -> Iterator[Step]:  # noqa: ARG002
        if facts.rendered != files:
            yield Step("gateway", "restart", "restart", "recipe changed", ("again",))

    def tidy(self, *_: Any) -> Iterator[Step]:
        yield from ()

    def down(self, *_: Any) -> Iterator[Step]:
        yield Step("supervisor", "stop", "stop all slots", "running", ("stop",))

    def restart(self, stack: Stack, facts: Any, slots: Sequence[str]) -> Iterator[Step]:  # noqa: ARG002
        for slot in slots if facts.rendered else ():
            yield Step(slot, "restart", "restart", "asked for", ("afresh", slot))

    def meanwhile(self, *_: Any) -> str:
        return self.gone

    def wait(self, stack: Stack, tell: Any) -> None:  # noqa: ARG002
        self.waited.append(stack.gateway.port)

    def url(self, stack: Stack, slot: str) -> str:
        return stack.url(slot)

    def drift(self, *_: Any) -> Iterator[Drift]:
        yield from self.drifted


@dataclass(frozen=True)
class Facts:
    rendered: Mapping[str, str] = field(default_factory=dict)


def _texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("[!.]*")}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine()
    monkeypatch.setattr(targets, "by_name", lambda _: found)
    return found


@dataclass
class Demo:
    """The stack of a folder, as its file says at the moment."""

    folder: Path
    run: Fake = field(default_factory=Fake)
    events: list[Event] = field(default_factory=list)

    def stack(self, kernels: int, more: str = "") -> Stack:
        text = f"gateway: {{max_kernels: {kernels}{more}}}\n"
        return stack.parse(text, self.folder / "dashops.yaml", {})

    def up(self, kernels: int, reason: str = "", more: str = "") -> flow.Up:
        asked = flow.Asked(reason)
        return flow.up(
            self.stack(kernels, more), self.run, self.events.append, lambda _: True, asked
        )

    def revert(self, kernels: int, number: int | None = None) -> past.Reverted:
        here = self.stack(kernels)
        return past.revert(here, self.run, self.events.append, lambda _: True, number)

    def restart(self, kernels: int, *slots: str, yes: bool = True) -> restarting.Restarted:
        here = self.stack(kernels)
        return restarting.restart(here, slots, self.run, self.events.append, lambda _: yes)

    @property
    def entries(self) -> list[history.Entry]:
        return list(history.entries(self.folder / ".dashops"))

    @property
    def rendered(self) -> str:
        return (self.folder / ".dashops/rendered/gateway.py").read_text()


@pytest.fixture
def demo(tmp_path: Path, machine: Machine) -> Demo:
    assert machine
    return Demo(tmp_path)


def test_each_up_and_down_is_written_down_with_why_and_what(demo: Demo) -> None:
    demo.up(5, "first")
    flow.down(demo.stack(5), demo.run, demo.events.append)
    up, down = demo.entries
    assert (up.number, up.verb, up.result, up.reason) == (1, "up", "done", "first")
    assert up.changes == ("create gateway.py",)
    assert up.steps == ("gateway: restart (recipe changed)",)
    assert up.digest == plan.digest({"gateway.py": "kernels = 5\n"})
    assert (down.verb, down.result, down.digest) == ("down", "done", "")
    log = demo.folder / ".dashops/history/log.jsonl"
    assert log.stat().st_mode & 0o777 == 0o600


def test_an_up_with_nothing_to_do_leaves_no_trace(demo: Demo, machine: Machine) -> None:
    demo.up(5)
    demo.up(5)
    assert len(demo.entries) == 1
    assert len(machine.waited) == 2


def test_how_it_failed_is_written_down(demo: Demo) -> None:
    demo.run = Fake({"again": Result(("again",), 1, "", "no")})
    with pytest.raises(errors.ToolError):
        demo.up(5)
    assert demo.entries[0].result == "failed"
    assert "`again` failed with code 1" in demo.entries[0].message


def test_one_that_was_killed_is_interrupted_and_does_not_stop_the_next(demo: Demo) -> None:
    demo.up(5)
    log = demo.folder / ".dashops/history/log.jsonl"
    begun, _ended = log.read_text().splitlines()
    killed = json.loads(begun) | {"number": 2}
    log.write_text(log.read_text() + json.dumps(killed) + '\n{"number": 3, "ver')
    assert [each.result for each in demo.entries] == ["done", "interrupted"]
    with lock.hold(demo.folder / ".dashops"):
        assert [each.result for each in demo.entries] == ["done", "running"]
    demo.up(6)
    assert [each.result for each in demo.entries] == ["done", "interrupted", "done"]


def test_revert_runs_what_ran_before_and_says_what_the_file_wants(demo: Demo) -> None:
    demo.up(5)
    demo.up(6)
    done = demo.revert(6)
    assert demo.rendered == "kernels = 5\n"
    assert (done.number, done.changed) == (1, True)
    assert list(done.settings) == ["gateway.max_kernels"]
    assert done.settings["gateway.max_kernels"].endswith("dashops.yaml:1")
    assert demo.entries[-1].verb == "revert"
    ahead = flow.plan(demo.stack(6), demo.run)
    assert [step.action for step in ahead.steps] == ["restart"]
    assert demo.revert(6).number == 2


def test_revert_waits_where_the_stack_was_then(demo: Demo, machine: Machine) -> None:
    demo.up(5, more=", port: 7001")
    demo.up(6, more=", port: 7002")
    demo.revert(6)
    assert machine.waited == [7001, 7002, 7001]


def test_after_a_failed_up_revert_goes_to_the_last_that_ran(demo: Demo) -> None:
    demo.up(5)
    demo.run = Fake({"again": Result(("again",), 1, "", "no")})
    with pytest.raises(errors.ToolError):
        demo.up(6)
    demo.run = Fake()
    assert demo.revert(6).number == 1
    with pytest.raises(errors.DashopsError, match="no good `up` number 2"):
        demo.revert(6, 2)


def test_without_an_earlier_up_there_is_no_way_back(demo: Demo) -> None:
    with pytest.raises(errors.DashopsError, match="no earlier `up`"):
        demo.revert(5)
    demo.up(5)
    with pytest.raises(errors.DashopsError, match="no earlier `up`"):
        demo.revert(5)


def test_only_the_newest_good_renders_are_kept(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "GOOD", 2)
    for kernels in (5, 6, 7, 8):
        demo.up(kernels)
    assert past.history(demo.stack(8), 20).kept == [2, 3, 4]
    with pytest.raises(errors.DashopsError, match="no good `up` number 1"):
        demo.revert(8, 1)


def test_settings_survive_being_kept(demo: Demo) -> None:
    text = "environment: {packages: [six, numpy]}\ndashboard: {upload_limit: 5 MB}\n"
    here = stack.parse(text, demo.folder / "dashops.yaml", {})
    flow.up(here, demo.run, demo.events.append, lambda _: True)
    demo.up(6)
    assert demo.revert(6, 1).number == 1
    kept = history.render(here.state_dir, demo.entries[0].digest)
    assert kept
    then = stack.Stack.model_validate_json(json.dumps(kept.settings))
    assert promise.settings(then) == promise.settings(here)


def test_drift_is_files_that_were_touched_and_what_the_target_sees(
    demo: Demo, machine: Machine
) -> None:
    with pytest.raises(errors.DashopsError, match="nothing to compare with"):
        past.drift(demo.stack(5), demo.run)
    demo.up(5)
    assert not past.drift(demo.stack(5), demo.run).found
    # What the stack file wants by now is not drift.
    assert not past.drift(demo.stack(6), demo.run).found
    rendered = demo.folder / ".dashops/rendered"
    (rendered / "gateway.py").write_text("kernels = 500\n")
    (rendered / "own.py").write_text("")
    machine.drifted = (Drift("gateway", "was stopped"),)
    found = past.drift(demo.stack(5), demo.run).found
    assert [f"{each.subject} {each.what}" for each in found] == [
        "gateway.py was edited",
        "own.py was added",
        "gateway was stopped",
    ]
    (rendered / "gateway.py").unlink()
    assert past.drift(demo.stack(5), demo.run).found[0].what == "is gone"
    flow.down(demo.stack(5), demo.run, demo.events.append)
    assert past.drift(demo.stack(5), demo.run).down


def test_a_kept_plan_is_done_or_refused_before_anything_is_changed(demo: Demo) -> None:
    demo.up(5)
    file = demo.folder / "plan.json"
    flow.plan(demo.stack(6), demo.run, file)
    before = demo.run.calls.copy()
    with pytest.raises(errors.DashopsError, match="the plan is stale"):
        flow.up(demo.stack(7), demo.run, print, lambda _: True, kept=file)
    assert demo.run.calls == before
    assert demo.rendered == "kernels = 5\n"
    flow.up(demo.stack(6), demo.run, print, lambda _: True, kept=file)
    assert demo.rendered == "kernels = 6\n"
    with pytest.raises(errors.DashopsError, match="the plan is stale"):
        flow.up(demo.stack(6), demo.run, print, lambda _: True, kept=file)


def test_a_step_whose_cause_is_gone_is_left_out_and_told(demo: Demo, machine: Machine) -> None:
    machine.gone = "it was started again, as process 7"
    demo.up(5)
    assert demo.run.calls == []
    assert demo.events[0].text == "restart: not needed any more, it was started again, as process 7"


def test_who_lost_the_lock_stops_before_the_next_step(demo: Demo) -> None:
    here = demo.stack(5)
    steps = (Step("supervisor", "make", "one", "x", ("one",)),) * 2

    class Robbed(Fake):
        def __call__(self, *argv: str | Path, **named: Any) -> Result:
            lock.take_away(here.state_dir)
            return super().__call__(*argv, **named)

    run = Robbed()
    with lock.hold(here.state_dir) as held, pytest.raises(errors.DashopsError, match="broke the"):
        converge.end(here, Plan(steps=steps), run, demo.events.append, held, "")
    assert len(run.calls) == 1


def test_only_the_named_slots_start_afresh_and_it_is_recorded(demo: Demo, machine: Machine) -> None:
    demo.up(5)
    assert demo.restart(5, "dashboard").slots == ("dashboard",)
    assert demo.run.calls[-1] == ("afresh", "dashboard")
    assert (demo.entries[-1].verb, demo.entries[-1].result) == ("restart", "done")
    assert len(machine.waited) == 2, "it waits until all is healthy"
    assert demo.restart(5).slots == machine.SLOTS


def test_a_restart_leaves_what_the_stack_file_says_by_now_for_up(demo: Demo) -> None:
    demo.up(5)
    demo.restart(9)
    assert demo.rendered == "kernels = 5\n"
    assert past.drift(demo.stack(9), demo.run).found == ()


def test_nothing_is_restarted_without_a_yes(demo: Demo) -> None:
    demo.up(5)
    calls = list(demo.run.calls)
    assert demo.restart(5, yes=False).declined
    assert demo.run.calls == calls and len(demo.entries) == 1


def test_a_stack_that_is_not_up_is_not_restarted(demo: Demo) -> None:
    with pytest.raises(errors.DashopsError, match="is not up, so there is nothing to restart"):
        demo.restart(5)
    assert not (demo.folder / ".dashops").exists()


def test_a_name_that_is_no_slot_is_not_restarted(demo: Demo) -> None:
    demo.up(5)
    with pytest.raises(errors.SpecError) as caught:
        demo.restart(5, "gatway")
    assert caught.value.hint == "choose from: gateway, dashboard, notebook"
