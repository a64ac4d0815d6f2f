"""Whether every slot runs and answers."""

from collections.abc import Mapping

from dashops.targets import Slot


def test_healthy(slots: Mapping[str, Slot], slot: str) -> None:
    """{slot} is healthy"""
    state = slots[slot].state
    assert state == "healthy", f"it is {state}: see `dashops logs {slot}`, then `dashops up`"
