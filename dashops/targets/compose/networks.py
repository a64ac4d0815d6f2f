"""Containers that were cut from a network of the stack, and the way back; it runs nothing."""

from collections.abc import Iterator, Mapping

from dashops.plan import Step
from dashops.stack import Stack
from dashops.targets.compose import composed
from dashops.targets.compose.facts import Container, Facts, project


def cut(stack: Stack, files: Mapping[str, str], container: Container) -> list[str]:
    """The networks that a container which runs should be on by these files, and is not."""
    if not container.running:
        return []
    wanted = composed.networks(files, container.slot, project(stack))
    return [name for name in wanted if name not in container.networks]


def join(stack: Stack, facts: Facts, files: Mapping[str, str], service: str) -> Iterator[Step]:
    """Connect the container of a service again, which goes on with all it has."""
    for each in facts.containers:
        if each.service == service:
            for name in cut(stack, files, each):
                words = ("docker", "network", "connect", "--alias", service, name, each.id)
                yield Step(
                    each.slot,
                    "make",
                    f"connect {service} to {name}",
                    "cut from that network",
                    words,
                    facts.environment,
                    alone=True,
                    saw=each.id,
                )
