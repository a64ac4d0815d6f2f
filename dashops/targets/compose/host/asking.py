"""What a host is and has, asked in one go with a plain shell; it changes nothing there."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from dashops.run import Run
from dashops.stack import Stack
from dashops.targets.compose.host import link

HOME = "/var/lib/dashops"
# Who runs in the containers of a stack that root brings up.
NOBODY = 10001
# The parts of a stack's folder there.
PARTS = ("rendered", "secrets", "given")

SCRIPT = r"""
home=$1; stack=$2
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
say() { printf '%s\t%s\n' "$1" "$2"; }
is() { if eval "$2" >/dev/null 2>&1; then say "$1" yes; fi; }
say now "$(date +%s)"
say user "$(id -un)"
say uid "$(id -u)"
say groups "$(id -Gn)"
say machine "$(uname -m)"
is root '[ "$(id -u)" = 0 ] || sudo -n true'
is apt 'command -v apt-get'
say engine "$(dockerd --version 2>/dev/null || docker --version 2>/dev/null)"
is engine_runs 'cat /proc/[0-9]*/comm 2>/dev/null | grep -qx dockerd'
is socket '[ -w /var/run/docker.sock ]'
if [ -d /run/systemd/system ]; then is enabled 'systemctl is-enabled docker'
else is enabled 'ls /etc/rc2.d/S??docker || ls /etc/runlevels/default/docker'; fi
d=/var/lib/docker; [ -d "$d" ] || d=/var/lib
say free "$(df -Pk "$d" | tail -n 1 | awk '{print $4}')"
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r _ at _ state _; do
  if [ "$state" = 0A ]; then say listens "${at##*:}"; fi
done
if grep -qi '^ENABLED=yes' /etc/ufw/ufw.conf 2>/dev/null; then say firewall ufw; fi
if cat /proc/[0-9]*/comm 2>/dev/null | grep -qx firewalld; then say firewall firewalld; fi
is home '[ -d "$home" ] && [ -w "$home" ]'
if cd "$home/$stack" 2>/dev/null; then
  find rendered secrets given -type f -exec stat -c 'owner	%u %n' {} + 2>/dev/null
  find rendered secrets given -type f -exec sha256sum {} + 2>/dev/null |
    while read -r sum path; do say file "$sum $path"; done
fi
true
"""


@dataclass(frozen=True)
class Machine:
    """A host as it is now.

    `ahead` is by how many seconds its clock differs from ours, `free` bytes where images are,
    `listening` TCP ports of any address, and `files` those of the stack with their SHA-256;
    `strange` are those of them that belong to somebody else than who runs in containers.
    """

    address: str
    user: str = ""
    uid: int = 0
    groups: tuple[str, ...] = ()
    architecture: str = ""
    ahead: float = 0
    root: bool = False
    apt: bool = False
    engine: str = ""
    runs: bool = False
    allowed: bool = False
    enabled: bool = False
    free: int = 0
    listening: frozenset[int] = frozenset()
    firewall: str = ""
    home: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    strange: tuple[str, ...] = ()

    @property
    def answers(self) -> bool:
        """Whether its engine takes our calls."""
        return bool(self.engine) and self.runs and self.allowed

    @property
    def owner(self) -> int:
        """Who runs in containers there: the user we are, or nobody where that is root."""
        return self.uid or NOBODY


def folder(stack: Stack) -> PurePosixPath:
    """Where the host has the files of a stack."""
    return PurePosixPath(HOME) / stack.name


def ask(stack: Stack, run: Run) -> Machine:
    """The stack's host; ToolError when it cannot be reached."""
    way = link.opened(stack)
    before = time.time()
    said = run(*way.script(SCRIPT, HOME, stack.name), timeout=120).out
    return read(way.address, said, before, time.time())


def read(address: str, said: str, before: float, after: float) -> Machine:
    """What the script printed between two moments of our clock."""
    told: dict[str, list[str]] = {}
    for line in said.splitlines():
        name, _, value = line.partition("\t")
        told.setdefault(name, []).append(value.strip())
    one = {name: values[0] for name, values in told.items()}
    uid = int(one.get("uid", "0"))
    version = re.search(r"version (\d+\.\d+[^,\s]*)", one.get("engine", ""))
    owners = [line.partition(" ") for line in told.get("owner", ())]
    sums = [line.partition(" ") for line in told.get("file", ())]
    return Machine(
        address=address,
        user=one.get("user", ""),
        uid=uid,
        groups=tuple(one.get("groups", "").split()),
        architecture=one.get("machine", ""),
        ahead=_ahead(float(one.get("now", before)), before, after),
        root="root" in one,
        apt="apt" in one,
        engine=version[1] if version else "",
        runs="engine_runs" in one,
        allowed="socket" in one,
        enabled="enabled" in one,
        free=int(one.get("free") or 0) * 1024,
        listening=frozenset(int(port, 16) for port in told.get("listens", ())),
        firewall=one.get("firewall", ""),
        home="home" in one,
        files={path.strip(): total for total, _, path in sums},
        strange=tuple(sorted(path for owner, _, path in owners if int(owner) != (uid or NOBODY))),
    )


def _ahead(there: float, before: float, after: float) -> float:
    """Seconds, 0 for what the time of asking and whole seconds explain."""
    if there < before - 1:
        return there - before
    return max(0.0, there - after)
