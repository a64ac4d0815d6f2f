"""The compose target: each slot in containers of Docker, behind Caddy; Compose v2 converges."""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from dashops.plan import Kind, Step
from dashops.stack import Stack
from dashops.targets.compose import more, recipe
from dashops.targets.compose.check import check
from dashops.targets.compose.drift import drift, meanwhile
from dashops.targets.compose.facts import SLOTS, Facts, facts, project
from dashops.targets.compose.health import wait
from dashops.targets.compose.logs import follow, logs
from dashops.targets.compose.recipe import files, public
from dashops.targets.compose.restart import restart
from dashops.targets.compose.state import hosts, owners, slots, url
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
    yield from build(stack, facts, files, stack.state_dir / "rendered")
    if os.getuid() == 0 and (reason := _foreign(facts, files)):
        rooms = (stack.state_dir / "rendered", stack.state_dir / "secrets")
        owner = f"{facts.uid}:{facts.uid}"
        yield Step(FILES, "make", "hand over files", reason, ("chown", "-R", owner, *rooms))
    for slot in SLOTS:
        if reason := _restart(facts, files, slot):
            found = facts.of(slot)
            kind: Kind = "restart" if found else "start"
            action = "replace container" if found else "start container"
            ends = (slot,) if any(each.state == "running" for each in found) else ()
            saw = " ".join(each.id for each in found)
            argv = _compose(stack, facts, "up", "--detach", "--no-build", "--no-deps", slot)
            # Two calls side by side would each make the network that both miss.
            yield Step(
                slot,
                kind,
                action,
                reason,
                argv,
                facts.compose.env,
                alone=True,
                ends=ends,
                saw=saw,
            )
    yield from more.up(facts, files, _compose(stack, facts))


def tidy(stack: Stack, facts: Facts, files: Mapping[str, str]) -> Iterator[Step]:  # noqa: ARG001
    """Remove the images that no container of a healthy stack uses any more."""
    used = set(images(files).values())
    old = [tag for tag in facts.images if tag not in used]
    if old:
        argv = ("docker", "image", "rm", *old)
        yield Step(IMAGES, "remove", "remove images", "no longer used", argv)


def down(stack: Stack, facts: Facts) -> Iterator[Step]:
    """Remove containers and networks; volumes stay."""
    if facts.containers or facts.networks:
        argv = _compose(stack, facts, "down", "--remove-orphans", "--timeout", "15")
        ends = tuple(slot for slot in SLOTS if facts.of(slot))
        yield Step("stack", "stop", "stop all slots", "running", argv, facts.compose.env, ends=ends)


def purge(stack: Stack, facts: Facts) -> Iterator[Step]:
    """Remove volumes and images too."""
    if facts.volumes:
        argv = ("docker", "volume", "rm", *facts.volumes)
        yield Step("stack", "remove", "remove volumes", "asked for", argv)
    if facts.images:
        argv = ("docker", "image", "rm", "--force", *facts.images)
        yield Step(IMAGES, "remove", "remove images", "asked for", argv)
    label = f"label=dashops.stack={stack.name}"
    argv = ("docker", "image", "prune", "--force", "--filter", label)
    yield Step(IMAGES, "remove", "remove layers", "asked for", argv)


def build(stack: Stack, facts: Facts, files: Mapping[str, str], room: Path) -> Iterator[Step]:
    """Build the images that are missing, from files in this folder."""
    wanted = images(files)
    missing = [slot for slot in SLOTS if wanted[slot] not in facts.images]
    if not missing:
        return
    pack = (sys.executable, "-m", "dashops.apps.wheel", room / "images" / recipe.wheel())
    yield Step(WHEEL, "make", "pack dashops", "images are missing", pack)
    for slot in missing:
        hint = f"see `images.base` ({stack.where('images.base')}), and behind a proxy that opens "
        hint += f"TLS `environment.certificates` ({stack.where('environment.certificates')})"
        reason = "image is missing" if not facts.of(slot) else "image changed"
        argv = _compose(stack, facts, "build", slot, room=room)
        yield Step(slot, "make", "build image", reason, argv, facts.compose.env, hint)


def images(files: Mapping[str, str]) -> dict[str, str]:
    """The name of the image of each slot."""
    return {slot: recipe.said(files, slot, "image") for slot in SLOTS}


def _restart(facts: Facts, files: Mapping[str, str], slot: str) -> str:
    """Why containers of a slot must be made; empty when they are as they should be."""
    found = facts.of(slot)
    if not found:
        return "not running"
    have, want = recipe.own(facts.rendered, slot), recipe.own(files, slot)
    if any(each.digest != recipe.said(files, slot, "dashops.digest") for each in found):
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


def _compose(
    stack: Stack, facts: Facts, *words: str, room: Path | None = None
) -> tuple[str | Path, ...]:
    file = (room or stack.state_dir / "rendered") / "compose.yaml"
    return (*facts.compose.argv, "--project-name", project(stack), "--file", file, *words)
