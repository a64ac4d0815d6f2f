"""What only the compose target promises: what its containers may not do, and who reaches whom."""

import json
from typing import Any

import pytest

from dashops.stack import Stack
from dashops.targets import compose

# Tries to connect; says which of the places answered.
TRY = """
import socket, sys
for place in sys.argv[1:]:
    host, _, port = place.rpartition(":")
    try:
        socket.create_connection((host, int(port)), 2).close()
        print(place)
    except OSError:
        pass
"""
# Two resolvers that everybody reaches who reaches anything.
OUTSIDE = ("1.1.1.1:53", "8.8.8.8:53")


@pytest.fixture(scope="module")
def containers(stack: Stack, host: Any) -> dict[str, list[dict[str, Any]]]:
    """What Docker knows of the stack's containers, by slot."""
    label = f"label=com.docker.compose.project={compose.project(stack)}"
    ids = host.check_output("docker ps --all --quiet --filter %s", label).split()
    found: dict[str, list[dict[str, Any]]] = {}
    for each in json.loads(host.check_output(f"docker inspect {' '.join(ids)}")):
        slot = each["Config"]["Labels"]["dashops.slot"]
        found.setdefault(slot, []).append(each)
    return found


def test_confined(containers: dict[str, list[dict[str, Any]]], slot: str) -> None:
    """{slot} has no root, no capability, a file system it cannot change, and limits"""
    for each in containers[slot]:
        name, limits = each["Name"].lstrip("/"), each["HostConfig"]
        assert each["Config"]["User"].partition(":")[0] not in ("", "0", "root"), (
            f"`{name}` runs as root"
        )
        assert limits["CapDrop"] == ["ALL"] and not limits["CapAdd"], f"`{name}` has capabilities"
        assert limits["ReadonlyRootfs"], f"`{name}` may change its image's files"
        assert "no-new-privileges:true" in limits["SecurityOpt"], f"`{name}` may gain privileges"
        assert limits["Memory"], f"`{name}` may take all memory of the machine"
        assert not limits["Privileged"], f"`{name}` is privileged"


def test_ports(stack: Stack, containers: dict[str, list[dict[str, Any]]]) -> None:
    """only the proxy has ports on this machine, for others only those that people open"""
    for slot, several in containers.items():
        for each in several:
            held = each["HostConfig"]["PortBindings"] or {}
            assert slot == "proxy" or not held, f"{slot} has ports on this machine: {held}"
            for to in (one for several in held.values() for one in several):
                own = to["HostIp"] == str(stack.proxy.bind)
                assert to["HostIp"] == "127.0.0.1" or (
                    own and int(to["HostPort"]) in compose.public(stack)
                ), f"port {to['HostPort']} is open at {to['HostIp']}"


def test_kernels(stack: Stack, containers: dict[str, list[dict[str, Any]]], host: Any) -> None:
    """kernels reach no other slot but the dashboard server, and no host outside"""
    others = (f"notebook:{stack.notebook.port}", f"proxy:{stack.dashboard.port}")
    places = others if stack.gateway.internet else (*others, *OUTSIDE)
    for each in containers["gateway"]:
        _refuse(host, each["Name"].lstrip("/"), places)


def test_gateway(stack: Stack, containers: dict[str, list[dict[str, Any]]], host: Any) -> None:
    """only the dashboard server reaches gateways"""
    own = f"gateway-1:{stack.gateway.port}"
    for slot in ("notebook", "proxy"):
        for each in containers[slot]:
            _refuse(host, each["Name"].lstrip("/"), (own,))
    name = containers["dashboard"][0]["Name"].lstrip("/")
    assert _reached(host, name, (own,)), "the dashboard server does not reach a gateway"


def _refuse(host: Any, name: str, places: tuple[str, ...]) -> None:
    found = _reached(host, name, places)
    assert not found, f"`{name}` reaches {', '.join(found)}"


def _reached(host: Any, name: str, places: tuple[str, ...]) -> list[str]:
    said = host.check_output("docker exec %s python3 -c %s " + " ".join(places), name, TRY)
    return str(said).split()
