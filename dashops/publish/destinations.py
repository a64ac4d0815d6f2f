"""Which server a verb talks to, and with which token; it does not connect."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dashops import client, errors, secrets, targets
from dashops.secrets import Secret
from dashops.stack import Stack

LIMIT = 2**30
"""Bytes of an upload to a server whose limit is not known here; it is held in memory."""


@dataclass(frozen=True)
class Destination:
    """Where uploads go; `limit` in bytes, unpacked.

    `env` are the variables that kernels of a stack see, None where that is not known here.
    """

    server: client.Server
    limit: int = LIMIT
    env: frozenset[str] | None = None


def destination(
    load: Callable[[], Stack],
    url: str | None,
    token_file: Path | None,
    env: Mapping[str, str] = os.environ,
) -> Destination:
    """The server at `url`, or that of the stack, which is loaded only if no URL is given."""
    return _destination(load, url, token_file, env, "deploy-token")


def administration(
    load: Callable[[], Stack],
    url: str | None,
    token_file: Path | None,
    env: Mapping[str, str] = os.environ,
) -> Destination:
    """The same for those who decide who may do what: of a stack with its `admin-token`."""
    return _destination(load, url, token_file, env, "admin-token")


def _destination(
    load: Callable[[], Stack],
    url: str | None,
    token_file: Path | None,
    env: Mapping[str, str],
    secret: str,
) -> Destination:
    if url is not None:
        return Destination(client.Server(url, _token(token_file, env, secret)))
    stack = load()
    if token_file is not None:
        raise errors.SpecError(
            "`--token-file` is for a server named with `--server`",
            hint=f"leave it out to use the stack in `{stack.folder}`",
        )
    file = stack.secret_file(secret)
    if not file.is_file():
        raise errors.SpecError(
            f"there is no stack in `{stack.folder}` yet",
            hint="start one with `dashops up`, or name a server with `--server`",
        )
    token = secrets.read(file.parent, file.name)
    targets.by_name(stack.target).reach(stack)
    server, limit = client.Server(stack.url("dashboard"), token), stack.dashboard.upload_limit
    return Destination(server, limit, frozenset(stack.gateway.env))


def _token(file: Path | None, env: Mapping[str, str], what: str) -> Secret:
    """The token for another server; never from argv, which everyone on this machine can read."""
    if file is None and (text := env.get("DASHOPS_TOKEN", "").strip()):
        return Secret(text)
    if file is None:
        raise errors.SpecError(
            f"`--server` needs the {what.replace('-', ' ')} of that server",
            hint="put it into the variable `DASHOPS_TOKEN`, or into a file named by `--token-file`",
        )
    try:
        text = file.read_text("utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise errors.SpecError(f"the token file `{file}` cannot be read: {error}") from error
    return Secret(text)
