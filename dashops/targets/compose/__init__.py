"""The compose target: each slot in containers of Docker, behind Caddy; Compose v2 converges."""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from dashops.plan import Kind, Step
from dashops.stack import Stack
from dashops.targets.compose import drained, health, more, naming, networks, recipe, trial, troubles
from dashops.targets.compose.check import check
from dashops.targets.compose.drained import meanwhile
from dashops.targets.compose.drift import drift
from dashops.targets.compose.facts import SLOTS, Facts, facts, project
from dashops.targets.compose.health import wait
from dashops.targets.compose.host import files as sending
from dashops.targets.compose.host import steps
from dashops.targets.compose.host.asking import Machine, folder
from dashops.targets.compose.logs import follow, logs
from dashops.targets.compose.recipe import files, public
from dashops.targets.compose.restart import restart
from dashops.targets.compose.state import hosts, owners, reach, slots, url
from dashops.targets.services import SECRETS

__all__ = [
    "SECRETS",
    "SLOTS",
    "Facts",
    "build",
    "check",
    "down",
    "drift",
    "facts",
    "files",
    "follow",
    "hosts",
    "images",
    "logs",
    "meanwhile",
    "owners",
    "project",
    "public",
    "purge",
    "reach",
    "restart",
    "slots",
    "tidy",
    "up",
    "url",
    "wait",
]

WHEEL = "wheel"
IMAGES = "images"
FILES = "files"


def up(stack: Stack, facts: Facts, files: Mapping[str, str]) -> Iterator[Step]:
    """The steps missing until the stack runs: images, whose the files are, containers."""
    if facts.host:
        yield from steps.prepare(stack, facts.host)
    yield from build(stack, facts, files, stack.state_dir / "rendered")
    if facts.host:
        yield from _send(stack, facts, facts.host, files)
    elif os.getuid() == 0 and (reason := _foreign(facts, files)):
        rooms = (stack.state_dir / "rendered", stack.state_dir / "secrets")
        owner = f"{facts.uid}:{facts.uid}"
        yield Step(FILES, "make", "hand over files", reason, ("chown", "-R", owner, *rooms))
    for each in facts.containers:
        # Its name is that of the first of several now.
        if each.slot in naming.NUMBERED and not naming.number(each.service):
            words, env = ("docker", "rm", "--force", each.name), facts.environment
            why, ends = "made by an older dashops", (each.slot,) if each.running else ()
            yield Step(
                each.slot, "stop", "remove container", why, words, env, alone=True, ends=ends
            )
    for slot in SLOTS:
        for service in recipe.services(files, slot):
            if reason := _restart(facts, files, slot, service):
                yield _start(stack, facts, slot, service, reason)
            else:
                yield from networks.join(stack, facts, files, service)
    yield from more.up(facts, files, _compose(stack, facts))
    yield from trial.up(stack, facts, files)


def tidy(stack: Stack, facts: Facts, files: Mapping[str, str]) -> Iterator[Step]:  # noqa: ARG001
    """Remove what a healthy stack uses no more: containers that were replaced, and images."""
    used = set(images(files).values())
    for each in drained.replaced(facts, files):
        if drained.drains(facts, each):
            # It goes when its pages are left, and its image with it.
            used.add(each.image)
            continue
        action = f"remove {each.service}"
        words, env = ("docker", "rm", "--force", each.name), facts.environment
        yield Step(each.slot, "remove", action, "replaced", words, env, alone=True, saw=each.id)
    old = [tag for tag in facts.images if tag not in used]
    if old:
        argv = ("docker", "image", "rm", *old)
        yield Step(IMAGES, "remove", "remove images", "no longer used", argv, facts.environment)
    if old := [tag for tag in facts.built if tag not in used]:
        argv = ("docker", "image", "rm", *old)
        yield Step(IMAGES, "remove", "remove images here", "no longer used", argv)
    yield from _scraps(facts)


def down(stack: Stack, facts: Facts) -> Iterator[Step]:
    """Remove containers and networks; volumes stay.

    ToolError where the engine of a host does not answer that has something of the stack.
    """
    if facts.host:
        steps.demand_engine(facts.host)
    if facts.containers or facts.networks:
        argv = _compose(stack, facts, "down", "--remove-orphans", "--timeout", "15")
        ends = tuple(slot for slot in SLOTS if facts.of(slot))
        yield Step("stack", "stop", "stop all slots", "running", argv, _env(facts), ends=ends)


def purge(stack: Stack, facts: Facts) -> Iterator[Step]:
    """Remove volumes and images too."""
    there = facts.environment
    if facts.volumes:
        argv = ("docker", "volume", "rm", *facts.volumes)
        yield Step("stack", "remove", "remove volumes", "asked for", argv, there)
    yield from _scraps(facts)
    label = f"label=dashops.stack={stack.name}"
    prune = ("docker", "image", "prune", "--force", "--filter", label)
    places = [(facts.images, there)] if not facts.host or facts.host.answers else []
    places += [(facts.built, {})] if facts.built or (facts.host and facts.scraps) else []
    for images, env in places:
        if images:
            argv = ("docker", "image", "rm", "--force", *images)
            yield Step(IMAGES, "remove", "remove images", "asked for", argv, env)
        yield Step(IMAGES, "remove", "remove layers", "asked for", prune, env)
    if facts.host:
        yield from steps.forget(stack, facts.host)


