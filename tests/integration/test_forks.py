"""What a fork of a snapshot is: a kernel like a fresh one, which shares nothing it can change."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from frozen import Frozen, Kernel, process
from jupyter_client.connect import write_connection_file
from live import until

from dashops.services.snapshot import wire

WIDGETS = """
import ipywidgets
slider, label, output = ipywidgets.IntSlider(), ipywidgets.Label(), ipywidgets.Output()
def moved(change):
    label.value = f"{change.new} of {len(data)}"
    with output:
        print("moved")
slider.observe(moved, "value")
data = [1, 2, 3]
"""
REGISTERED = """
from IPython.core.magic import register_line_magic
@register_line_magic
def answer(line): return 42
class Thing: pass
get_ipython().display_formatter.formatters["text/plain"].for_type(
    Thing, lambda thing, printer, cycle: printer.text("a thing"))
seen = []
get_ipython().events.register("post_run_cell", lambda result: seen.append(1))
"""
NUMBERS = "(random.random(), own.random(), uuid.uuid4().hex, tempfile.mkdtemp(), os.getpid())"


def two(frozen: Frozen) -> tuple[Kernel, Kernel]:
    assert frozen.freeze() == {"frozen": True, "hazards": []}
    return frozen.fork(), frozen.fork()


def test_widgets_answer_as_they_did_before(tmp_path: Path) -> None:
    with process(tmp_path, WIDGETS) as frozen:
        fork, other = two(frozen)
        assert fork.run("slider.value = 7") == "moved"
        assert {"method": "update", "state": {"value": "7 of 3"}, "buffer_paths": []} in fork.comms
        assert other.run("slider.value, label.value") == "(0, '')"


def test_two_differ_in_what_is_random(tmp_path: Path) -> None:
    code = "import os, random, tempfile, uuid; own = random.Random()"
    with process(tmp_path, code) as frozen:
        one, other = two(frozen)
        for mine, others in zip(eval(one.run(NUMBERS)), eval(other.run(NUMBERS)), strict=True):
            assert mine != others


def test_a_seed_that_was_chosen_stays(tmp_path: Path) -> None:
    code = "import random; random.seed(42); own = random.Random(7)"
    expected = "random.random(), own.random()"
    with process(tmp_path, code) as frozen, process(tmp_path, code) as fresh:
        answers = {each.run(expected) for each in (*two(frozen), fresh.kernel)}
        assert len(answers) == 1


def test_two_share_nothing_they_can_change(tmp_path: Path) -> None:
    with process(tmp_path, "import os; data = [1]") as frozen:
        one, other = two(frozen)
        one.run("data.append(2); os.environ['MINE'] = '1'; os.chdir('/')")
        assert other.run("data, os.environ.get('MINE'), os.getcwd() == '/'") == "([1], None, False)"
        assert frozen.fork().run("data") == "[1]"


def test_what_the_notebook_registered_is_there(tmp_path: Path) -> None:
    with process(tmp_path, REGISTERED) as frozen:
        fork, _ = two(frozen)
        assert fork.run("%answer") == "42"
        assert fork.run("Thing()") == "a thing"
        before = int(fork.run("len(seen)"))
        assert int(fork.run("len(seen)")) == before + 1


def test_output_of_all_kinds_arrives(tmp_path: Path) -> None:
    code = "import logging, os, sys; logging.basicConfig(level='INFO'); out = sys.stdout"
    with process(tmp_path, code) as frozen:
        for fork in two(frozen):
            assert "logged" in fork.run("logging.info('logged')")
            assert fork.run("print('kept', file=out)") == "kept"
            assert fork.run("!echo from a shell") == "from a shell"


def test_a_task_goes_on_in_each_fork(tmp_path: Path) -> None:
    code = (
        "import asyncio; ticks = []\n"
        "async def tick():\n"
        "    while True: ticks.append(1); await asyncio.sleep(0.01)\n"
        "task = asyncio.ensure_future(tick())"
    )
    with process(tmp_path, code) as frozen:
        for fork in two(frozen):
            before = int(fork.run("len(ticks)"))
            until(lambda: int(fork.run("len(ticks)")) > before, "the task goes on")  # noqa: B023


def test_a_viewers_variables_are_his_own(tmp_path: Path) -> None:
    with process(tmp_path, "import os; os.environ['MINE'] = '1'") as frozen:
        assert frozen.freeze()["frozen"]
        fork = frozen.fork(QUERY_STRING="a=1")
        assert fork.run("os.environ['QUERY_STRING'], os.environ['MINE']") == "('a=1', '1')"
        assert "QUERY_STRING" not in frozen.fork().run("list(os.environ)")


def test_only_the_snapshot_cleans_up_what_is_its_own(tmp_path: Path) -> None:
    code = "import atexit, pathlib; atexit.register(pathlib.Path('cleaned').touch)"
    with process(tmp_path, code) as frozen:
        fork, _ = two(frozen)
        fork.run("atexit.register(pathlib.Path('left').touch)")
        fork.client.shutdown()
        until((tmp_path / "left").exists, "the fork ends as a kernel does")
        assert not (tmp_path / "cleaned").exists()


def gone(process: int) -> bool:
    try:
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def kill_fork(frozen: Frozen) -> None:
    os.kill(frozen.forks[0].process, signal.SIGKILL)


def kill_snapshot(frozen: Frozen) -> None:
    frozen.popen.kill()
    frozen.popen.wait()


@pytest.mark.parametrize("kill", [kill_fork, kill_snapshot])
def test_the_death_of_one_is_not_that_of_others(
    kill: Callable[[Frozen], None], tmp_path: Path
) -> None:
    with process(tmp_path, "x = 41") as frozen:
        _, other = two(frozen)
        kill(frozen)
        assert other.run("x + 1") == "42"


def test_forks_end_with_their_gateway_also_in_the_middle_of_a_cell(tmp_path: Path) -> None:
    with process(tmp_path, "import os, time, subprocess") as frozen:
        fork, other = two(frozen)
        child = int(fork.run("subprocess.Popen(['sleep', '99']).pid"))
        fork.client.execute("time.sleep(99)")
        for lifeline in frozen.lifelines:
            lifeline.close()
        frozen.lifelines.clear()
        for each in (fork.process, other.process, child):
            until(lambda: gone(each), "it ends")  # noqa: B023


def test_a_fork_ends_with_a_gateway_that_never_read_its_ports(tmp_path: Path) -> None:
    with process(tmp_path, "x = 41") as frozen:
        assert frozen.freeze()["frozen"]
        path, _ = write_connection_file(str(tmp_path / "unread.json"))
        lifeline, its = wire.pair()
        wire.send(frozen.link, {"connection_file": path, "env": {}}, its.fileno())
        its.close()
        answer = wire.receive(frozen.link)
        assert answer
        assert wire.readable(lifeline, seconds=20), "it tells its ports"
        lifeline.close()
        until(lambda: gone(answer[0]["process"]), "it ends")


def test_one_that_was_refused_can_be_frozen_when_the_reason_is_gone(tmp_path: Path) -> None:
    with process(tmp_path, WIDGETS, "out = open('out.txt', 'w')") as frozen:
        assert not frozen.freeze()["frozen"]
        assert frozen.kernel.run("out.close(); slider.value = 2") == "moved"
        assert frozen.freeze()["frozen"]
        assert frozen.fork().run("label.value") == "'2 of 3'"
