"""Processes and sockets of a host as its /proc shows them, asked with a bare shell; reads only.

`ps` and `ss` would do, but small images have neither.
"""

import ipaddress
import re
import shlex
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

PROCESSES = r"""
for p in /proc/[0-9]*; do
  grep -E '^(Pid|PPid|Uid):' "$p/status" &&
  { printf 'Command:\t'; tr '\000\n' '  ' <"$p/cmdline"; echo; }
done 2>/dev/null; true
"""
SOCKETS = r"""
cat /proc/net/tcp /proc/net/tcp6
for p in %s; do echo "Pid: $p"; ls -l "/proc/$p/fd"; done
true
"""
LISTENING = "0A"


@dataclass(frozen=True)
class Process:
    """One process; `user` is the numeric id whose rights it has."""

    pid: int
    parent: int
    user: int
    command: str


@dataclass(frozen=True)
class Listener:
    """One address that a process accepts TCP connections on."""

    address: str
    port: int
    pid: int

    @property
    def loopback(self) -> bool:
        """Whether nobody outside of the machine can connect."""
        address = ipaddress.ip_address(self.address)
        return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def processes(host: Any) -> dict[int, Process]:
    """All processes of a testinfra host; none when it has no /proc."""
    found, fields = {}, {}
    for line in host.run(PROCESSES).stdout.splitlines():
        name, _, value = line.partition(":\t")
        fields[name] = value
        if name == "Command":
            user = int(fields["Uid"].split()[1])
            process = Process(int(fields["Pid"]), int(fields["PPid"]), user, value.strip())
            found[process.pid] = process
    return found


def family(processes: Mapping[int, Process], roots: Collection[int]) -> dict[int, Process]:
    """The roots and all they started, directly or not."""
    found = {pid: processes[pid] for pid in roots if pid in processes}
    while more := {
        pid: process
        for pid, process in processes.items()
        if process.parent in found and pid not in found
    }:
        found |= more
    return found


def environment(host: Any, pid: int) -> str:
    """The variables a process was started with; empty when this user may not read them."""
    return str(host.run(f"cat /proc/{pid}/environ 2>/dev/null").stdout)


def listeners(host: Any, pids: Collection[int]) -> Iterator[Listener]:
    """Every address that one of the processes listens on."""
    said = host.run(SOCKETS % " ".join(shlex.quote(str(pid)) for pid in pids)).stdout
    listening: dict[str, tuple[str, int]] = {}
    pid = 0
    for line in said.splitlines():
        words = line.split()
        if line.startswith("Pid: "):
            pid = int(words[1])
        elif len(words) > 9 and words[3] == LISTENING:
            address, _, port = words[1].partition(":")
            listening[words[9]] = (_address(address), int(port, 16))
        elif (socket := re.search(r"-> socket:\[(\d+)\]", line)) and socket[1] in listening:
            yield Listener(*listening[socket[1]], pid)


def _address(text: str) -> str:
    # The kernel prints 32 bits at a time, lowest byte first.
    words = [bytes.fromhex(text[start : start + 8])[::-1] for start in range(0, len(text), 8)]
    return str(ipaddress.ip_address(b"".join(words)))
