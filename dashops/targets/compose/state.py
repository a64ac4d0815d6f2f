"""The slots as people want to see them: state, memory, uptime; it changes nothing."""

import os
import time
from collections.abc import Iterator, Sequence

from dashops.stack import Stack
from dashops.targets import Slot, State
from dashops.targets.compose import engine, networks, recipe, trial
from dashops.targets.compose.facts import SLOTS, Container, Facts, project
from dashops.targets.compose.host import link
from dashops.targets.compose.host.asking import NOBODY

GATEWAY = "dashops.slot=gateway"
STATES: dict[str, State] = {
    "healthy": "healthy",
    "starting": "starting",
    "unhealthy": "failing",
    "": "starting",
}


def slots(stack: Stack, facts: Facts) -> Iterator[Slot]:
    """Every slot, in the order a request passes them backwards, or each of several servers."""
    memory = _memory(stack, facts)
    # What the engine calls now.
    now = time.time() + (facts.host.ahead if facts.host else 0)
    for slot in SLOTS:
        wanted = recipe.services(facts.rendered, slot) or [slot]
        found = facts.of(slot)
        pending = slot == "dashboard" and trial.pending(facts, wanted)
        for name in (*wanted, *(each.service for each in found if each.service not in wanted)):
            each = next((one for one in found if one.service == name), None)
            shown = slot if wanted == [name] else name
            address = url(stack, slot)
            if each is None:
                yield Slot(shown, "stopped", address)
                continue
            cut = networks.cut(stack, facts.rendered, each) if name in wanted else []
            state: State = _state(each)
            if name in wanted and pending:
                state = "unchecked"
            elif name not in wanted and not (pending and each.serving):
                state = "draining"
            runs = each.running
            yield Slot(
                shown,
                "failing" if cut else state,
                address,
                each.pid or None,
                memory[each.id] if runs else None,
                max(0, round(now - each.started)) if runs else None,
                _problem(each, cut),
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


def _problem(container: Container, cut: Sequence[str]) -> str:
    """What is wrong with it as far as the engine or its own health check say; empty for nothing."""
    if cut:
        return f"is not on the network `{', '.join(cut)}`; the next `dashops up` connects it again"
    if container.state != "running":
        return f"is {container.state}; the next `dashops up` starts it"
    if container.health == "unhealthy":
        return str(container.said.get("status", "does not answer its health check"))
    return ""


def _state(container: Container) -> State:
    if container.state == "running":
        return STATES[container.health]
    return "stopped" if container.state in ("exited", "created") else "failing"
