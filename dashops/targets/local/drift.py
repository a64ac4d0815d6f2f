"""What was changed by hand since the last `up`: processes, environments, secrets; only reads."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from dashops.plan import digest
from dashops.stack import Stack
from dashops.targets import Drift
from dashops.targets.local import recipe
from dashops.targets.local.facts import SLOTS, Facts, command
from dashops.targets.services import SECRETS


def drift(stack: Stack, facts: Facts, applied: Mapping[str, str]) -> Iterator[Drift]:
    """What is not as `up` left it when it applied these files, from the outside in."""
    yield from _supervisor(facts, applied)
    for slot in SLOTS:
        if facts.supervisor is not None:
            yield from _process(facts, applied, slot)
        yield from _environment(stack, facts, applied, slot)
    for name in SECRETS:
        yield from _secret(facts, stack.secret_file(name))


def _supervisor(facts: Facts, applied: Mapping[str, str]) -> Iterator[Drift]:
    if facts.supervisor is None:
        yield Drift("supervisor", "does not run" + (", its slots do" if facts.leftovers else ""))
    elif facts.supervisor != digest({"": applied.get("supervisord.conf", "")}):
        yield Drift("supervisor", "was started with other settings")


def _process(facts: Facts, applied: Mapping[str, str], slot: str) -> Iterator[Drift]:
    process, program = facts.slots.get(slot), applied.get(f"slots/{slot}.conf", "")
    if process is None:
        yield Drift(slot, "is not known to the supervisor")
    elif process.state in ("STOPPED", "STOPPING"):
        yield Drift(slot, "was stopped")
    elif not process.pid:
        yield Drift(slot, f"does not run ({process.said or process.state.lower()})")
    elif (words := command(process.pid)) and words != _command(program):
        yield Drift(slot, f"runs with other arguments: `{shlex.join(words)[:200]}`")
    elif f'DASHOPS_DIGEST="{facts.digests.get(slot)}"' not in program:
        yield Drift(slot, "was started from other files")


def _environment(
    stack: Stack, facts: Facts, applied: Mapping[str, str], slot: str
) -> Iterator[Drift]:
    requirements = f"{slot}/requirements.txt"
    if requirements not in applied or recipe.OVERRIDES not in applied:
        return
    folder = recipe.environment(stack, applied, slot)
    if folder.name not in facts.environments:
        yield Drift(slot, f"has lost its environment `{folder.name}`")
    elif facts.environments[folder.name] != applied[requirements]:
        yield Drift(slot, f"has an incomplete environment `{folder.name}`")
    elif names := sorted(_installed_later(folder)):
        yield Drift(slot, f"has packages that `up` did not install: {', '.join(names)}")


def _installed_later(folder: Path) -> Iterator[str]:
    # Its list of packages is the last that `up` puts into an environment.
    made = (folder / "requirements.txt").stat().st_mtime
    for each in folder.glob("lib/python*/site-packages/*.dist-info"):
        if each.stat().st_mtime > made:
            yield each.name.removesuffix(".dist-info")


def _secret(facts: Facts, file: Path) -> Iterator[Drift]:
    if file.name not in facts.secrets:
        yield Drift(f"secrets/{file.name}", "is gone")
    elif file.is_file() and file.stat().st_mode & 0o077:
        yield Drift(f"secrets/{file.name}", "can be read by others")


def _command(program: str) -> tuple[str, ...]:
    line = next((each for each in program.splitlines() if each.startswith("command = ")), "")
    return tuple(shlex.split(line.removeprefix("command = ")))
