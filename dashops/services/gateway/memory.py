"""What memory there is, by cgroup and machine, and what processes take; it decides nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import psutil

SELF, MOUNT = "proc/self/cgroup", "sys/fs/cgroup"


@dataclass(frozen=True)
class Memory:
    """Bytes that end with a process, and its part of those that others have too."""

    unique: int = 0
    shared: int = 0

    def __add__(self, other: "Memory") -> "Memory":
        return Memory(self.unique + other.unique, self.shared + other.shared)


@dataclass(frozen=True)
class Version:
    """The names of a version of cgroups; `highest` are the files of limits, the lowest counts."""

    folder: str
    highest: tuple[str, ...]
    used: str
    reclaimable: str


ONE = Version("memory", ("memory.limit_in_bytes",), "memory.usage_in_bytes", "total_inactive_file")
# Over `memory.high` nothing is killed, but everything stands still.
TWO = Version("", ("memory.max", "memory.high"), "memory.current", "inactive_file")


def available(root: Path = Path("/")) -> int:
    """Bytes that processes of this gateway may still take before something is killed."""
    free = (
        each - _number(folder / version.used) + _reclaimable(folder, version)
        for version, folder in _groups(root)
        for each in _limits(folder, version)
    )
    return max(0, min([psutil.virtual_memory().available, *free]))


def limit(root: Path = Path("/")) -> int:
    """Bytes that there are for this gateway and whoever shares its machine or cgroup."""
    limits = (each for version, folder in _groups(root) for each in _limits(folder, version))
    return min([psutil.virtual_memory().total, *limits])


def of(roots: Mapping[str, int]) -> dict[str, Memory]:
    """What processes take, by name; `roots` has their pids.

    The children of one count with it, unless they are one of the others: forks of a snapshot are.
    What is gone, or is not this user's, takes nothing.
    """
    names = {pid: name for name, pid in roots.items()}
    parents = {each.pid: each.info["ppid"] for each in psutil.process_iter(["ppid"])}
    found = dict.fromkeys(roots, Memory())
    for pid in parents:
        above: int | None = pid
        seen = set()
        while above and above not in names and above not in seen:
            seen.add(above)
            above = parents.get(above)
        if above in names:
            found[names[above]] += _of(pid)
    return found


def _of(pid: int) -> Memory:
    try:
        info = psutil.Process(pid).memory_full_info()
    except psutil.Error:
        return Memory()
    shared = getattr(info, "pss", info.uss) - info.uss  # only Linux tells the shares
    return Memory(info.uss, max(0, shared))


def _groups(root: Path) -> Iterator[tuple[Version, Path]]:
    """The cgroups of this process that may limit its memory, up to the topmost there is."""
    try:
        lines = (root / SELF).read_text().splitlines()
    except OSError:
        return  # not Linux
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "memory" not in controllers.split(","):
            continue
        version = ONE if controllers else TWO
        mount = root / MOUNT / version.folder
        inner = PurePosixPath(path.lstrip("/"))
        # A container sees its own cgroup as the topmost, but may be told its path outside.
        yield from ((version, mount / each) for each in (inner, *inner.parents))


def _limits(folder: Path, version: Version) -> Iterator[int]:
    for name in version.highest:
        try:
            yield int((folder / name).read_text())
        except (OSError, ValueError):
            continue  # not here, or `max`


def _number(file: Path) -> int:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return 0


def _reclaimable(folder: Path, version: Version) -> int:
    """Bytes of files read once, which the system gives back before it kills anything."""
    try:
        lines = (folder / "memory.stat").read_text().splitlines()
        return next(
            int(each.split()[1]) for each in lines if each.split()[0] == version.reclaimable
        )
    except (OSError, ValueError, LookupError, StopIteration):
        return 0
