"""What only the local target promises: its processes, their owner and their supervisor."""

import os
from collections.abc import Mapping

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
