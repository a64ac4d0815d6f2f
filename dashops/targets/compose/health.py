"""Waiting until every container is healthy; it starts and changes nothing."""

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from dashops.errors import ToolError
from dashops.plan import Event
from dashops.stack import Stack
from dashops.targets import machine
from dashops.targets.compose import engine, recipe
from dashops.targets.compose.facts import SLOTS, containers, mine

# Seconds.
DEADLINE = 180
# A dashboard server is not healthy without its gateway, and says so some seconds after it is back.
GRACE = 60
POLL = 0.3
TAIL = 20
SERVICE = "com.docker.compose.service"

HOPELESS = ("restarting", "unhealthy", "dead", "exited", "paused")


def wait(stack: Stack, tell: Callable[[Event], None]) -> None:
    """Return when all containers are healthy and the dashboard server that is wanted serves.

    ToolError with the log's end of one that is not; one that restarts again and again is not
    waited for.
    """
    files = machine.read(stack.state_dir / "rendered")
    names = {name: slot for slot in SLOTS for name in recipe.services(files, slot)}
    with engine.connected(stack) as client:
        _healthy(stack, client, names, tell)
        _serving(stack, client, recipe.services(files, "dashboard"))


def _healthy(
    stack: Stack, client: Any, names: Mapping[str, str], tell: Callable[[Event], None]
) -> None:
    deadline = time.monotonic() + DEADLINE
    patience = time.monotonic() + GRACE
    waiting: set[str] = set()
    while True:
        states = _states(client.api.containers(all=True, filters=mine(stack)))
        bad = {name for name in names if not _good(states.get(name, []))}
        for name, slot in names.items():
            if name in bad - waiting:
                tell(Event(slot, "start", f"wait until {_it(name, slot)} answers"))
            elif name in waiting - bad:
                tell(Event(slot, "done", f"wait until {_it(name, slot)} answers"))
                patience = time.monotonic() + GRACE
        waiting = bad
        if not waiting:
            return
        for name in sorted(waiting):
            for state, ident in states.get(name, []):
                recovers = state == "unhealthy" and time.monotonic() < patience
                late = time.monotonic() > deadline
                if late or (state in HOPELESS and not recovers):
                    tell(Event(names[name], "failed", f"is {state}"))
                    raise _failure(client, names[name], ident, state)
        if time.monotonic() > deadline:
            raise _failure(client, names[min(waiting)], "", "gone")
        time.sleep(POLL)


def _serving(stack: Stack, client: Any, wanted: Collection[str]) -> None:
    """Return when the server says it, which it does at the next look at its health."""
    deadline = time.monotonic() + GRACE
    while True:
        listed = client.api.containers(filters=mine(stack))
        found = [each for each in listed if each["Labels"].get(SERVICE) in wanted]
        own = containers(client, found, remote=True)
        # One that an operator made another does not say.
        if any(each.said.get("serving", True) for each in own):
            return
        if time.monotonic() > deadline:
            raise ToolError(
                f"visitors are not sent to {' '.join(wanted)}, which is wanted",
                hint="another `dashops up` checks it and sends them there",
            )
        time.sleep(POLL)


def _it(name: str, slot: str) -> str:
    return "it" if name == slot else name


def _good(several: list[tuple[str, str]]) -> bool:
    return bool(several) and all(state == "healthy" for state, _ in several)


def _states(found: list[dict[str, Any]]) -> dict[str, list[tuple[str, str]]]:
    states: dict[str, list[tuple[str, str]]] = {}
    for each in found:
        name = each["Labels"].get(SERVICE, "")
        # Docker's own words: "Up 3 seconds (healthy)".
        said = each["Status"].rpartition("(")[2].rstrip(")").removeprefix("health: ").lower()
        state = said if each["State"] == "running" else each["State"]
        states.setdefault(name, []).append((state, each["Id"]))
    return states


def _failure(client: Any, slot: str, ident: str, state: str) -> ToolError:
    text = client.api.logs(ident, tail=TAIL).decode(errors="replace") if ident else ""
    return ToolError(
        f"the {slot} slot is {state}",
        hint=f"its log ends as shown; all of it: `dashops logs {slot}`",
        where="\n".join(f"  {line}" for line in text.splitlines()),
    )
