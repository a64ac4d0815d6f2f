"""A gateway that stands still ends by itself; one that works does not."""

import subprocess
import sys

PROGRAM = """
import asyncio, sys, time
from dashops.services.gateway import watch
watch.STUCK, watch.BEAT = 1, 0.1

async def main():
    watch.start()
    await asyncio.sleep(2)
    print("works", flush=True)
    def hangs():
        time.sleep(60)
    if "hang" in sys.argv:
        hangs()

asyncio.run(main())
"""


def ran(*words: str) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-c", PROGRAM, *words]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)


def test_a_loop_that_stands_still_ends_and_says_where() -> None:
    done = ran("hang")
    assert (done.returncode, done.stdout) == (1, "works\n")
    assert "in hangs" in done.stderr


def test_a_loop_that_works_goes_on() -> None:
    assert (ran().returncode, ran().stdout) == (0, "works\n")
