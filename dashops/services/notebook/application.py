"""The entry *Dashboard app (.zip)*: what `dashops bundle --as app` does, from the menu."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashops import apps, bundle, bundlers

LABEL = "Dashboard app (.zip)"


class Application:
    """Makes a notebook an app, with the packages and indexes that its operator set."""

    label = LABEL
    group = "download"

    def __init__(self, packages: Mapping[str, Any]) -> None:
        self._source = apps.Source(
            packages=tuple(packages.get("packages", apps.PACKAGES)),
            options=tuple(packages.get("options", ())),
            env=dict(packages.get("env", {})),
        )

    async def bundle(self, notebook: Path, context: bundlers.Context) -> bundlers.Download:
        """Write the zip; raises DashopsError when the notebook or its packages cannot be had."""
        name = f"{bundle.name_for(notebook)}.zip"
        made = await asyncio.to_thread(
            apps.write, notebook, context.folder / name, source=self._source, tell=context.tell
        )
        text = f"{name}: unpacked anywhere, `make run` runs it"
        if made.missing:
            text += f". The notebook refers to {', '.join(made.missing)}, which was not found"
        return bundlers.Download(made.path, name, text)
