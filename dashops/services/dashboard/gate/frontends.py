"""Which widgets a viewer's browser can draw: those whose JavaScript this server has; pure but for
reading its own folder of extensions."""

import functools
import json
from collections.abc import Sequence
from pathlib import Path

# Voilà's page brings these along.
BUILT_IN = frozenset(
    {"@jupyter-widgets/base", "@jupyter-widgets/controls", "@jupyter-widgets/output"}
)
# The Python package that brings a module, where it has another name.
PACKAGES = {
    "@bokeh/jupyter_bokeh": "jupyter_bokeh",
    "@jupyter-widgets/jupyterlab-sidecar": "sidecar",
    "catboost-widget": "catboost",
    "jupyter-cytoscape": "ipycytoscape",
    "jupyter-matplotlib": "ipympl",
    "jupyter-threejs": "pythreejs",
    "jupyter-vue": "ipyvue",
    "jupyter-vuetify": "ipyvuetify",
    "jupyter-webrtc": "ipywebrtc",
    "jupyterlab-plotly": "plotly",
    "nglview-js-widgets": "nglview",
}


def missing(modules: Sequence[str], folders: Sequence[str]) -> list[str]:
    """Those of the modules that no extension in the folders has."""
    have = _names(tuple(folders))
    wanted = [each for each in dict.fromkeys(modules) if each not in BUILT_IN and each not in have]
    return [each for each in wanted if not _mentioned(each, tuple(folders))]


def advice(module: str) -> str:
    """What to do about a module that is missing."""
    package = PACKAGES.get(module)
    if package is None and not module.startswith("@"):
        package = module
    what = f"add `{package}`" if package else "add the Python package that brings it"
    return f"{what} to `dashboard.frontends` in the stack's file and run `dashops up`"


# An environment that changes has another folder, so what was read once stays true.
@functools.lru_cache(maxsize=8)
def _names(folders: tuple[str, ...]) -> frozenset[str]:
    return frozenset(
        str(json.loads(path.read_text(encoding="utf-8")).get("name"))
        for folder in folders
        for pattern in ("*/package.json", "@*/*/package.json")
        for path in Path(folder).glob(pattern)
    )


@functools.lru_cache(maxsize=256)
def _mentioned(module: str, folders: tuple[str, ...]) -> bool:
    """Whether a script names it: an extension may register its widgets under another name."""
    words = [f"{quote}{module}{quote}".encode() for quote in "\"'`"]
    for folder in folders:
        for path in Path(folder).rglob("static/*.js"):
            if any(word in path.read_bytes() for word in words):
                return True
    return False
