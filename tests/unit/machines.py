"""What a host prints of itself, as data for tests."""

from dashops.targets.compose.host import asking
from dashops.targets.compose.host.asking import Machine

ADDRESS = "ssh://ops@machine"
# 10:00 there and here.
NOW = 1_800_000_000
READY = f"""now\t{NOW}
user\tops
uid\t1000
groups\tops docker
machine\tx86_64
root\tyes
apt\tyes
engine\tDocker version 20.10.24+dfsg1, build 297e128
engine_runs\tyes
socket\tyes
enabled\tyes
free\t50000000
listens\t0016
listens\t22A2
home\tyes
owner\t1000 rendered/proxy/Caddyfile
owner\t0 secrets/deploy-token
file\tab12  rendered/proxy/Caddyfile
file\tcd34  secrets/deploy-token
"""


def machine(said: str = READY, without: str = "", seconds: float = 0) -> Machine:
    """The host that said this, but for lines that begin with some words; its clock is ahead."""
    gone = tuple(f"{word}\t" for word in without.split())
    kept = [line for line in said.splitlines() if not gone or not line.startswith(gone)]
    return asking.read(ADDRESS, "\n".join(kept), NOW - seconds, NOW - seconds + 0.5)
