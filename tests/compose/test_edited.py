"""Recipes that an operator edits, and the small verbs, on a real Docker Engine.

The stack is that of the other module, which runs after this one and takes it down.
"""

from pathlib import Path

import pytest
from stacks import Stack

pytestmark = pytest.mark.compose

# From an image that is here: no registry is asked.
CACHE = """\
cache:
  <<: *service
  image: {{ images.gateway }}
  command: [python, -m, http.server, --bind, 0.0.0.0, --directory, /tmp, "8000"]
  networks: [kernels]
"""
FETCH = "import urllib.request as u; print(u.urlopen('http://cache:8000').status)"


def put(stack: Stack, path: str, text: str) -> Path:
    file = stack.folder / "recipes" / "compose" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def gateway(stack: Stack) -> str:
    """The container of the gateway, whose number changes when it is replaced."""
    project = f"label=com.docker.compose.project={stack.project}"
    return stack.docker(
        "ps", "--quiet", "--filter", project, "--filter", "label=dashops.slot=gateway"
    )


def test_what_an_operator_adds_is_there_and_goes_again(stack: Stack) -> None:
    files = [
        put(stack, "insert/environment_gateway.yaml", "- TEAM=sales\n"),
        put(stack, "insert/volumes_gateway.yaml", "- ./extra:/extra:ro\n"),
        put(stack, "insert/services.yaml", CACHE),
        put(stack, "extra/motd.txt.j2", "Stack {{ stack.name }}\n"),
    ]
    told = stack.dashops("plan", code=2)
    assert " beside " in told and "(recipe changed: compose.yaml, extra/motd.txt)" in told
    assert "> cache: start container (not running)" in told
    assert "> dashboard" not in told and "> proxy" not in told and "> notebook" not in told
    stack.dashops("up", "-y")
    inside = ("exec", gateway(stack))
    assert stack.docker(*inside, "sh", "-c", "echo $TEAM; cat /extra/motd.txt") == (
        f"sales\nStack {stack.project.removeprefix('dashops-')}"
    )
    assert stack.docker(*inside, "python", "-c", FETCH) == "200"
    assert stack.dashops("plan").strip() == "nothing to do"
    for file in files:
        file.unlink()
    stack.dashops("up", "-y")
    assert f"{stack.project}-cache" not in stack.docker("ps", "--all", "--format", "{{.Names}}")
    assert stack.dashops("plan").strip() == "nothing to do"


def test_what_cannot_be_read_is_refused_before_anything_changes(stack: Stack) -> None:
    file = put(stack, "insert/service_proxy.yaml", "mem_limit: 1g\n")
    said = stack.dashops("up", "-y", code=2)
    assert "recipes/compose/insert/service_proxy.yaml:1" in said
    file.unlink()
    assert stack.dashops("plan").strip() == "nothing to do"


def test_a_slot_starts_afresh_as_it_was(stack: Stack) -> None:
    asked = ("inspect", "-f", "{{.State.StartedAt}} {{.Id}}", stack.container("notebook"))
    before, _, container = stack.docker(*asked).partition(" ")
    stack.dashops("restart", "notebook", "-y")
    after, _, same = stack.docker(*asked).partition(" ")
    assert after != before and same == container
    assert stack.slots()["notebook"]["state"] == "healthy"
    assert stack.dashops("plan").strip() == "nothing to do"
