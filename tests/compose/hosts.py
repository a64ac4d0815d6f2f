"""A container that is like a machine on the network: an SSH server, an init, no engine yet."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import engines
from live import until

NAME = "dashops-test-machine"
# It starts what is enabled, as an init does, and nothing else.
INIT = """#!/bin/sh
[ -e /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -A >/dev/null
for each in /etc/rc2.d/S*; do "$each" start; done
exec sleep infinity
"""
# Docker's own script raises limits, which not every machine of tests lets a container do.
DOCKERFILE = f"""FROM {engines.BASE}
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive \\
    apt-get install -y -qq --no-install-recommends openssh-server sudo >/dev/null && \\
    rm -rf /etc/ssh/ssh_host_* /var/lib/apt/lists/* && useradd -m -s /bin/bash ops && \\
    echo 'ops ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ops && \\
    echo 'ulimit() {{ :; }}' >/etc/default/docker
COPY init /sbin/init
COPY --chown=ops key.pub /home/ops/.ssh/authorized_keys
CMD ["/sbin/init"]
"""
# All rights but one that machines of tests may lack; an engine runs inside.
RIGHTS = (
    *("--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE", "--device-cgroup-rule", "a *:* rwm"),
    *("--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"),
    *("--security-opt", "systempaths=unconfined", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup"),
    *("--tmpfs", "/run:exec", "--tmpfs", "/tmp:exec", "--volume", "/var/lib/docker"),
)


@dataclass(frozen=True)
class Host:
    """One that runs, and how to reach it."""

    engine: str
    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config"

    def reboot(self) -> None:
        self.docker("restart", "--time", "5", NAME)
        self.locate()
        self.answers()

    def locate(self) -> None:
        """Write where it is: it gets an address anew at each start."""
        address = self.docker("inspect", "-f", "{{.NetworkSettings.IPAddress}}", NAME)
        self.config.write_text(
            f"Host machine\n  HostName {address}\n  User ops\n  IdentityFile {self.folder}/key\n"
            "  IdentitiesOnly yes\n  HostKeyAlias machine\n"
            f"  UserKnownHostsFile {self.folder}/known_hosts\n"
        )

    def answers(self) -> None:
        until(lambda: self.ssh("true").returncode == 0, "the host lets us in", 30)

    def says(self, command: str) -> str:
        done = self.ssh(command)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def ssh(self, command: str) -> subprocess.CompletedProcess[str]:
        words = ["ssh", "-F", self.config, "-o", "BatchMode=yes", "machine", command]
        return subprocess.run(words, capture_output=True, text=True, timeout=60)

    def docker(self, *words: str | Path) -> str:
        return engines.docker(self.engine, *words)


@contextmanager
def host(folder: Path, engine: str) -> Iterator[Host]:
    """A machine on that engine, whose key is known; it is gone at the end with all it had."""
    made = Host(engine, folder)
    (folder / "init").write_text(INIT)
    (folder / "init").chmod(0o755)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"]
    subprocess.run(keygen, check=True)
    image = f"{NAME}:{folder.name}"
    made.docker("build", "--quiet", "--tag", image, folder)
    try:
        made.docker("run", "--detach", "--name", NAME, "--init", *RIGHTS, image)
        made.locate()
        yield made
    finally:
        made.docker("rm", "--force", "--volumes", NAME)
        made.docker("image", "rm", "--force", image)


def trust(host: Host) -> None:
    """Know its key, as somebody who compared it."""
    key = host.docker("exec", NAME, "cat", "/etc/ssh/ssh_host_ed25519_key.pub")
    (host.folder / "known_hosts").write_text(f"machine {key}\n")
