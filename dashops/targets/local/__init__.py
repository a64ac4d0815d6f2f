"""The local target: three slots under a supervisor on this machine, no root, no containers."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dashops.plan import Step, digest
from dashops.stack import Stack
from dashops.targets import packages
from dashops.targets.local import recipe
from dashops.targets.local.drift import drift
from dashops.targets.local.facts import SLOTS, Facts, facts
from dashops.targets.local.health import wait
from dashops.targets.local.logs import follow, logs
from dashops.targets.local.meanwhile import meanwhile
from dashops.targets.local.recipe import check, environment, files, own
from dashops.targets.local.state import hosts, owners, purge, reach, slots, url
from dashops.targets.services import SECRETS

__all__ = [
    "SECRETS",
    "SLOTS",
    "check",
    "down",
    "drift",
    "facts",
    "files",
    "follow",
    "hosts",
    "logs",
    "meanwhile",
    "owners",
    "purge",
    "reach",
    "restart",
    "slots",
    "tidy",
    "up",
    "url",
    "wait",
]


def up(stack: Stack, facts: Facts, files: Mapping[str, str]) -> Iterator[Step]:
    """The steps missing until the stack runs: environments, then the supervisor or its slots."""
    for slot in SLOTS:
        yield from _environment(stack, facts, files, slot)
    supervisor = digest({"": files["supervisord.conf"]})
    if facts.leftovers:
        yield _stop(stack, "stop leftovers", "their supervisor died", SLOTS)
    if facts.supervisor is None:
        yield from _start(stack, facts, supervisor, "not running")
    elif facts.supervisor != supervisor:
        reason = "recipe changed: supervisord.conf"
        yield _stop(stack, "stop", reason, running(facts))
        yield from _start(stack, facts, supervisor, reason)
    else:
        for slot in SLOTS:
            if reason := _restart(stack, facts, files, slot):
                yield _begin(stack, facts, slot, reason)


def tidy(stack: Stack, facts: Facts, files: Mapping[str, str]) -> Iterator[Step]:
    """Remove the environments that no slot of a healthy stack uses any more."""
    used = {environment(stack, files, slot).name for slot in SLOTS}
    for name in facts.environments:
        if name not in used:
            folder = stack.state_dir / "environments" / name
            slot = name.rpartition("-")[0] or name
            words = ("rm", "-rf", folder)
            yield Step(slot, "remove", "remove environment", "no longer used", words)


def down(stack: Stack, facts: Facts) -> Iterator[Step]:
    """Stop everything that runs, then remove the sockets and pid files."""
    if facts.supervisor is not None or facts.leftovers:
        reason = "running" if facts.supervisor is not None else "their supervisor died"
        yield _stop(stack, "stop all slots", reason, running(facts) or SLOTS)
    if (stack.state_dir / "run").exists():
        argv = ("rm", "-rf", stack.state_dir / "run")
        yield Step("supervisor", "remove", "remove sockets", "nothing runs", argv)


def restart(stack: Stack, facts: Facts, slots: Sequence[str]) -> Iterator[Step]:
    """Start slots afresh as they are; nothing without a supervisor."""
    if facts.supervisor is not None:
        for slot in slots:
            yield _begin(stack, facts, slot, "asked for")


def running(facts: Facts) -> tuple[str, ...]:
    """The slots that have a process."""
    return tuple(slot for slot in SLOTS if slot in facts.slots and facts.slots[slot].pid)


def _environment(stack: Stack, facts: Facts, files: Mapping[str, str], slot: str) -> Iterator[Step]:
    folder = environment(stack, files, slot)
    wanted = files[f"{slot}/requirements.txt"]
    if facts.environments.get(folder.name) == wanted:
        return
    from uv import find_uv_bin

    uv, half = find_uv_bin(), folder.name in facts.environments
    reason = "environment is incomplete" if half else "environment is missing"
    rendered = stack.state_dir / "rendered"
    requirements = rendered / slot / "requirements.txt"
    found = packages.find(stack)
    options: list[str | Path] = ["--python", folder / "bin" / "python"]
    options += found.options
    if not facts.origin.editable:
        # It may be a folder or a wheel that changed without a new version.
        options += ["--refresh-package", "dashops"]
    options += ["--overrides", rendered / recipe.OVERRIDES, "-r", requirements]
    venv: tuple[str | Path, ...] = (uv, "venv", "--clear", "--python", facts.origin.python, folder)
    setting = "dashboard.frontends" if slot == "dashboard" else "environment.packages"
    hint = f"see `environment.python` ({stack.where('environment.python')})"
    yield Step(slot, "make", "make environment", reason, venv, found.env, hint)
    hint = f"see `{setting}` ({stack.where(setting)}) and `environment.index`"
    install: tuple[str | Path, ...] = (uv, "pip", "install", *options)
    yield Step(slot, "install", "install packages", reason, install, found.env, hint)
    yield Step(slot, "install", "complete environment", reason, ("cp", requirements, folder))


def _start(stack: Stack, facts: Facts, digest: str, reason: str) -> Iterator[Step]:
    rooms = [stack.state_dir / name for name in ("run", "logs")]
    conf = stack.state_dir / "rendered" / "supervisord.conf"
    marks = {"DASHOPS_STATE_DIR": str(stack.state_dir), "DASHOPS_DIGEST": digest}
    words: tuple[str | Path, ...] = ("mkdir", "-p", "-m", "700", *rooms)
    yield Step("supervisor", "make", "make folders", reason, words)
    yield Step(
        "supervisor",
        "start",
        "start all slots",
        reason,
        (sys.executable, "-m", "supervisor.supervisord", "-c", conf),
        dict.fromkeys(facts.foreign) | marks,
    )


def _stop(stack: Stack, action: str, reason: str, ends: tuple[str, ...]) -> Step:
    return Step("supervisor", "stop", action, reason, _control(stack, "stop"), ends=ends)


def _begin(stack: Stack, facts: Facts, slot: str, reason: str) -> Step:
    words = _control(stack, "restart", slot)
    pid = facts.slots[slot].pid if slot in facts.slots else 0
    if not pid:
        return Step(slot, "start", "start", reason, words)
    return Step(slot, "restart", "restart", reason, words, ends=(slot,), saw=str(pid))


def _control(stack: Stack, *words: str) -> tuple[str, ...]:
    module = "dashops.targets.local.control"
    return (sys.executable, "-m", module, str(stack.state_dir), *words)


def _restart(stack: Stack, facts: Facts, files: Mapping[str, str], slot: str) -> str:
    """Why a slot must be started again; empty when it is as it should be."""
    process = facts.slots.get(slot)
    have, want = own(facts.rendered, slot), own(files, slot)
    program = f"slots/{slot}.conf"
    used = environment(stack, files, slot).name
    if used not in have.get(program, used):
        return "environment changed"
    changed = sorted(path for path in want if have.get(path) != want[path])
    # Its program file names the digest of all the others, so it always changes with them.
    plain = [path for path in changed if path != program] or changed
    if plain and not _only_digest(have, want, plain):
        return f"recipe changed: {', '.join(plain)}"
    read = [name for name in SECRETS if str(stack.secret_file(name)) in "".join(want.values())]
    if fresh := [name for name in read if name not in facts.secrets]:
        return f"new secret: {', '.join(fresh)}"
    if process is None:
        return "not known to the supervisor"
    if process.state == "STOPPED":
        return "stopped by hand"
    if not process.pid:
        return f"not running ({process.said or process.state.lower()})"
    if changed or f'DASHOPS_DIGEST="{facts.digests.get(slot)}"' not in want[program]:
        return "dashops changed" if facts.origin.editable else "started from an older recipe"
    return ""


def _only_digest(have: Mapping[str, str], want: Mapping[str, str], paths: list[str]) -> bool:
    lines = set()
    for path in paths:
        lines |= set(have.get(path, "").splitlines()) ^ set(want[path].splitlines())
    return all("DASHOPS_DIGEST=" in line for line in lines)
