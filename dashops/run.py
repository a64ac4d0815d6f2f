"""The one way to run a command: words in, `Result` out; never a shell, never a secret in argv."""

import contextlib
import os
import re
import select
import shlex
import subprocess
import tempfile
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from dashops.errors import ToolError
from dashops.secrets import Secret

Env = Mapping[str, str | Secret | None]
"""Changes to this process's environment: a value sets a variable, None removes it."""

TAIL = 15
COLOUR = re.compile(r"\x1b\[[\d;]*m")
# Seconds that a command beside this process has to end.
PATIENCE = 5


@dataclass(frozen=True)
class Result:
    """What a command answered."""

    argv: tuple[str, ...]
    code: int
    out: str
    err: str


class Run(Protocol):
    """Anything that runs a command: `run` itself, or a `Fake` in tests."""

    def __call__(
        self,
        *argv: str | Path,
        ok: Collection[int] = (0,),
        env: Env | None = None,
        stdin: str | Secret | None = None,
        cwd: Path | None = None,
        timeout: float | None = None,
    ) -> Result:
        """Run `argv`; ToolError when it is missing, too slow (seconds) or its code is not ok."""


def run(
    *argv: str | Path,
    ok: Collection[int] = (0,),
    env: Env | None = None,
    stdin: str | Secret | None = None,
    cwd: Path | None = None,
    timeout: float | None = None,
) -> Result:
    """Run `argv` quietly; ToolError when it is missing, too slow (seconds) or fails."""
    words = tuple(str(word) for word in argv)
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=None if env is None else _environment(env),
            cwd=cwd,
            text=True,
            errors="replace",
        )
        try:
            out, err = process.communicate(_plain(stdin) if stdin is not None else "", timeout)
        except BaseException:
            # Ctrl-C too: whoever repeats the command must not meet what still writes.
            process.kill()
            process.wait()
            raise
    except FileNotFoundError as error:
        if cwd is not None and not cwd.is_dir():
            raise ToolError(f"there is no folder `{cwd}` to run `{words[0]}` in") from error
        raise ToolError(f"`{words[0]}` is not installed", hint="install it, then repeat") from error
    except OSError as error:
        raise ToolError(f"cannot run `{shown(words)}`: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"`{shown(words)}` took longer than {timeout:.0f} s") from error
    result = Result(words, process.returncode, out, err)
    if result.code not in ok:
        raise _failed(result)
    return result


class Held:
    """A command that runs beside this process until `close`, and at the latest ends with it.

    It is told by the end of its stdin, which comes however this process ends.
    """

    def __init__(self, *argv: str | Path, ready: str, timeout: float) -> None:
        """Return when it printed the line `ready`; ToolError with what it said if it does not."""
        words = tuple(str(word) for word in argv)
        # What it leaves running may hold its stderr, so that a pipe would never end.
        with tempfile.TemporaryFile() as said:
            try:
                self._process = subprocess.Popen(
                    words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said
                )
            except OSError as error:
                raise ToolError(
                    f"`{words[0]}` is not installed", hint="install it, then repeat"
                ) from error
            if not self._reads(ready.encode(), timeout):
                self.close()
                said.seek(0)
                text = said.read().decode(errors="replace")
                raise _failed(Result(words, self._process.returncode, "", text))

    def close(self) -> None:
        """End it, and wait for that."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _reads(self, ready: bytes, timeout: float) -> bool:
        assert self._process.stdout is not None
        deadline, text = time.monotonic() + timeout, b""
        while ready not in text.split(b"\n"):
            left = max(0, deadline - time.monotonic())
            if not select.select([self._process.stdout], [], [], left)[0]:
                return False
            piece = os.read(self._process.stdout.fileno(), 4096)
            if not piece:
                return False
            text += piece.replace(b"\r", b"")
        return True


def shown(argv: Collection[str | Path]) -> str:
    """A command as a person would type it; the only way to print one."""
    return shlex.join(str(word) for word in argv)


@dataclass
class Fake:
    """A run for tests: answers by the longest matching start of argv, and records `calls`.

    An answer is the output, or a Result; a command nobody foresaw succeeds in silence.
    """

    answers: Mapping[str, str | Result] = field(default_factory=dict)
    calls: list[tuple[str, ...]] = field(default_factory=list)
    envs: list[Env | None] = field(default_factory=list)

    def __call__(
        self,
        *argv: str | Path,
        ok: Collection[int] = (0,),
        env: Env | None = None,
        stdin: str | Secret | None = None,  # noqa: ARG002
        cwd: Path | None = None,  # noqa: ARG002
        timeout: float | None = None,  # noqa: ARG002
    ) -> Result:
        words = tuple(str(word) for word in argv)
        self.calls.append(words)
        self.envs.append(env)
        line = " ".join(words)
        found = [start for start in self.answers if line == start or line.startswith(f"{start} ")]
        answer = self.answers[max(found, key=len)] if found else ""
        result = answer if isinstance(answer, Result) else Result(words, 0, answer, "")
        if result.code not in ok:
            raise _failed(result)
        return result


def _environment(changes: Env) -> dict[str, str]:
    merged = {**os.environ, **changes}
    return {name: _plain(value) for name, value in merged.items() if value is not None}


def _plain(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _failed(result: Result) -> ToolError:
    said = "\n".join(text.strip() for text in (result.out, result.err) if text.strip())
    said = COLOUR.sub("", said)
    tail = "\n".join(said.splitlines()[-TAIL:])
    error = ToolError(f"`{shown(result.argv)}` failed with code {result.code}", where=tail)
    error.said = said
    return error
