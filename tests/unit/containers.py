"""Facts of an engine as data, and what its files look like to their readers."""

import re
from dataclasses import replace
from types import SimpleNamespace

from dashops.stack import Stack
from dashops.targets import compose
from dashops.targets.compose import composed, recipe
from dashops.targets.compose.engine import Compose
from dashops.targets.compose.facts import Container, Facts
from dashops.targets.origin import Origin

ORIGIN = Origin("dashops[{extra}]", "/usr/bin/python3", "3.11", "0.1.0 x")
FRESH = Facts(origin=ORIGIN, compose=Compose(("docker", "compose"), {}), uid=1000)


# An engine that counts no memory.
IDLE = SimpleNamespace(
    api=SimpleNamespace(
        stats=lambda *_, **__: {"memory_stats": {}},
        containers=lambda **_: [],
    )
)


def applied(wanted: Stack, there: Facts = FRESH) -> Facts:
    """What is there after an `up` of that stack."""
    files = compose.files(wanted, there)
    return replace(
        there,
        rendered=files,
        secrets=compose.SECRETS,
        images=tuple(recipe.said(files, slot, "image") for slot in compose.SLOTS),
        containers=tuple(container(wanted, files, slot) for slot in compose.SLOTS),
    )


def container(wanted: Stack, files: dict[str, str], slot: str) -> Container:
    """A container of the slot, as Compose makes it from these files."""
    return Container(
        id=f"id-of-{slot}",
        name=f"dashops-{wanted.name}-{slot}-1",
        slot=slot,
        service=recipe.services(files, slot)[0],
        state="running",
        health="healthy",
        digest=recipe.said(files, slot, "dashops.digest"),
        folder=str(wanted.state_dir),
        image=recipe.said(files, slot, "image"),
        pid=0,
        started=0,
        ports=(),
        said={"gateway": {"kernels": 0}, "dashboard": {"serving": True, "busy": 0}}.get(slot, {}),
        networks=tuple(composed.networks(files, slot, compose.project(wanted))),
    )


def stable(files: dict[str, str]) -> dict[str, str]:
    """The files without what changes with the packages of whoever runs the tests."""
    left = {path: text for path, text in files.items() if not path.endswith(".requirements.txt")}
    return {path: re.sub(r"\b[0-9a-f]{16}\b", "0" * 16, text) for path, text in left.items()}


def dockerfile(text: str) -> None:
    """Fail at a line that begins with no instruction."""
    known = {"FROM", "LABEL", "COPY", "ENV", "RUN", "WORKDIR", "USER", "ENTRYPOINT"}
    whole = text.replace("\\\n", " ")
    words = {line.split()[0] for line in whole.splitlines() if line and not line.startswith("#")}
    assert words <= known, words - known
