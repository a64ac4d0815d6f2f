"""Whether a secret is where somebody could read it. Messages name it and never show it."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from dashops.checks import proc
from dashops.secrets import Secret
from dashops.stack import Stack
from dashops.targets import Target

# A password that somebody chose may be a common word, and is then found by chance.
SHORTEST = 12

Secrets = Mapping[str, Secret]


def test_commands(processes: Mapping[int, proc.Process], secrets: Secrets) -> None:
    """no secret is in a command line"""
    _refuse(
        secrets,
        ((f"the arguments of process {each.pid}", each.command) for each in processes.values()),
    )


def test_environments(family: Mapping[int, proc.Process], secrets: Secrets, host: Any) -> None:
    """no secret is in the environment of a process"""
    _refuse(
        secrets,
        ((f"the environment of process {pid}", proc.environment(host, pid)) for pid in family),
    )


def test_logs(stack: Stack, target: Target, secrets: Secrets) -> None:
    """no secret is in a log"""
    lines = target.logs(stack, [], sys.maxsize)
    _refuse(secrets, ((f"the log of {line.slot}", line.text) for line in lines))


def test_rendered(stack: Stack, secrets: Secrets) -> None:
    """no secret is in a rendered file"""
    files = [path for path in (stack.state_dir / "rendered").rglob("*") if path.is_file()]
    _refuse(secrets, ((f"`{path}`", path.read_text(errors="replace")) for path in files))


def _refuse(secrets: Secrets, texts: Iterator[tuple[str, str]]) -> None:
    long = {
        name: text for name, secret in secrets.items() if len(text := secret.reveal()) >= SHORTEST
    }
    problems = {
        f"{place} holds `{name}`": None
        for place, text in texts
        for name, secret in long.items()
        if secret in text
    }
    assert not problems, "\n".join(problems)
