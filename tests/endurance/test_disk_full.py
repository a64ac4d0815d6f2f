"""A gateway whose disk is full when viewers come: they get a page, and nothing is left behind."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from conversing import conversation
from live import Live, Opened, Viewer, running, until
from seats import SLIDER

PLACES, VISITS = 3, 6  # kernels at most, and visits while the disk is full: more than there is room


@pytest.fixture(scope="module")
def disks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Small disks of their own for the gateway's connection files and for temporary files."""
    if os.geteuid():
        pytest.skip("only root may mount a disk")
    stack = tmp_path_factory.mktemp("stack")
    paths = {"run": stack / ".dashops" / "run" / "gateway", "temp": stack / "temp"}
    with ExitStack() as mounts:
        for path in paths.values():
            mounts.enter_context(tiny(path))
        yield {"stack": stack, **paths}


@pytest.fixture(scope="module")
def live(disks: dict[str, Path]) -> Iterator[Live]:
    changes = {"gateway": {"max_kernels": PLACES}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(disks["temp"]))
        with running(disks["stack"], changes) as stack:
            stack.deploy("roomy", SLIDER)
            yield stack
            # `down` removes the folder, which it cannot while a disk is mounted there.
            subprocess.run(["umount", "--lazy", disks["run"]], check=True)


@contextmanager
def tiny(path: Path) -> Iterator[None]:
    """A disk of its own at a path."""
    path.mkdir(parents=True)
    mounting = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", path]
    if subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let root mount a disk")
    try:
        yield
    finally:
        # Also while something has a file open there.
        if path.is_mount():
            subprocess.run(["umount", "--lazy", path], check=True)


@contextmanager
def full(path: Path) -> Iterator[None]:
    """No byte can be written there."""
    filling = path / "filling"
    with filling.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        filling.unlink()


def processes(live: Live) -> set[int]:
    """Those of the gateway; without viewers that is the snapshot."""
    return {each.pid for each in psutil.Process(live.pid("gateway")).children(recursive=True)}


def visit(viewer: Viewer) -> int:
    """Come and leave; the answer's code. What comes is a whole page, whatever it says."""
    answer = viewer.http.get("/dashboards/roomy/", follow_redirects=True)
    if answer.status_code != 200:
        assert "Not available right now" in answer.text and "</html>" in answer.text
        return answer.status_code
    assert "</html>" in answer.text
    Opened(str(answer.url), answer.text).leave()
    return answer.status_code


@pytest.mark.parametrize("place", ["run", "temp"])
def test_viewers_get_a_page_and_forks_again_when_there_is_space(
    place: str, live: Live, disks: dict[str, Path]
) -> None:
    viewer = live.viewer()
    until(lambda: live.kernels() == [], "the gate's kernels end")
    running_before, files_before = processes(live), set(disks["run"].iterdir())
    assert len(running_before) == 1
    with full(disks[place]):
        codes = {visit(viewer) for _ in range(VISITS)}
        assert codes == ({503} if place == "run" else {200})
        until(lambda: processes(live) == running_before, "the snapshot is left and nothing else")
    assert set(disks["run"].iterdir()) == files_before
    with conversation(viewer, "roomy") as page:
        assert [each["kind"] for each in live.viewers("roomy")] == ["snapshot"]
        slider = next(each for each, model in page.models.items() if "min" in model["state"])
        assert page.move(slider, {"value": 7})
    assert processes(live) >= running_before
