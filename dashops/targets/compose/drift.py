"""What was changed by hand since the last `up`: containers and secrets; it changes nothing."""

from collections.abc import Iterator, Mapping

from dashops import plan as planning
from dashops.stack import Stack
from dashops.targets import Drift
from dashops.targets.compose import networks, recipe
from dashops.targets.compose.facts import SLOTS, Facts
from dashops.targets.compose.host import files
from dashops.targets.compose.host.asking import folder
from dashops.targets.services import SECRETS


def drift(stack: Stack, facts: Facts, applied: Mapping[str, str]) -> Iterator[Drift]:
    """What is not as `up` left it when it applied these files."""
    for slot in SLOTS:
        yield from _containers(stack, facts, applied, slot)
    for name in SECRETS:
        if name not in facts.secrets:
            yield Drift(f"secrets/{name}", "is gone")
    if facts.host:
        want = {at: files.total(text.encode()) for at, text in files.wanted(applied).items()}
        have = {at: it for at, it in facts.host.files.items() if at.startswith("rendered/")}
        words = {"create": "is gone", "update": "was edited", "delete": "was added"}
        for change in planning.changes(have, want):
            yield Drift(f"{folder(stack)}/{change.path}", f"{words[change.kind]} on the host")


def _containers(
    stack: Stack, facts: Facts, applied: Mapping[str, str], slot: str
) -> Iterator[Drift]:
    # Those that were replaced go by themselves.
    wanted = recipe.services(applied, slot)
    found = [each for each in facts.of(slot) if each.service in wanted]
    for name in set(wanted) - {each.service for each in found}:
        yield Drift(name, "has no container")
    for each in found:
        if each.state != "running":
            yield Drift(slot, f"has a container `{each.name}` that is {each.state}")
        elif each.digest != recipe.said(applied, slot, "dashops.digest"):
            yield Drift(slot, f"has a container `{each.name}` made from other files")
        for name in networks.cut(stack, applied, each):
            yield Drift(slot, f"has a container `{each.name}` that is not on `{name}`")
