"""Find the Chromium that browser checks drive; it must not start it."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

SETTING = "DASHOPS_TEST_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome")
# A check must not phone home, and containers give Chromium neither a sandbox nor a GPU.
ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def path(env: Mapping[str, str] = os.environ) -> Path | None:
    """The browser `DASHOPS_TEST_CHROMIUM` names, else the first of `NAMES` on PATH, else None."""
    wanted = env.get(SETTING)
    if wanted:
        return Path(wanted) if os.access(wanted, os.X_OK) else None
    for name in NAMES:
        if found := shutil.which(name, path=env.get("PATH")):
            return Path(found)
    return None
