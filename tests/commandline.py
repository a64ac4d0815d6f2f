"""`dashops` in this process: all it prints and its exit code, without a second of imports."""

import contextlib
import io
import subprocess
import sys
from pathlib import Path

import pytest

from dashops import cli


def run(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """What a shell in that folder would have got; nobody is at its terminal."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "stdin", io.StringIO())
        patch.setattr(sys, "argv", ["dashops", *words])
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())
