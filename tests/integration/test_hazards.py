"""Notebooks that must not be forked, each in its way, and what looks like it and is harmless."""

from pathlib import Path

import pytest
from frozen import process

ENDLESS = "t.Event().wait"
NATIVE = """
import ctypes
libc = ctypes.CDLL(None)
number = ctypes.c_ulong()
libc.pthread_create(ctypes.byref(number), None, libc.pause, None)
"""
TORCH = """
import sys, types
torch = types.ModuleType("torch")
torch.cuda = types.SimpleNamespace(is_initialized=lambda: True)
sys.modules["torch"] = torch
"""
SPARK = """
import sys, types
spark = types.ModuleType("pyspark")
spark.SparkContext = types.SimpleNamespace(_active_spark_context=object())
sys.modules["pyspark"] = spark
"""
# What is in one kernel together, and the kind and a part of the text of what must be found.
Found = tuple[str, str]
BAD: dict[str, dict[str, tuple[str, Found]]] = {
    "threads": {
        "of its own": (
            f"import threading as t; t.Thread(target={ENDLESS}, daemon=True, name='mine').start()",
            ("thread", "`mine`"),
        ),
        "of a pool": (
            "from concurrent import futures; p = futures.ThreadPoolExecutor();"
            "p.submit(int).result()",
            ("thread", "`ThreadPoolExecutor"),
        ),
        "of asyncio": ("import asyncio; await asyncio.to_thread(int)", ("thread", "`asyncio")),
    },
    "a thread of a library": {"C": (NATIVE, ("native-thread", "1 threads of its own"))},
    "sockets": {
        "listens": (
            "import socket; s = socket.create_server(('127.0.0.1', 0))",
            ("socket", "listening"),
        ),
        "to somebody": (
            "c = socket.create_connection(s.getsockname())",
            ("socket", "to 127.0.0.1:"),
        ),
        "of a pair": ("pair = socket.socketpair()", ("socket", "to another process")),
        "a pipe": ("import os; ends = os.pipe()", ("socket", "a pipe is open")),
    },
    "files": {
        "open": ("out = open('out.txt', 'w')", ("file", "out.txt`")),
        "of a database": (
            "import sqlite3; db = sqlite3.connect('db'); db.execute('create table t (x)')",
            ("file", "/db`"),
        ),
        "of a log": (
            "import logging; logging.basicConfig(filename='log.txt', force=True)",
            ("file", "log.txt`"),
        ),
        "temporary": ("import tempfile; folder = tempfile.TemporaryDirectory()", ("temporary", "")),
    },
    "memory and processes": {
        "child": (
            "import subprocess; p = subprocess.Popen(['sleep', '60'])",
            ("child", "process `sleep`"),
        ),
        "of a file": (
            "import mmap; f = open('mapped', 'w+b'); f.truncate(4096); m = mmap.mmap(f.fileno(), 0)"
            "; f.close()",
            ("memory", "mapped`"),
        ),
        "of processes": (
            "from multiprocessing import shared_memory as s;"
            "block = s.SharedMemory(create=True, size=99, name=f'hazard{p.pid}')",
            ("memory", "/dev/shm/hazard"),
        ),
    },
    "engines": {"gpu": (TORCH, ("gpu", "torch")), "spark": (SPARK, ("spark", "Spark"))},
    "viewers": {
        "name": (
            "import os; who = os.environ.get('REMOTE_USER', 'nobody')",
            ("viewer", "`REMOTE_USER`"),
        ),
        "query": ("'QUERY_STRING' in os.environ", ("viewer", "`QUERY_STRING`")),
        "claims": (
            "from dashops import viewer; who = viewer.current_viewer()",
            ("viewer", "`current_viewer()`"),
        ),
    },
    "viewers in a copy": {
        "copy": (
            "import os; os.environ['REMOTE_USER'] = 'gate'; dict(os.environ)['REMOTE_USER']",
            ("viewer", "`REMOTE_USER`"),
        ),
    },
    "a fork that fails": {
        "fails": (
            "import os; os.register_at_fork(after_in_child=lambda: 1 / 0)",
            ("fork", "ended at once (1)"),
        )
    },
    "a fork that ends": {
        "ends": (
            "import os; os.register_at_fork(after_in_child=lambda: os._exit(3))",
            ("fork", "ended at once (3)"),
        )
    },
}
HARMLESS = {
    "a file that is read": "f = open('/etc/hostname')",
    "a file that was written": "open('out.txt', 'w').write('x')",
    "a thread that ended": (
        "import threading; t = threading.Thread(target=int); t.start(); t.join()"
    ),
    "a process that ended": "import subprocess; subprocess.run(['true'])",
    "a database in memory": "import sqlite3; db = sqlite3.connect(':memory:')",
    "global state": "import decimal, warnings; decimal.getcontext().prec = 5",
    "a task": "import asyncio; t = asyncio.ensure_future(asyncio.sleep(60))",
    "variables": "import os; dict(os.environ); os.environ['MINE'] = '1'; os.environ.get('HOME')",
    "variables that a library looks through": (
        "import os, urllib.request; os.environ['REMOTE_USER'] = 'gate';"
        "urllib.request.build_opener()"
    ),
    "a shell command": "!echo hello",
    "a large output": "from IPython.display import Image; Image(bytes(200_000), format='png')",
    "an event loop in a thread": (
        "import asyncio, threading; t = threading.Thread(target=lambda: asyncio.run("
        "asyncio.sleep(0))); t.start(); t.join()"
    ),
}


@pytest.mark.parametrize("cases", BAD.values(), ids=BAD)
def test_what_must_not_be_forked_is_found_and_goes_on(
    cases: dict[str, tuple[str, Found]], tmp_path: Path
) -> None:
    with process(tmp_path, "x = 41", *(code for code, _ in cases.values())) as frozen:
        answer = frozen.freeze()
        for name, (_, (kind, text)) in cases.items():
            told = [each["text"] for each in answer["hazards"] if each["kind"] == kind]
            assert any(text in each for each in told), (name, answer)
        assert not answer["frozen"]
        assert frozen.kernel.run("x + 1") == "42"


def test_what_is_harmless_is_no_hazard(tmp_path: Path) -> None:
    with process(tmp_path, "x = 41", *HARMLESS.values()) as frozen:
        assert frozen.freeze() == {"frozen": True, "hazards": []}
        assert frozen.fork().run("x + 1") == "42"


def test_a_fork_that_does_nothing_is_found(tmp_path: Path) -> None:
    hang = "import os, time; os.register_at_fork(after_in_child=lambda: time.sleep(999))"
    soon = "import sys; sys.modules['dashops_snapshot.trying'].DEADLINE = 1"
    with process(tmp_path, hang, soon) as frozen:
        (found,) = frozen.freeze()["hazards"]
        assert found["kind"] == "fork"
        assert "did nothing" in found["text"]


def test_one_that_dies_when_it_is_forked_is_reported(tmp_path: Path) -> None:
    kill = "import os; os.register_at_fork(before=lambda: os.kill(os.getpid(), 9))"
    with process(tmp_path, kill) as frozen:
        assert frozen.freeze()["hazards"][0]["kind"] == "kernel"


def test_it_can_be_frozen_in_spite_of_a_hazard(tmp_path: Path) -> None:
    with process(tmp_path, "x = 41; out = open('out.txt', 'w')") as frozen:
        answer = frozen.freeze(anyway=True)
        assert answer["frozen"]
        assert answer["hazards"][0]["kind"] == "file"
        assert frozen.fork().run("x + 1") == "42"
