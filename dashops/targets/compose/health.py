"""Waiting until every container is healthy; it starts and changes nothing."""

import time
from collections.abc import Callable
from typing import Any

from dashops.errors import ToolError
from dashops.plan import Event
from dashops.stack import Stack
from dashops.targets.compose import engine
from dashops.targets.compose.facts import SLOTS, mine

# Seconds.
DEADLINE = 180
# A dashboard server is not healthy without its gateway, and says so some seconds after it is back.
GRACE = 60
POLL = 0.3
TAIL = 20

HOPELESS = ("restarting", "unhealthy", "dead", "exited", "paused")


def wait(stack: Stack, tell: Callable[[Event], None]) -> None:
    """Return when all containers are healthy; ToolError with the log's end of one that is not.

    One that restarts again and again is not waited for.
    """
    deadline = time.monotonic() + DEADLINE
    patience = time.monotonic() + GRACE
    waiting: set[str] = set()
    with engine.connected() as client:
        while True:
            states = _states(client.api.containers(all=True, filters=mine(stack)))
            bad = {slot for slot in SLOTS if not _good(states.get(slot, []))}
            for slot in SLOTS:
                if slot in bad - waiting:
                    tell(Event(slot, "start", "wait until it answers"))
                elif slot in waiting - bad:
                    tell(Event(slot, "done", "healthy"))
                    patience = time.monotonic() + GRACE
            waiting = bad
            if not waiting:
                return
            for slot in sorted(waiting):
                for state, ident in states.get(slot, []):
                    recovers = state == "unhealthy" and time.monotonic() < patience
                    late = time.monotonic() > deadline
                    if late or (state in HOPELESS and not recovers):
                        tell(Event(slot, "failed", f"is {state}"))
                        raise _failure(client, slot, ident, state)
            if time.monotonic() > deadline:
                raise _failure(client, min(waiting), "", "gone")
            time.sleep(POLL)


def _good(several: list[tuple[str, str]]) -> bool:
    return bool(several) and all(state == "healthy" for state, _ in several)


def _states(found: list[dict[str, Any]]) -> dict[str, list[tuple[str, str]]]:
    states: dict[str, list[tuple[str, str]]] = {}
    for each in found:
        slot = each["Labels"].get("com.docker.compose.service", "")
        # Docker's own words: "Up 3 seconds (healthy)".
        said = each["Status"].rpartition("(")[2].rstrip(")").removeprefix("health: ").lower()
        state = said if each["State"] == "running" else each["State"]
        states.setdefault(slot, []).append((state, each["Id"]))
    return states


def _failure(client: Any, slot: str, ident: str, state: str) -> ToolError:
    text = client.api.logs(ident, tail=TAIL).decode(errors="replace") if ident else ""
    return ToolError(
        f"the {slot} slot is {state}",
        hint=f"its log ends as shown; all of it: `dashops logs {slot}`",
        where="\n".join(f"  {line}" for line in text.splitlines()),
    )
