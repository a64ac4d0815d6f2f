"""A command that runs beside this process, and not longer than it."""

import subprocess
import sys
from pathlib import Path

import pytest
from live import until

from dashops.errors import ToolError
from dashops.run import Held

# Says that it is ready, and says in a file that it was told to end.
BESIDE = "echo noise; echo ready; cat >/dev/null; echo over >$0"


def test_it_is_there_when_it_says_so_and_ends_when_told(tmp_path: Path) -> None:
    held = Held("sh", "-c", BESIDE, tmp_path / "over", ready="ready", timeout=10)
    assert not (tmp_path / "over").exists()
    held.close()
    assert (tmp_path / "over").exists()


def test_it_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from dashops.run import Held; "
        "held = Held('sh', '-c', *sys.argv[1:], ready='ready', timeout=10); "
        "print('up', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, BESIDE, tmp_path / "over"], stdout=subprocess.PIPE
    )
    assert process.stdout is not None and process.stdout.readline() == b"up\n"
    process.kill()
    process.communicate()
    until((tmp_path / "over").exists, "it ended too")


def test_what_it_says_before_it_fails_is_in_the_error() -> None:
    with pytest.raises(ToolError) as failed:
        Held("sh", "-c", "echo >&2 refused; exit 255", ready="ready", timeout=10)
    assert failed.value.where == "refused"


def test_one_that_never_says_so_is_ended() -> None:
    with pytest.raises(ToolError):
        Held("cat", ready="ready", timeout=0.2)


def test_one_that_is_not_installed_is_named() -> None:
    with pytest.raises(ToolError, match="`dashops-nothing` is not installed"):
        Held("dashops-nothing", ready="ready", timeout=1)
