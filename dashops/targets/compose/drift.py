"""What was changed by hand since the last `up`: containers and secrets; it changes nothing."""

from collections.abc import Iterator, Mapping

from dashops import plan as planning
from dashops.plan import Step
from dashops.stack import Stack
from dashops.targets import Drift
from dashops.targets.compose import recipe
from dashops.targets.compose.facts import SLOTS, Facts
from dashops.targets.compose.host import files, link
from dashops.targets.compose.host.asking import folder
from dashops.targets.services import SECRETS


def drift(stack: Stack, facts: Facts, applied: Mapping[str, str]) -> Iterator[Drift]:
    """What is not as `up` left it when it applied these files."""
    for slot in SLOTS:
        found = facts.of(slot)
        if not found:
            yield Drift(slot, "has no container")
        for each in found:
            if each.state != "running":
                yield Drift(slot, f"has a container `{each.name}` that is {each.state}")
            elif each.digest != recipe.said(applied, slot, "dashops.digest"):
                yield Drift(slot, f"has a container `{each.name}` made from other files")
    for name in SECRETS:
        if name not in facts.secrets:
            yield Drift(f"secrets/{name}", "is gone")
    if facts.host:
        want = {at: files.total(text.encode()) for at, text in files.wanted(applied).items()}
        have = {at: it for at, it in facts.host.files.items() if at.startswith("rendered/")}
        words = {"create": "is gone", "update": "was edited", "delete": "was added"}
        for change in planning.changes(have, want):
            yield Drift(f"{folder(stack)}/{change.path}", f"{words[change.kind]} on the host")


def meanwhile(stack: Stack, files: Mapping[str, str], step: Step) -> str:  # noqa: ARG001
    """Nothing makes a step needless: Compose itself looks again at what is there."""
    if stack.host:
        # Preparing it, or its restart, ends the connection.
        link.opened(stack)
    return ""
