"""Widgets whose JavaScript a viewer's page would look for in vain."""

from collections.abc import Iterable, Iterator
from typing import Any

from dashops.client import About
from dashops.preflight.cells import Code, Place
from dashops.preflight.finding import Finding, Installed, Severity
from dashops.preflight.packages import Need

WIDGET_BACKEND = (["widget"], ["ipympl"])
"""What stands after `%matplotlib` and means ipympl."""

# Distribution: the lab extensions that its page part may be called, the package that brings it.
_ANYWIDGET = ("anywidget",)
_FRONTENDS: dict[str, tuple[str, ...]] = {
    "ipywidgets": ("@jupyter-widgets/jupyterlab-manager",),
    "ipympl": ("jupyter-matplotlib",),
    "bqplot": ("bqplot",),
    "bqscales": ("bqscales",),
    "ipyvue": ("jupyter-vue",),
    "ipyvuetify": ("jupyter-vuetify",),
    "ipyleaflet": ("jupyter-leaflet",),
    "ipydatagrid": ("ipydatagrid",),
    "ipycytoscape": ("jupyter-cytoscape",),
    "pythreejs": ("jupyter-threejs",),
    "ipydatawidgets": ("jupyterlab-datawidgets",),
    "k3d": ("k3d",),
    "ipycanvas": ("ipycanvas",),
    "ipyvolume": ("ipyvolume",),
    "ipywebrtc": ("jupyter-webrtc",),
    "ipyevents": ("@jupyter-widgets/jupyterlab-ipyevents", "ipyevents"),
    "ipysheet": ("ipysheet",),
    "ipytree": ("ipytree",),
    "ipygany": ("ipygany",),
    "ipyaggrid": ("ipyaggrid",),
    "nglview": ("nglview-js-widgets",),
    "itkwidgets": ("itkwidgets", "itk-jupyter-widgets"),
    "jupyter-bokeh": ("@bokeh/jupyter_bokeh",),
    "pydeck": ("@deck.gl/jupyter-widget",),
    "keplergl": ("keplergl-jupyter",),
    "sidecar": ("@jupyter-widgets/jupyterlab-sidecar",),
    "plotly": ("jupyterlab-plotly", "plotly"),
    "anywidget": _ANYWIDGET,
    "drawdata": _ANYWIDGET,
    "lonboard": _ANYWIDGET,
    "jupyter-scatter": _ANYWIDGET,
    "quak": _ANYWIDGET,
    "mosaic-widget": _ANYWIDGET,
    "ipyniivue": _ANYWIDGET,
    "cosmograph": _ANYWIDGET,
    "pygv": _ANYWIDGET,
    "higlass-python": _ANYWIDGET,
}
# The package for `dashboard.frontends` where it is not the one that is imported.
_BROUGHT_BY = {"ipywidgets": "jupyterlab-widgets", "ipyleaflet": "jupyter-leaflet"}
# Shown without their widget; a page that lacks it shows all but that.
_PARTLY = {"plotly", "pydeck"}


def check(
    needs: Iterable[Need], codes: Iterable[Code], about: About | None, author: Installed
) -> Iterator[Finding]:
    """What the dashboard server does not say that it has; silent where it says nothing."""
    if about is None or about.frontends is None:
        return
    said: set[str] = set()
    if about.frontends.isdisjoint(_FRONTENDS["ipympl"]):
        for place, line in _widget_backends(codes):
            said.add("ipympl")
            yield _finding("ipympl", "error", place.at(line))
            break
    for need in needs:
        package = next((each for each in need.providers if each in _FRONTENDS), need.providers[0])
        # What else brings a lab extension may use it for more than widgets.
        severity: Severity = "error" if package in _FRONTENDS else "warning"
        wanted = _FRONTENDS.get(package) or author.frontends.get(package)
        quiet = need.used.guarded or package in _PARTLY or package in said
        if wanted and about.frontends.isdisjoint(wanted) and not quiet:
            said.add(package)
            yield _finding(package, severity, need.used.place.at(need.used.line))


def _widget_backends(codes: Iterable[Code]) -> Iterator[tuple[Place, int]]:
    for code in codes:
        for magic in code.magics:
            if magic.name == "matplotlib" and magic.rest.split()[:1] in WIDGET_BACKEND:
                yield code.place, magic.line


def _finding(package: str, severity: Severity, where: dict[str, Any]) -> Finding:
    brought = "anywidget" if _FRONTENDS.get(package) == _ANYWIDGET else package
    brought = _BROUGHT_BY.get(brought, brought)
    return Finding(
        "frontend",
        severity,
        f"the server has no JavaScript for the widgets of `{package}`",
        f"the operator adds `{brought}` to `dashboard.frontends`, then `dashops up`",
        **where,
        packages=(brought,),
    )
