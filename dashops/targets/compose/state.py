"""The slots as people want to see them: state, memory, uptime; it changes nothing."""

import os
import time
from collections.abc import Iterator

from dashops.stack import Stack
from dashops.targets import Slot, State
from dashops.targets.compose import engine
from dashops.targets.compose.facts import NOBODY, SLOTS, Container, Facts, project
from dashops.targets.compose.host import link

GATEWAY = "com.docker.compose.service=gateway"
STATES: dict[str, State] = {
    "healthy": "healthy",
    "starting": "starting",
    "unhealthy": "failing",
    "": "starting",
}


def slots(stack: Stack, facts: Facts) -> Iterator[Slot]:
    """Every slot, in the order a request passes them backwards; of several the worst state."""
    memory = _memory(stack, facts)
    for name in SLOTS:
        found = facts.of(name)
        address = url(stack, name)
        if not found:
            yield Slot(name, "stopped", address)
            continue
        # The order of the words is from bad to good.
        words: tuple[State, ...] = ("failing", "stopped", "starting", "healthy")
        worst = min((_state(each) for each in found), key=words.index)
        runs = [each for each in found if each.state == "running"]
        yield Slot(
            name,
            worst,
            address,
            next((each.pid for each in runs if each.pid), None),
            sum(memory[each.id] for each in runs) if runs else None,
            max(0, round(time.time() - min(each.started for each in runs))) if runs else None,
        )


def url(stack: Stack, slot: str) -> str:
    """Where this machine reaches a slot; a gateway only on Linux, with an engine of its own."""
    if slot == "proxy":
        return stack.dashboard.address or stack.url("dashboard")
    if slot != "gateway":
        return stack.url(slot)
    filters = {"label": [f"com.docker.compose.project={project(stack)}", GATEWAY]}
    with engine.connected(stack) as client:
        for each in client.api.containers(filters=filters):
            for network in each["NetworkSettings"]["Networks"].values():
                if network["IPAddress"] and stack.host:
                    at = f"{network['IPAddress']}:{stack.gateway.port}"
                    return f"http://127.0.0.1:{link.forward(link.opened(stack), 0, at)}"
                if network["IPAddress"]:
                    return f"http://{network['IPAddress']}:{stack.gateway.port}"
    return ""


def reach(stack: Stack) -> None:
    """Bring the ports of the slots on another host to the same ports of this machine."""
    if stack.host:
        way = link.opened(stack)
        for key, port in stack.ports().items():
            if key != "gateway.port":
                link.forward(way, port, f"127.0.0.1:{port}")


def owners(stack: Stack) -> tuple[int, ...]:  # noqa: ARG001
    """Whose the files are: of who brings the stack up, or, as root, of who is in containers."""
    return (os.geteuid(), os.geteuid() or NOBODY)


def hosts(stack: Stack) -> list[str]:
    """Where the checks run: this machine, or the host."""
    return [link.of(stack).checks] if stack.host else ["local://"]


def _memory(stack: Stack, facts: Facts) -> dict[str, int]:
    """Bytes of each running container, without files that the kernel keeps for the next read."""
    found = {}
    with engine.connected(stack) as client:
        for each in facts.containers:
            if each.state == "running":
                said = client.api.stats(each.id, stream=False, one_shot=True)["memory_stats"]
                detail = said.get("stats", {})
                cache = detail.get("total_inactive_file", detail.get("inactive_file", 0))
                found[each.id] = max(0, said.get("usage", 0) - cache)
    return found


def _state(container: Container) -> State:
    if container.state == "running":
        return STATES[container.health]
    return "stopped" if container.state in ("exited", "created") else "failing"
