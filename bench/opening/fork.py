"""The limit for warm: run a notebook once, fork for each viewer, no kernel and no server.

Runs in the notebooks' own environment, which has no dashops: `python fork.py NOTEBOOK SIZE…`
prints one JSON object, the seconds of each child and the bytes that are its own, by size.
"""

import gc
import json
import os
import signal
import sys
import time
from pathlib import Path


def main() -> None:
    """Fork so many at once, size by size."""
    cells = json.loads(Path(sys.argv[1]).read_text())["cells"]
    names: dict[str, object] = {"__name__": "__main__"}
    for cell in cells:
        exec(compile("".join(cell["source"]), "<cell>", "exec"), names)
    # A collection would touch, and so copy, every page that is shared.
    gc.collect()
    gc.freeze()
    sizes = [int(word) for word in sys.argv[2:]]
    print(json.dumps({size: _burst(size, names) for size in sizes}))


def _burst(size: int, names: dict[str, object]) -> dict[str, list[float]]:
    began = time.perf_counter()
    children = [_viewer(number + 1, names) for number in range(size)]
    seconds = []
    for _, answers in children:
        answer = os.read(answers, 200).decode()
        seconds.append(float(answer.split()[0]) - began)
    # All live while they are measured: what two share is nobody's own.
    unique = [_unique(pid) for pid, _ in children]
    for pid, answers in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(answers)
    return {"seconds": seconds, "unique": unique}


def _viewer(value: int, names: dict[str, object]) -> tuple[int, int]:
    answers, answer = os.pipe()
    pid = os.fork()
    if pid == 0:
        names["slider"].value = value  # type: ignore[attr-defined]
        text = names["label"].value  # type: ignore[attr-defined]
        os.write(answer, f"{time.perf_counter()} {text}".encode())
        while True:
            signal.pause()
    os.close(answer)
    return pid, answers


def _unique(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return 1024.0 * sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


if __name__ == "__main__":
    main()
