"""Puts libraries in a state that can be forked, where they have a way of their own to be put so."""

import ctypes
import sys
import threading
from pathlib import Path
from typing import Any

PAUSE_HARD = 2  # omp_pause_hard of OpenMP 5.0: give all threads back


def tidy() -> None:
    """Do it for what is loaded; each starts again by itself when it is used next."""
    if tqdm := sys.modules.get("tqdm.std"):
        _tidy_tqdm(tqdm.tqdm)
    for path in _loaded("libgomp"):
        library = ctypes.CDLL(path)
        # Without this a fork waits for ever for threads that it does not have.
        if hasattr(library, "omp_pause_resource_all"):
            library.omp_pause_resource_all(PAUSE_HARD)


def _tidy_tqdm(bar: Any) -> None:
    if bar.monitor is not None:
        bar.monitor.exit()
        bar.monitor = None
    # Its usual one is shared by all processes: who is killed while it holds it stops the others.
    bar.set_lock(threading.RLock())


def _loaded(name: str) -> set[str]:
    lines = Path("/proc/self/maps").read_text().splitlines()
    paths = {line.split(maxsplit=5)[-1] for line in lines if name in line}
    return {path for path in paths if path.startswith("/") and Path(path).is_file()}
