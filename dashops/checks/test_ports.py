"""Who listens where."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from dashops.checks import proc
from dashops.stack import Stack
from dashops.targets import Slot

Processes = Mapping[int, proc.Process]


def test_loopback(
    stack: Stack, slots: Mapping[str, Slot], family: Processes, host: Any, slot: str
) -> None:
    """{slot} listens on loopback only"""
    assert urlsplit(slots[slot].url).port in stack.ports(slot).values()
    for port in stack.ports(slot).values():
        found = [each for each in proc.listeners(host, family) if each.port == port]
        assert found, f"no process of the stack listens on port {port}"
        _refuse_open(found, family)


def test_nothing_else(family: Processes, host: Any) -> None:
    """nothing the stack started listens beyond loopback"""
    _refuse_open(proc.listeners(host, family), family)


def _refuse_open(listeners: Any, family: Processes) -> None:
    found = [each for each in listeners if not each.loopback]
    assert not found, "\n".join(
        f"`{each.address}` port {each.port} is open to other machines: "
        f"process {each.pid}, `{family[each.pid].command}`"
        for each in found
    )
