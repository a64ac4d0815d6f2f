"""What this server tells programs of itself and of its gateway, so that authors know beforehand."""

import json
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tornado import web

from dashops.services.dashboard import kernels
from dashops.services.dashboard.api import Api


class About(Api):
    """Kernels, Python, packages, widget front ends, variables: what preflight compares with."""

    async def get(self) -> None:
        """Ask the first gateway that answers; what it does not know is left out."""
        if self.refused():
            return
        gateways = self.settings["gateways"]
        try:
            known = await gateways.kernelspecs()
        except web.HTTPError:
            self.fail(503, "no gateway answers", "`dashops status` shows what runs")
            return
        specs = {name: each["spec"] for name, each in known["kernelspecs"].items()}
        told = await _told(gateways.usable())
        answer = {
            "python": told.get("python", ""),
            "platform": told.get("platform", platform.system().lower()),
            "kernels": {
                name: {key: str(spec.get(key, "")) for key in ("display_name", "language")}
                for name, spec in specs.items()
            },
            "default_kernel": known["default"],
            "frontends": frontends(self.settings["labextensions"]),
        }
        if "env" in told:
            told["env"] = [*told["env"], *kernels.variables(kernels.GATE)]
        self.finish(answer | {key: told[key] for key in ("modules", "env") if key in told})


async def _told(gateways: Iterable[Any]) -> dict[str, Any]:
    for gateway in gateways:
        try:
            return dict(await gateway.about())
        except (web.HTTPError, AttributeError):
            continue  # gone, or of before this could be asked
    return {}


def frontends(folders: Iterable[str]) -> list[str]:
    """The names of the lab extensions in these folders: what a page can load for widgets."""
    found: set[str] = set()
    for folder in folders:
        for pattern in ("*/package.json", "@*/*/package.json"):
            for file in Path(folder).glob(pattern):
                try:
                    found.add(str(json.loads(file.read_bytes())["name"]))
                except (OSError, ValueError, LookupError, TypeError):
                    # A damaged one cannot be loaded either.
                    continue
    return sorted(found)
