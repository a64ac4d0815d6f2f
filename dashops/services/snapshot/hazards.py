"""What in a process that ran a notebook would break, or be shared, if it were forked."""

import asyncio
import os
import socket
import sys
import threading
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from . import handed, loop, trying

VIEWER = "viewer"  # the kind of hazard that nobody can allow
MOST = 20  # hazards that are told
WRITING = os.O_WRONLY | os.O_RDWR
PROC = Path("/proc/self")
SHARED_ALWAYS = ("/dev/shm/sem.", "/dev/zero", "anon_inode:")
"""Mappings that libraries share with everybody and that no notebook sees the content of."""
GPU = ("/dev/nvidia", "/dev/kfd", "/dev/dri")

Hazard = dict[str, str]


def look(own: asyncio.AbstractEventLoop, link: socket.socket, seen: Iterable[str]) -> list[Hazard]:
    """All hazards of this process, which has no threads and sockets of a kernel at this moment.

    Args:
        own: the kernel's event loop, which does not run now.
        link: the connection to the gateway.
        seen: variables about the viewer that were read.
    """
    found = [*_viewer(seen), *_loop(own), *_threads(), *_children(), *_files(own, link)]
    found += [*_memory(), *_engines(), *_temporary()]
    if not any(each["kind"] in ("thread", "gpu") for each in found):
        # With threads of Python's the trial would only say the same again, after a wait.
        found += [*trying.fork(), *_native_threads()]
    return found[:MOST]


def forbid(found: list[Hazard], *, anyway: bool) -> bool:
    """Whether it must not become a snapshot; what was made for one viewer is for no other."""
    return any(not anyway or each["kind"] == VIEWER for each in found)


def _hazard(kind: str, text: str) -> Hazard:
    return {"kind": kind, "text": text}


def _viewer(seen: Iterable[str]) -> Iterator[Hazard]:
    for name in sorted(seen):
        yield _hazard(VIEWER, f"it reads the variable `{name}`, which differs between viewers")
    if handed.asked():
        yield _hazard(VIEWER, "it asks for `current_viewer()`, who differs")


def _loop(own: asyncio.AbstractEventLoop) -> Iterator[Hazard]:
    if not loop.can_be_renewed(own):
        yield _hazard("kernel", f"its event loop is a `{type(own).__name__}`")


def _threads() -> Iterator[Hazard]:
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            yield _hazard("thread", f"thread `{thread.name}` is running")


def _native_threads() -> Iterator[Hazard]:
    """Threads that Python does not know; those of OpenBLAS are gone since the trial fork."""
    main = str(os.getpid())
    usual = (PROC / "comm").read_text().strip()
    names = [
        (task / "comm").read_text().strip()
        for task in (PROC / "task").iterdir()
        if task.name != main
    ]
    if names:
        told = sorted({name for name in names if name != usual})
        which = f" ({', '.join(told)})" if told else ""
        yield _hazard("native-thread", f"a library runs {len(names)} threads of its own{which}")


def _children() -> Iterator[Hazard]:
    for child in (PROC / "task" / str(os.getpid()) / "children").read_text().split():
        name = Path(f"/proc/{child}/comm")
        if name.exists():
            yield _hazard("child", f"process `{name.read_text().strip()}` was started by it")


def _files(own: Any, link: socket.socket) -> Iterator[Hazard]:
    ours = {link.fileno(), own._ssock.fileno(), own._csock.fileno()}
    # The logs of a kernel, under any number.
    ours_too = {_identity(number) for number in (0, 1, 2)}
    for path in (PROC / "fd").iterdir():
        number = int(path.name)
        try:
            target = str(path.readlink())
        except OSError:  # it was the one that lists them
            continue
        if number in ours or _identity(number) in ours_too:
            continue
        if target.startswith("socket:"):
            yield _hazard("socket", f"a connection is open ({_peer(number)})")
        elif target.startswith("pipe:"):
            yield _hazard("socket", "a pipe is open")
        elif target.startswith(GPU):
            yield _hazard("gpu", f"it uses `{target}`")
        elif target.startswith("/") and not target.startswith("/dev/") and _written(number):
            yield _hazard("file", f"file `{target}` is open for writing")


def _identity(number: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(number)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _written(number: int) -> bool:
    for line in (PROC / "fdinfo" / str(number)).read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "flags":
            return bool(int(value, 8) & WRITING)
    return False


def _peer(number: int) -> str:
    with socket.fromfd(number, socket.AF_INET, socket.SOCK_STREAM) as copy:
        try:
            name = copy.getpeername()
        except OSError:
            return "listening, or to nobody"
    return f"to {name[0]}:{name[1]}" if isinstance(name, tuple) else "to another process"


def _memory() -> Iterator[Hazard]:
    for line in (PROC / "maps").read_text().splitlines():
        words = line.split(maxsplit=5)
        path = words[5] if len(words) > 5 else ""
        if "w" in words[1] and words[1].endswith("s") and not path.startswith(SHARED_ALWAYS):
            yield _hazard("memory", f"memory is shared and can be written (`{path}`)")


def _engines() -> Iterator[Hazard]:
    torch: Any = sys.modules.get("torch")
    if torch and torch.cuda.is_initialized():
        yield _hazard("gpu", "torch uses CUDA")
    if "cupy" in sys.modules:
        yield _hazard("gpu", "cupy uses CUDA")
    spark: Any = sys.modules.get("pyspark")
    if spark and getattr(spark.SparkContext, "_active_spark_context", None):
        yield _hazard("spark", "a Spark session is open")


def _temporary() -> Iterator[Hazard]:
    tempfile: Any = sys.modules.get("tempfile")
    registry: Any = weakref.finalize._registry  # type: ignore[attr-defined]
    for info in list(registry.values()):
        if tempfile and info.func == tempfile.TemporaryDirectory._cleanup:
            folder = f"the temporary folder `{info.args[0]}`"
            yield _hazard("temporary", f"{folder} would be shared, and removed by who leaves")
