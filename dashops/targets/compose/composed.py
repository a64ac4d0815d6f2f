"""The rendered compose.yaml as data: what each slot is made of, and whether it is all there."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from dashops.errors import SpecError
from dashops.render import reading
from dashops.stack import Stack
from dashops.targets.compose import naming
from dashops.targets.compose.facts import SLOTS

FILE = "compose.yaml"
DIGEST, SLOT = "dashops.digest", "dashops.slot"
# What a service may name that stands elsewhere in the file.
SHARED = ("networks", "volumes", "secrets", "configs")


def services(files: Mapping[str, str], slot: str) -> list[str]:
    """The services of a slot: those that there may be several of have numbers."""
    return [name for name, about in _all(files).items() if labels(about).get(SLOT) == slot]


def service(files: Mapping[str, str], slot: str) -> Mapping[str, Any]:
    """What the file says of a service, or of the first of a slot, `<<` resolved; empty for none."""
    return _all(files).get(next(iter(services(files, slot)), slot), {})


def extra(files: Mapping[str, str]) -> list[str]:
    """The services that are of no slot: the operator's own."""
    return [name for name, about in _all(files).items() if SLOT not in labels(about)]


def networks(files: Mapping[str, str], slot: str, project: str) -> list[str]:
    """The engine's names of the networks that the containers of a slot are on."""
    about, known = service(files, slot), _section(_tree(files.get(FILE, "")), "networks")
    found = []
    for name in about.get("networks") or ():
        told = known.get(name)
        named = told.get("name") if isinstance(told, dict) else None
        found.append(str(named or f"{project}_{name}"))
    return found


def own(files: Mapping[str, str], slot: str) -> dict[str, str]:
    """What only this service's container is made from: the files it mounts, and what is said of it.

    The digest is left out, because it is the digest of all this; so is what running ones read
    again, and the number of one of several.
    """
    about = dict(service(files, slot))
    if not about:
        return {}
    about["labels"] = {key: value for key, value in labels(about).items() if key != DIGEST}
    tree = _tree(files[FILE])
    named = {
        part: {name: told for name, told in _section(tree, part).items() if name in _names(about)}
        for part in SHARED
    }
    mounted = tuple(_mounted(about, named))
    found = {
        path: text
        for path, text in files.items()
        if path != naming.SHIFT
        and any(path == each or path.startswith(f"{each}/") for each in mounted)
    }
    text = json.dumps([about, named], sort_keys=True, default=str)
    if slot in naming.NUMBERED:
        text = re.sub(rf"\b{slot}-\d+\b", slot, text)
        text = re.sub(r'"--instance", "\d+"', "", text)
    return found | {FILE: text}


def said(files: Mapping[str, str], slot: str, key: str) -> str:
    """What is said of a service: its `image`, its `secrets` with `, ` between, or a label."""
    about = service(files, slot)
    value = labels(about).get(key, about.get(key, ""))
    if isinstance(value, list):
        names = (each.get("source", "") if isinstance(each, dict) else each for each in value)
        return ", ".join(map(str, names))
    return str(value)


def labels(about: Mapping[str, Any]) -> dict[str, str]:
    """The labels of a service, which may be a list of `key=value`."""
    found = about.get("labels") or {}
    if isinstance(found, list):
        found = dict(str(each).partition("=")[::2] for each in found)
    return {str(key): str(value) for key, value in found.items()}


def demand(
    stack: Stack,
    files: Mapping[str, str],
    wanted: Mapping[str, str],
    images: Mapping[str, str],
    digests: Mapping[str, str],
) -> None:
    """SpecError when an edited recipe lacks what plans rely on: services, images and labels.

    `wanted` are the services there must be, with their slots.
    """
    for name, what, hint in _missing(stack, files, wanted, images, digests):
        raise SpecError(
            f"the edited recipe {what}",
            hint=hint,
            where=f"`{name}` in the rendered {FILE}; `dashops recipes diff` shows what you changed",
        )


def _missing(
    stack: Stack,
    files: Mapping[str, str],
    wanted: Mapping[str, str],
    images: Mapping[str, str],
    digests: Mapping[str, str],
) -> Iterator[tuple[str, str, str]]:
    head = "`services/_head.yaml.j2` of dashops has the lines to keep"
    found = _all(files)
    for name, slot in wanted.items():
        about = found.get(name)
        if about is None:
            yield name, f"has no service `{name}`", "`compose.yaml.j2` of dashops includes it"
            continue
        if about.get("image") != images[slot]:
            yield name, f"gives `{name}` another image than dashops builds for it", head
        needed = {
            SLOT: slot,
            "dashops.stack": stack.name,
            "dashops.folder": str(stack.state_dir),
            DIGEST: digests[slot],
        }
        for label, value in needed.items():
            if labels(about).get(label) != value:
                yield name, f"takes the label `{label}` from `{name}`, or changes it", head
    for name in found.keys() - wanted.keys():
        if SLOT in labels(found[name]) or name in SLOTS:
            yield name, f"has a service `{name}` that would be one of a slot", "name it otherwise"
        if not labels(found[name]).get(DIGEST):
            hint = "begin it with `<<: *service`, and with `labels` of its own repeat those of that"
            yield name, f"has a service `{name}` without the label `{DIGEST}`", hint


def _all(files: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Every service by name, `<<` resolved."""
    found = _section(_tree(files.get(FILE, "")), "services")
    return {name: about for name, about in found.items() if isinstance(about, dict)}


def _names(about: Mapping[str, Any]) -> set[str]:
    """The words by which a service may name networks, volumes, secrets and configs."""
    found: set[str] = set()
    for part in SHARED:
        told = about.get(part) or ()
        for each in told:
            source = each.get("source", "") if isinstance(each, dict) else str(each)
            found.add(str(source).partition(":")[0] if part == "volumes" else str(source))
    return found


def _mounted(about: Mapping[str, Any], named: Mapping[str, Any]) -> Iterator[str]:
    """The paths beside the file that a container sees."""
    for each in about.get("volumes") or ():
        source = each.get("source", "") if isinstance(each, dict) else str(each).partition(":")[0]
        # Without a dot it would be the name of a volume.
        if str(source).startswith("."):
            yield from _beside(str(source))
    files = about.get("env_file") or ()
    for each in [files] if isinstance(files, str) else files:
        yield from _beside(str(each.get("path", "") if isinstance(each, dict) else each))
    for each in (*named["configs"].values(), *named["secrets"].values()):
        if isinstance(each, dict):
            yield from _beside(str(each.get("file", "")))


def _beside(source: str) -> Iterator[str]:
    path = Path(source)
    if source and not path.is_absolute() and ".." not in path.parts and path.parts:
        yield path.as_posix()


def _section(tree: Any, name: str) -> dict[str, Any]:
    found = tree.get(name) if isinstance(tree, dict) else None
    return found if isinstance(found, dict) else {}


@lru_cache(maxsize=8)
def _tree(text: str) -> Any:
    try:
        return reading.tree(text)
    except reading.Unreadable:
        # One that somebody edited by hand says nothing, so all of it is written anew.
        return None
