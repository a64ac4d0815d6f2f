"""Applying: files arrive whole and private, steps run in order, one dashops at a time."""

import contextlib
import resource
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashops import apply, errors, lock, plan
from dashops.plan import Event, Step
from dashops.run import Fake, Result

FILES = {"a.conf": "1\n", "slots/deep/b.conf": "2\n"}


def test_files_are_written_private_and_in_private_folders(tmp_path: Path) -> None:
    root = tmp_path / "state" / "rendered"
    root.parent.mkdir()
    apply.write(root, plan.changes({}, FILES), FILES)
    paths = [path for path in root.rglob("*") if path.is_file()]
    assert {path.relative_to(root).as_posix(): path.read_text() for path in paths} == FILES
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
    folders = [root, *(path for path in root.rglob("*") if path.is_dir())]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}


def test_only_what_changed_is_written_and_what_is_gone_goes(tmp_path: Path) -> None:
    apply.write(tmp_path, plan.changes({}, FILES), FILES)
    before = (tmp_path / "a.conf").stat().st_ino
    want = {"a.conf": "1\n"}
    apply.write(tmp_path, plan.changes(FILES, want), want)
    assert (tmp_path / "a.conf").stat().st_ino == before
    assert not (tmp_path / "slots/deep/b.conf").exists()


def test_a_second_dashops_is_told_to_wait(tmp_path: Path) -> None:
    with (
        lock.hold(tmp_path),
        pytest.raises(errors.DashopsError, match="another `dashops`"),
        lock.hold(tmp_path),
    ):
        pass
    with lock.hold(tmp_path):
        pass


def test_the_state_folder_is_private_and_stays_out_of_repositories(tmp_path: Path) -> None:
    state = tmp_path / ".dashops"
    state.mkdir(mode=0o755)
    with lock.hold(state):
        pass
    assert state.stat().st_mode & 0o777 == 0o700
    assert (state / ".gitignore").read_text() == "*\n"


def step(slot: str, word: str) -> Step:
    return Step(slot, "make", word, "because", (word,))


def test_slots_go_side_by_side_and_everything_else_alone() -> None:
    meet = threading.Barrier(2, timeout=10)
    order: list[str] = []

    class Meeting(Fake):
        def __call__(self, *argv: str | Path, **_: object) -> Result:  # type: ignore[override]
            if argv[0] in ("g1", "d1"):
                # Both must be under way at once, or this times out.
                meet.wait()
            order.append(str(argv[0]))
            return Result((), 0, "", "")

    planned = [step("gateway", "g1"), step("dashboard", "d1"), step("gateway", "g2")]
    planned += [step("supervisor", "s1"), step("supervisor", "s2"), step("gateway", "g3")]
    apply.steps(planned, Meeting(), lambda _: None, ["gateway", "dashboard"])
    assert order.index("g1") < order.index("g2")
    assert order[3:] == ["s1", "s2", "g3"]


def test_a_failing_step_ends_its_slot_and_everything_after_it() -> None:
    events: list[Event] = []
    run = Fake({"bad": Result(("bad",), 1, "", "why")})
    bad = Step("gateway", "make", "bad", "because", ("bad",), hint="see `gateway.port`")
    planned = [bad, step("gateway", "never"), step("supervisor", "never")]
    with pytest.raises(errors.ToolError, match="`bad` failed") as caught:
        apply.steps(planned, run, events.append, ["gateway"])
    assert caught.value.hint == "see `gateway.port`"
    assert run.calls == [("bad",)]
    assert [event.state for event in events] == ["start", "failed"]


def test_steps_get_their_environment() -> None:
    run = Fake()
    planned = [Step("gateway", "make", "x", "because", ("x",), {"SECRET": None, "A": "1"})]
    apply.steps(planned, run, lambda _: None, [])
    assert run.envs == [{"SECRET": None, "A": "1"}]


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow, as on a disk without room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_named_and_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("0\n")
    with full_disk(), pytest.raises(errors.DashopsError, match=r"a\.conf` cannot be written: "):
        apply.write(tmp_path, plan.changes({}, FILES), FILES)
    assert [path.name for path in tmp_path.iterdir()] == ["a.conf"]
    assert (tmp_path / "a.conf").read_text() == "0\n"


def test_a_file_that_could_not_be_written_is_not_in_the_way_afterwards(tmp_path: Path) -> None:
    file = tmp_path / "dashops.yaml"
    with full_disk(), pytest.raises(errors.SpecError, match="cannot be written"):
        apply.create(file, "x")
    apply.create(file, "x")
    assert file.read_text() == "x"


def test_a_state_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    state = tmp_path / "file" / ".dashops"
    named = pytest.raises(errors.DashopsError, match=r"file/\.dashops` cannot be written: ")
    with named, lock.hold(state):
        pass
    with named:
        apply.write(state, [], {})
    with pytest.raises(errors.DashopsError, match="cannot be removed"):
        apply.remove(state)


def test_a_needless_step_is_told_and_left_out() -> None:
    events: list[Event] = []
    run = Fake()
    planned = [step("gateway", "first"), step("gateway", "second")]
    gone = {"first": "it runs", "second": ""}
    apply.steps(planned, run, events.append, ["gateway"], lambda each: gone[each.action])
    assert run.calls == [("second",)]
    assert events[0] == Event("gateway", "note", "first: not needed any more, it runs")
