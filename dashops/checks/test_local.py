"""What only the local target promises: its processes, their owner, supervisor and ports."""

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from dashops.checks import proc
from dashops.stack import Stack
from dashops.targets import Slot

Processes = Mapping[int, proc.Process]


def test_supervised(
    stack: Stack, slots: Mapping[str, Slot], processes: Processes, slot: str
) -> None:
    """{slot} runs under the stack's supervisor"""
    process = processes.get(slots[slot].pid or 0)
    assert process, "the supervisor has no such process: `dashops up` starts it"
    parent = processes.get(process.parent)
    ours = str(stack.state_dir / "rendered" / "supervisord.conf")
    assert parent and ours in parent.command, (
        f"process {process.pid} was started by `{parent.command if parent else 'nobody'}`; "
        "`dashops down` and `dashops up` bring order"
    )


def test_owner(family: Processes) -> None:
    """every process belongs to the user who started the stack"""
    strangers = [each for each in family.values() if each.user != os.geteuid()]
    assert not strangers, "\n".join(
        f"process {each.pid} has the rights of user {each.user}: `{each.command}`"
        for each in strangers
    )


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
