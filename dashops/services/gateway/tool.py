"""Runs uv without blocking the gateway: its words are told as they come, secrets are kept."""

import asyncio
import contextlib
import os
import re
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from uv import find_uv_bin

from dashops.services.gateway import failures

Tell = Callable[[str], None]
Run = Callable[[Sequence[str], Mapping[str, str], Path, Tell], Awaitable[int]]
"""Runs words in an environment and a folder, tells each line, and gives the exit code."""

KEPT = 400  # lines of a log that an author gets
AT_ONCE = 2  # runs; more would only be slower together
INHERITED = (
    "HOME PATH TMPDIR LANG LC_ALL XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME UV_CACHE_DIR "
    "SSL_CERT_FILE SSL_CERT_DIR HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY "
    "http_proxy https_proxy all_proxy no_proxy"
)


class Uv:
    """uv with the stack's settings; builds run the code of packages, so it gets no other variable.

    `options` say where packages come from, `env` holds what has no option.
    """

    def __init__(
        self, options: Sequence[str], env: Mapping[str, str], limit: float, run: Run | None = None
    ) -> None:
        self.options = tuple(options)
        self.limit = limit
        self._env = env
        self._run = run or _run
        self._places = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, *words: str | Path, cwd: Path, tell: Tell) -> None:
        """Run one of its commands; raises EnvironmentFailed, with the log, when that fails."""
        names = INHERITED.split()
        env = {name: os.environ[name] for name in names if name in os.environ} | dict(self._env)
        argv = [find_uv_bin(), *map(str, words), "--no-progress", "--color", "never"]
        log: deque[str] = deque(maxlen=KEPT)

        def heard(line: str) -> None:
            masked = re.sub(r"://[^/\s@]*@", "://***@", line)
            log.append(masked)
            tell(masked)

        async with self._places:
            try:
                async with asyncio.timeout(self.limit):
                    code = await self._run(argv, env, cwd, heard)
            except TimeoutError as error:
                raise failures.EnvironmentFailed(
                    f"the packages were not ready within {self.limit:g} seconds",
                    "try again, what was loaded is kept; or ask for fewer or smaller packages",
                    "\n".join(log),
                ) from error
        if code:
            raise failures.explain(log)


async def _run(argv: Sequence[str], env: Mapping[str, str], cwd: Path, tell: Tell) -> int:
    process = await asyncio.create_subprocess_exec(
        *argv,
        env=dict(env),
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,  # a build's compilers are ended with it
    )
    assert process.stdout is not None
    try:
        held = b""
        # Not by readline(), which fails at a line that is longer than its buffer.
        while chunk := await process.stdout.read(2**16):
            *lines, held = (held + chunk).split(b"\n")
            for line in lines:
                tell(line[:2000].decode(errors="replace").rstrip())
            held = held[:2000]
        if held:
            tell(held.decode(errors="replace").rstrip())
        return await process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
