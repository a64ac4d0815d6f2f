"""Which containers of a slot there shall be: what is good stays, and what is not is replaced; pure.

Gateways and dashboard servers have numbers, so that a new one can run beside the one before.
"""

import re
from collections.abc import Mapping

from dashops.stack import Stack
from dashops.targets.compose.facts import SLOTS, Facts

NUMBERED = ("gateway", "dashboard")
# The dashboard servers that there can be; the proxy knows both.
TURNS = ("dashboard-1", "dashboard-2")
# What dashboard servers read again while they run.
SHIFT = "dashboard/shift.toml"


def first(stack: Stack) -> dict[str, object]:
    """The names where nothing runs, as values of the recipe."""
    return _values({"gateway": _lowest(stack.gateway.count, set()), "dashboard": [1]})


def choose(stack: Stack, facts: Facts, digests: Mapping[str, str]) -> dict[str, object]:
    """The names where something may run: one that is made alike keeps its own."""
    gateways, dashboards = facts.of("gateway"), facts.of("dashboard")
    alike = [number(each.service) for each in gateways if each.digest == digests["gateway"]]
    kept = sorted(filter(None, alike))[: stack.gateway.count]
    # One that still runs keeps its kernels; the name of one that does not is free.
    taken = {number(each.service) for each in gateways if each.running}
    new = _lowest(stack.gateway.count - len(kept), taken | set(kept))

    serving = next((number(each.service) for each in dashboards if each.serving), 0)
    serving = serving or _last(facts)
    good = {number(each.service) for each in dashboards if each.digest == digests["dashboard"]}
    runs = any(each.running and number(each.service) == serving for each in dashboards)
    if good & {1, 2}:
        turn = serving if serving in good else min(good & {1, 2})
    else:
        turn = 3 - serving if runs else serving
    return _values({"gateway": sorted([*kept, *new]), "dashboard": [turn]})


def slots(names: Mapping[str, object]) -> dict[str, str]:
    """The services of names that were chosen, with the slot of each."""
    found = names["services"]
    assert isinstance(found, dict)
    return found


def number(service: str) -> int:
    """The number in the name of a service, 0 for none."""
    found = re.search(r"-(\d+)$", service)
    return int(found[1]) if found else 0


def _values(numbers: Mapping[str, list[int]]) -> dict[str, object]:
    services: dict[str, str] = {}
    for slot in SLOTS:
        names = [f"{slot}-{n}" for n in numbers[slot]] if slot in numbers else [slot]
        services |= dict.fromkeys(names, slot)
    return {"services": services, "serving": f"dashboard-{numbers['dashboard'][0]}"}


def _lowest(count: int, taken: set[int]) -> list[int]:
    """So many of the lowest numbers that are free."""
    free = (n for n in range(1, count + len(taken) + 1) if n not in taken)
    return [n for n, _ in zip(free, range(count), strict=False)]


def _last(facts: Facts) -> int:
    """Whose turn the last `up` said it was."""
    found = re.search(r'^instance = "(\d)"', facts.rendered.get(SHIFT, ""), re.MULTILINE)
    return int(found[1]) if found else 1
