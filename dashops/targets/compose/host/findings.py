"""What a host lacks to run the stack, why it matters, and who mends it; pure."""

import platform
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from dashops.targets.compose.host.asking import HOME, Machine

OLDEST = (20, 10)
# Bytes: the images of a stack, and as much while they are loaded.
NEEDED = 4 * 10**9
# Seconds: logins and links are good for minutes, so a clock may not be off by one.
SKEW_WARN, SKEW = 5, 60
# What Docker calls what `uname` says.
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}

Level = Literal["ok", "note", "prepare", "error"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `prepare` is what the next `up` mends, `error` what somebody must."""

    name: str
    level: Level
    what: str
    fix: str = ""


def find(machine: Machine, ports: Collection[int], architecture: str) -> Iterator[Finding]:
    """All that was looked at, in the order in which it matters.

    `ports` are those that the stack wants and does not hold, `architecture` is that of our images,
    empty where that is not known.
    """
    yield Finding("ssh", "ok", f"`{machine.user}` of `{machine.address}` lets us in")
    yield from _rights(machine)
    yield from _engine(machine)
    yield _architecture(machine, architecture)
    yield _disk(machine)
    yield _clock(machine)
    taken = sorted(set(ports) & machine.listening)
    if taken:
        said = ", ".join(map(str, taken))
        fix = "stop what listens there, or give the slots other ports"
        yield Finding("ports", "error", f"taken by other programs: {said}", fix)
    else:
        yield Finding("ports", "ok", "free")
    if machine.firewall:
        fix = "nothing to do: Docker opens the ports it publishes before the firewall's own rules"
        yield Finding("firewall", "note", f"`{machine.firewall}` is active", fix)


def needs(machine: Machine) -> list[str]:
    """Why the host must be prepared; empty when it is ready."""
    found = (*_engine(machine), *_rights(machine))
    return [each.what for each in found if each.level == "prepare"]


def _rights(machine: Machine) -> Iterator[Finding]:
    if machine.root:
        yield Finding("sudo", "ok", "root's rights without a password")
    elif _unready(machine):
        yield Finding(
            "sudo",
            "error",
            f"`{machine.user}` may not use `sudo` without a password, which preparing needs",
            "allow it, or have an administrator install Docker, put the user into the group "
            f"`docker`, and run `install -d -g docker -m 2770 {HOME}`",
        )
    else:
        yield Finding("sudo", "note", "no root's rights without a password; none are needed")


def _engine(machine: Machine) -> Iterator[Finding]:
    if not machine.engine:
        if machine.apt:
            yield Finding("engine", "prepare", "Docker Engine is not installed", _UP)
        else:
            fix = "install Docker Engine there: dashops does it where there is `apt-get`"
            yield Finding("engine", "error", "Docker Engine is not installed", fix)
    elif _version(machine.engine) < OLDEST:
        what = f"Docker Engine {machine.engine} is too old"
        yield Finding("engine", "error", what, "install 20.10 or newer")
    elif not machine.runs:
        yield Finding("engine", "prepare", "Docker Engine does not run", _UP)
    else:
        yield Finding("engine", "ok", f"Docker Engine {machine.engine} runs")
    if machine.engine and not machine.enabled:
        yield Finding("boot", "prepare", "Docker Engine does not start with the machine", _UP)
    elif machine.engine:
        yield Finding("boot", "ok", "Docker Engine starts with the machine")
    if machine.engine and machine.runs and not machine.allowed:
        what = f"`{machine.user}` is not in the group `docker`"
        yield Finding("group", "prepare", what, _UP)
    if not machine.home:
        yield Finding("folder", "prepare", f"there is no `{HOME}` for us", _UP)


_UP = "the next `dashops up` sees to it"


def _unready(machine: Machine) -> bool:
    return any(each.level == "prepare" for each in _engine(machine))


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit())


def _architecture(machine: Machine, ours: str) -> Finding:
    there = ARCHITECTURES.get(machine.architecture, machine.architecture)
    ours = ours or ARCHITECTURES.get(platform.machine(), platform.machine())
    if there != ours:
        what = f"the host is `{there}`, and images built here are `{ours}`"
        fix = f"run dashops on a machine that is `{there}`"
        return Finding("architecture", "error", what, fix)
    return Finding("architecture", "ok", f"`{there}`, as here")


def _disk(machine: Machine) -> Finding:
    free = f"{machine.free / 1e9:.1f} GB free"
    # A stack that is there already needs less: only what changes is sent.
    if machine.free < NEEDED and not machine.files:
        fix = f"images need {NEEDED / 1e9:.0f} GB; `docker system prune` frees what nobody uses"
        return Finding("disk", "error", free, fix)
    return Finding("disk", "ok", free)


def _clock(machine: Machine) -> Finding:
    off = abs(machine.ahead)
    if off > SKEW_WARN:
        way = "ahead of" if machine.ahead > 0 else "behind"
        level: Level = "error" if off > SKEW else "note"
        fix = "set it: `timedatectl set-ntp true`"
        return Finding("clock", level, f"{off:.0f} s {way} this machine's", fix)
    return Finding("clock", "ok", "right within 5 s")
