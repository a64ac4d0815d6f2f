"""The notebooks that are served; they import nothing but ipywidgets and time."""

from pathlib import Path

import nbformat
from nbformat import v4

# The label's class is where the browser looks for the answer.
SLIDER = """
import ipywidgets as widgets

slider = widgets.IntSlider(value=0, max=10000, description="Move me")
label = widgets.Label("0")
label.add_class("answer")


def moved(change):
    label.value = str(change.new)


slider.observe(moved, "value")
widgets.VBox([slider, label])
"""

NAP = 16
"""Seconds the second cell of the sleeping notebook takes."""

SLEEP = f"import time\ntime.sleep({NAP})"


def slider(folder: Path) -> Path:
    """One slider and one label that shows its value."""
    return _write(folder / "slider.ipynb", SLIDER)


def sleep(folder: Path) -> Path:
    """A cell that does nothing, then one that sleeps."""
    return _write(folder / "sleep.ipynb", "pass", SLEEP)


def _write(path: Path, *cells: str) -> Path:
    notebook = v4.new_notebook(
        cells=[v4.new_code_cell(each.strip()) for each in cells],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
    )
    nbformat.write(notebook, path)
    return path
