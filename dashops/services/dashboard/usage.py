"""What each dashboard takes: viewers, memory, times, for programs with the token; only reads."""

import asyncio
import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tornado import web

from dashops.services.dashboard import gateways, kernels, store
from dashops.services.dashboard.api import Api

Told = Mapping[gateways.Gateway, Mapping[str, Any]]
"""What the gateways that answer say of their kernels."""


class Usage(Api):
    """For `dashops top`."""

    async def get(self) -> None:
        """Dashboards with what they take, and gateways with what they have."""
        if self.refused():
            return
        told = await ask(self.settings["gateways"].all)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(described(self.settings, told)))


async def ask(known: Sequence[gateways.Gateway]) -> Told:
    """What the gateways say, without those that do not answer."""

    async def one(gateway: gateways.Gateway) -> Mapping[str, Any] | None:
        try:
            return await gateway.usage()
        except web.HTTPError:
            return None

    answers = await asyncio.gather(*map(one, known))
    return {each: told for each, told in zip(known, answers, strict=True) if told is not None}


def described(settings: Mapping[str, Any], told: Told) -> dict[str, Any]:
    """The answer of the API."""
    shown = {each.name: each for each in settings["store"].all()}
    opened = settings["kernel_manager"].open_kernels
    # A preview may be of a name that shows nothing yet.
    names = sorted({*shown, *(each.visit.revision.name for each in opened)})
    dashboards = [_dashboard(settings, name, shown.get(name), told) for name in names]
    return {
        "viewers": len(settings["kernel_manager"].visits),
        "waiting": sum(each["waiting"] for each in dashboards),
        "dashboards": dashboards,
        "gateways": [_gateway(each, told.get(each)) for each in settings["gateways"].all],
    }


def percentile(times: Iterable[float], part: float) -> float | None:
    """The time that this part of them does not exceed, None where there are none."""
    found = sorted(times)
    return round(found[math.ceil(part * len(found)) - 1], 4) if found else None


def _dashboard(
    settings: Mapping[str, Any], name: str, shown: store.Revision | None, told: Told
) -> dict[str, Any]:
    open_kernels, opener = settings["kernel_manager"], settings["serving"]
    opened = [each for each in open_kernels.open_kernels if each.visit.revision.name == name]
    visited = [each for each in opened if each.visit.owner != kernels.GATE.username]
    mine = [measured for each in visited if (measured := _measured(each, told))]
    own = [int(each["unique"]) for each in mine]
    # Ahead of viewers, and what is behind their forks: all of it is there once for all of them.
    ahead = [_measured(each, told) for each in opened if each not in visited]
    frozen = [
        told.get(each.gateway, {}).get("snapshots", {}).get(each.entry.id)
        for each in opener.forkable
        if each.entry.name == name
    ]
    common = [each for each in (*ahead, *frozen) if each]
    forks = [each["fork"] for each in frozen if each and each["fork"] is not None]
    times = open_kernels.times.get(name, ())
    return {
        "name": name,
        "revision": shown.number if shown else None,
        "mode": opener.mode(shown).name if shown else "",
        "viewers": len(visited),
        "waiting": settings["admission"].waiting(name),
        "kernels": len(opened),
        "own": sum(own),
        "own_each": int(statistics.median(own)) if own else None,
        "shared": sum(int(each["unique"]) for each in common)
        + sum(int(each["shared"]) for each in (*common, *mine)),
        "fork": round(statistics.median(forks), 4) if forks else None,
        "open_p50": percentile(times, 0.5),
        "open_p95": percentile(times, 0.95),
    }


def _measured(kernel: kernels.ViewerKernel, told: Told) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = (
        told.get(kernel.gateway, {}).get("kernels", {}).get(kernel.kernel_id)
    )
    return found


def _gateway(gateway: gateways.Gateway, said: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "url": gateway.url,
        "reachable": said is not None,
        "kernels": len(said["kernels"]) if said else None,
        "available": said["memory"]["available"] if said else None,
        "limit": said["memory"]["limit"] if said else None,
    }
