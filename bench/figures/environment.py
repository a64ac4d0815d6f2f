"""An environment from a lock whose packages uv has, against uv by hand with the same lock."""

import itertools
import json
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from uv import find_uv_bin

from bench import processes
from bench.figure import Figure, Goal, turns
from bench.ground import Ground
from bench.processes import Unmeasured
from bench.stack import Stack
from dashops import bundle as bundles

TITLE = "environment from a lock, uv's cache warm"
RUNS = 7
PACKAGES = "ipywidgets\nnumpy\npandas\nmatplotlib\nplotly\n"
NOTEBOOK = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}


def measure(ground: Ground, runs: int) -> Figure:
    """Seconds from the request to the finished environment, with a default stack's packages."""
    stack, folder = ground.running, ground.folder / "by-hand"
    files = {"requirements.txt": PACKAGES}
    asked = {"source": "requirements.txt", "files": files, "python": ""}
    lock = _told(stack, "locks", json.dumps(asked))["lock"]
    numbers = itertools.count()
    _ours(stack, lock, numbers)
    _by_hand(folder, lock)
    ours, theirs = turns(runs, lambda: _ours(stack, lock, numbers), lambda: _by_hand(folder, lock))
    peer = "uv venv && uv pip install"
    return Figure("environment", TITLE, "s", ours, peer, theirs, Goal("value", 3))


def _ours(stack: Stack, lock: str, numbers: Iterator[int]) -> float:
    # A comment makes it another lock, and so another environment.
    bundle = bundles.Bundle(NOTEBOOK, lock=f"# {next(numbers)}\n{lock}")
    digest = bundles.digest(bundle)
    headers = {"Authorization": f"token {stack.secret('gateway-token')}"}
    url = f"http://127.0.0.1:{stack.ports['gateway']}/api/dashops/bundles/{digest}"
    httpx.put(url, content=bundles.pack(bundle), headers=headers).raise_for_status()
    began = time.perf_counter()
    _told(stack, f"environments/{digest}", "")
    return time.perf_counter() - began


def _by_hand(folder: Path, lock: str) -> float:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "lock.txt").write_text(lock)
    uv, python = find_uv_bin(), folder / "venv" / "bin" / "python"
    began = time.perf_counter()
    processes.command(uv, "venv", "-q", "--python", sys.executable, folder / "venv")
    words = ("--require-hashes", "--python", python, "-r", folder / "lock.txt")
    processes.command(uv, "pip", "install", "-q", *words)
    return time.perf_counter() - began


def _told(stack: Stack, what: str, body: str) -> dict[str, Any]:
    headers = {"Authorization": f"token {stack.secret('gateway-token')}"}
    url = f"http://127.0.0.1:{stack.ports['gateway']}/api/dashops/{what}"
    answer = httpx.post(url, content=body, headers=headers, timeout=300)
    last: dict[str, Any] = json.loads(answer.text.splitlines()[-1])
    if "failed" in last:
        raise Unmeasured(last["failed"]["message"])
    return last
