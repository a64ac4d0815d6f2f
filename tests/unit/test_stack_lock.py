"""The lock of a stack: its holder is named, the dead block nobody, and who lost it stops."""

import json
import os
import threading
from pathlib import Path

import pytest

from dashops import errors, lock, past, stack
from dashops.lock import Holder
from dashops.plan import Event
from dashops.stack import Stack


@pytest.fixture
def demo(tmp_path: Path) -> Stack:
    return stack.parse("", tmp_path / "dashops.yaml", {})


def test_who_comes_second_is_told_who_works_and_why(tmp_path: Path) -> None:
    with lock.hold(tmp_path, "new packages") as held:
        with pytest.raises(errors.DashopsError) as caught, lock.hold(tmp_path):
            pass
        assert f"{held.holder.user}@{held.holder.host} runs `" in caught.value.message
        assert f"(process {os.getpid()})" in caught.value.message
        assert caught.value.message.endswith("because: new packages")
        assert "--wait SECONDS" in caught.value.hint
    assert lock.holder(tmp_path) is None


def test_what_is_told_of_the_holder_is_private_and_goes_with_him(tmp_path: Path) -> None:
    with lock.hold(tmp_path):
        assert (tmp_path / "lock.holder").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "lock.holder").exists()


def test_waiting_ends_when_the_lock_is_free(tmp_path: Path) -> None:
    events: list[Event] = []
    seen, done = threading.Event(), threading.Event()

    def tell(event: Event) -> None:
        events.append(event)
        seen.set()

    def second() -> None:
        with lock.hold(tmp_path, wait=30, tell=tell):
            done.set()

    with lock.hold(tmp_path, "first"):
        waiting = threading.Thread(target=second)
        waiting.start()
        assert seen.wait(20)
        assert not done.is_set()
    waiting.join(20)
    assert done.is_set()
    assert "because: first" in events[0].text


def test_a_dead_holder_blocks_nobody(demo: Stack) -> None:
    with lock.hold(demo.state_dir):
        left = (demo.state_dir / "lock.holder").read_text()
    # As kill -9 leaves it: the kernel took the lock back, and the words stayed.
    (demo.state_dir / "lock.holder").write_text(left)
    assert lock.holder(demo.state_dir) is None
    with lock.hold(demo.state_dir):
        pass
    (demo.state_dir / "lock.holder").write_text(left)
    assert past.unlock(demo, None, lambda _: True).holder is None
    assert not (demo.state_dir / "lock.holder").exists()


def test_a_living_holder_is_only_robbed_by_his_id_and_notices(demo: Stack) -> None:
    asked: list[Holder] = []

    def refuse(holder: Holder) -> bool:
        asked.append(holder)
        return False

    with lock.hold(demo.state_dir) as held:
        for wrong in (None, "1234abcd"):
            with pytest.raises(errors.DashopsError, match="holds the lock") as caught:
                past.unlock(demo, wrong, lambda _: True)
            assert f"dashops unlock {held.holder.id}" in caught.value.hint
        assert past.unlock(demo, held.holder.id, refuse).declined
        held.keep()
        past.unlock(demo, held.holder.id, lambda _: True)
        with lock.hold(demo.state_dir) as other:
            with pytest.raises(errors.DashopsError, match="somebody broke the lock"):
                held.keep()
            other.keep()
            told = json.loads((demo.state_dir / "lock.holder").read_text())
    assert asked == [held.holder]
    assert told["id"] == other.holder.id


def test_the_robbed_holder_leaves_what_is_told_of_the_next(demo: Stack) -> None:
    first = lock.hold(demo.state_dir)
    held = first.__enter__()
    lock.take_away(demo.state_dir)
    with lock.hold(demo.state_dir) as next_one:
        first.__exit__(None, None, None)
        assert lock.holder(demo.state_dir) == next_one.holder != held.holder