def build(stack: Stack, facts: Facts, files: Mapping[str, str], room: Path) -> Iterator[Step]:
    """Build the images that are missing, from files in this folder.

    SpecError when what is built could not run.
    """
    wanted, have = images(files), {*facts.images, *facts.built}
    missing = [slot for slot in SLOTS if wanted[slot] not in have]
    if not missing:
        return
    if error := troubles.foreign(stack, facts):
        raise error
    pack = (sys.executable, "-m", "dashops.apps.wheel", room / "images" / recipe.wheel())
    yield Step(WHEEL, "make", "pack dashops", "images are missing", pack)
    for slot in missing:
        hint = f"see `images.base` ({stack.where('images.base')}), and behind a proxy that opens "
        hint += f"TLS `environment.certificates` ({stack.where('environment.certificates')})"
        known = troubles.find(stack, facts)
        reason = "image is missing" if not facts.of(slot) else "image changed"
        first = recipe.services(files, slot)[0]
        argv = _compose(stack, replace(facts, host=None), "build", first, room=room)
        env = facts.compose.env
        yield Step(slot, "make", "build image", reason, argv, env, hint, troubles=known)


def _scraps(facts: Facts) -> Iterator[Step]:
    if facts.scraps:
        argv = ("docker", "rm", "--force", *facts.scraps)
        yield Step(IMAGES, "remove", "remove containers of builds", "those failed", argv)


def images(files: Mapping[str, str]) -> dict[str, str]:
    """The name of the image of each slot."""
    return {slot: recipe.said(files, slot, "image") for slot in SLOTS}


def _start(stack: Stack, facts: Facts, slot: str, service: str, reason: str) -> Step:
    """Make the container of a service, beside the one that it replaces if there are two names."""
    own = [each for each in facts.of(slot) if each.service == service]
    used = [each for each in own if not trial.unused(each)]
    others = (each for each in facts.of(slot) if each.running and each not in own)
    beside = [each.service for each in others if naming.number(each.service)]
    kind: Kind = "restart" if own or beside else "start"
    action = "replace container" if used else "start container"
    words = ["up", "--detach", "--no-build", "--no-deps"]
    if beside:
        action = f"start {service} beside {', '.join(beside)}"
        words += ["--wait", "--wait-timeout", str(health.DEADLINE)]
    return Step(
        slot,
        kind,
        action,
        reason,
        _compose(stack, facts, *words, service),
        _env(facts),
        hint=f"the one before serves on; `dashops logs {slot}` says more" if beside else "",
        # Two calls side by side would each make the network that both miss.
        alone=True,
        ends=(slot,) if any(each.running for each in used) else (),
        saw=" ".join(each.id for each in own),
    )


def _restart(facts: Facts, files: Mapping[str, str], slot: str, service: str) -> str:
    """Why the container of a service must be made; empty when it is as it should be."""
    found = [each for each in facts.of(slot) if each.service == service]
    have, want = recipe.own(facts.rendered, slot), recipe.own(files, slot)
    alike = [each for each in found if each.digest == recipe.said(files, slot, "dashops.digest")]
    others = [each for each in facts.of(slot) if each.service not in recipe.services(files, slot)]
    if not found and not (others and have != want):
        return "one more is wanted" if facts.of(slot) and have == want else "not running"
    if not alike:
        changed = sorted(path for path in want if have.get(path) != want[path])
        return f"recipe changed: {', '.join(changed)}" if changed else "made from an older recipe"
    read = filter(None, recipe.said(files, slot, "secrets").split(", "))
    if fresh := [name for name in read if name not in facts.secrets]:
        return f"new secret: {', '.join(fresh)}"
    if stopped := [each for each in found if each.state != "running"]:
        return f"container is {stopped[0].state}"
    return ""


def _foreign(facts: Facts, files: Mapping[str, str]) -> str:
    """Why files must be given to who runs in the containers."""
    if any(facts.rendered.get(path) != text for path, text in files.items()):
        return "files are new"
    if any(name not in facts.secrets for name in SECRETS):
        return "secrets are new"
    return f"`{facts.foreign[0]}` belongs to another user" if facts.foreign else ""


def _send(stack: Stack, facts: Facts, host: Machine, files: Mapping[str, str]) -> Iterator[Step]:
    """What goes to another host: images, and files that containers mount."""
    lacking = {slot: tag for slot, tag in images(files).items() if tag not in facts.images}
    yield from steps.images(stack, host, lacking)
    own = sending.given(recipe.given(stack))
    yield from steps.send(stack, host, files, SECRETS, own)


def _env(facts: Facts) -> dict[str, str | None]:
    return {**facts.compose.env, **facts.environment}


def _compose(
    stack: Stack, facts: Facts, *words: str, room: Path | None = None
) -> tuple[str | Path, ...]:
    file = (room or stack.state_dir / "rendered") / "compose.yaml"
    # What the file mounts by relative paths is where the engine is.
    there = ("--project-directory", f"{folder(stack)}/rendered") if facts.host else ()
    named = ("--project-name", project(stack), *there, "--file", file)
    return (*facts.compose.argv, *named, *words)
