"""Make a host ready with pyinfra: Docker Engine, who may use it, folders; a command of its own.

It runs only what is missing, as root, and says what that was.
"""

import argparse
import logging
import sys
from pathlib import Path
from typing import Any

from dashops.run import run
from dashops.targets.compose.host import asking, connector, findings, link
from dashops.targets.compose.host.link import Link

MISSING = "pyinfra, which prepares hosts, is not installed: `pip install 'dashops[host]'`"
# Debian's engine comes without them: its command may be a package of its own.
PACKAGES = ("docker.io", "iptables")
COMMAND = "docker-cli"
# It answers soon after its service started; half seconds.
WAIT = (
    "n=0; until [ -S /var/run/docker.sock ]; do n=$((n+1)); [ $n -le 60 ] || exit 1; "
    "sleep 0.5; done"
)


def main() -> None:
    """Prepare the host that the arguments name."""
    parser = argparse.ArgumentParser()
    for name in ("--host", "--config", "--room"):
        parser.add_argument(name, required=True)
    asked = parser.parse_args()
    way = Link(asked.host, asked.config, Path(asked.room))
    there = asking.read(way.address, run(*way.script(asking.SCRIPT, asking.HOME, "")).out, 0, 0)
    try:
        from pyinfra.api.exceptions import PyinfraError
    except ImportError:
        sys.exit(MISSING)
    logging.basicConfig(level=logging.CRITICAL)
    try:
        _prepare(way, there)
    except PyinfraError as error:
        sys.exit("\n".join((f"the host could not be prepared: {error}", *connector.said[-8:])))
    run(*way.script(WAIT))
    # What may be done with the group it is in now, only a new login may do.
    link.forget(way, run)


def _prepare(way: Link, there: asking.Machine) -> None:
    from pyinfra.api import Config, Inventory, State
    from pyinfra.api.connect import connect_all
    from pyinfra.api.operation import add_op
    from pyinfra.api.operations import run_ops
    from pyinfra.operations import apt, files, server

    data: dict[str, Any] = {"dashops_link": way}
    state = State(inventory=Inventory(([("@dashops/host", data)], {})), config=Config())
    connect_all(state)
    root = {} if there.uid == 0 else {"_sudo": True}
    needed = " ".join(findings.needs(there))
    if not there.engine:
        add_op(state, apt.update, **root)
        add_op(state, apt.packages, packages=list(PACKAGES), no_recommends=True, **root)
        # In newer distributions only: where it is not known, there is nothing to install.
        optional = f"apt-cache show {COMMAND} >/dev/null 2>&1 && apt-get install -y {COMMAND}"
        add_op(state, server.shell, commands=[f"{optional} >/dev/null || true"], **root)
    add_op(state, server.service, service="docker", running=True, enabled=True, **root)
    if there.uid != 0:
        add_op(state, server.user, user=there.user, groups=["docker"], append=True, **root)
    if asking.HOME in needed:
        place = {"path": asking.HOME, "user": "root", "group": "docker", "mode": "2770"}
        add_op(state, files.directory, **place, **root)
    run_ops(state)


if __name__ == "__main__":
    main()
