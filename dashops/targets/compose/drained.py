"""Containers that were replaced: which those are, and when nobody uses them any more."""

import time
from collections.abc import Mapping

from dashops.plan import Step
from dashops.stack import Stack
from dashops.targets.compose import engine, naming, recipe
from dashops.targets.compose import facts as asking
from dashops.targets.compose.facts import Container, Facts
from dashops.targets.compose.host import link

# Seconds: how long `up` waits for one to be left, and when servers surely know they are replaced.
PATIENCE = 25
KNOWN = 5
POLL = 0.5


def replaced(facts: Facts, files: Mapping[str, str]) -> list[Container]:
    """Containers of numbered slots that the recipe has no more."""
    wanted = _listed(files)
    found = [each for each in facts.containers if each.slot in naming.NUMBERED]
    return [each for each in found if naming.number(each.service) and each.service not in wanted]


def drains(facts: Facts, container: Container) -> bool:
    """Whether it was replaced at an earlier time, and somebody still uses it."""
    listed = _listed(facts.rendered)
    return container.running and container.service not in listed and bool(container.busy)


def meanwhile(stack: Stack, files: Mapping[str, str], step: Step) -> str:
    """Why a container that was replaced, or its image, may not go yet; for other steps nothing.

    Compose itself looks again at what is there.
    """
    if stack.host:
        # Preparing it, or its restart, ends the connection.
        link.opened(stack)
    if step.argv[:3] == ("docker", "image", "rm") and files:
        with engine.connected(stack) as client:
            found = client.api.containers(all=True, filters=asking.mine(stack))
        held = {each["Image"] for each in found} & set(map(str, step.argv))
        return "a container that drains has one of them" if held else ""
    if step.kind != "remove" or step.slot not in naming.NUMBERED:
        return ""
    told = (stack.state_dir / "rendered" / naming.SHIFT).stat().st_mtime + KNOWN + _ahead(stack)
    deadline = time.monotonic() + PATIENCE
    while (found := _container(stack, step.saw)) and found.running:
        if found.looked > told and found.busy == 0 and not found.serving:
            return ""
        if found.looked > told and found.busy:
            what = f"{found.busy} still use it" if found.busy > 1 else "1 still uses it"
            return f"{what}; the next `up` removes it"
        if time.monotonic() > deadline:
            return "it does not say whether somebody uses it; the next `up` removes it"
        time.sleep(POLL)
    return "" if found else "it is gone"


def _listed(files: Mapping[str, str]) -> set[str]:
    """The numbered services of a recipe."""
    return {name for slot in naming.NUMBERED for name in recipe.services(files, slot)}


def _ahead(stack: Stack) -> float:
    """Seconds by which the clock of the engine, which times the looks, differs from ours."""
    with engine.connected(stack) as client:
        return asking.moment(client.info()["SystemTime"]) - time.time()


def _container(stack: Stack, ident: str) -> Container | None:
    with engine.connected(stack) as client:
        found = client.api.containers(all=True, filters={**asking.mine(stack), "id": ident})
        return next(iter(asking.containers(client, found, remote=bool(stack.host))), None)
