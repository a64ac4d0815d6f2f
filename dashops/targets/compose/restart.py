"""Steps that start containers afresh as they are; decides from facts, runs nothing."""

from collections.abc import Iterator, Sequence

from dashops.plan import Step
from dashops.stack import Stack
from dashops.targets.compose import composed
from dashops.targets.compose.facts import Facts

# Seconds that a container has to end; what its services are given in the recipe.
GRACE = "15"


def restart(stack: Stack, facts: Facts, slots: Sequence[str]) -> Iterator[Step]:  # noqa: ARG001
    """One step for each slot that has containers; nothing when the stack is not up."""
    for slot in slots:
        wanted = composed.services(facts.rendered, slot)
        # One that drains goes on with its pages.
        if found := [each for each in facts.of(slot) if each.service in wanted]:
            runs = any(each.state == "running" for each in found)
            # By id: one that was replaced meanwhile is not restarted a second time.
            names = [each.id for each in found]
            yield Step(
                slot,
                "restart" if runs else "start",
                "restart container" if runs else "start container",
                "asked for",
                ("docker", "restart", "-t", GRACE, *names),
                facts.environment,
                ends=(slot,) if runs else (),
                saw=" ".join(names),
            )
