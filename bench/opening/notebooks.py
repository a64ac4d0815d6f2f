"""The four notebooks that are opened; each has one slider to move and one label that answers."""

from pathlib import Path

import nbformat
from nbformat import v4

# Beyond the packages that a stack has anyway; the peer runs the same environment.
PACKAGES = ("ipywidgets", "numpy", "pandas", "matplotlib", "scikit-learn")
MOVE, ANSWER = "move", "answer"
"""Classes of the slider and of the label: where a page and a client look for them."""

# The answer begins with the slider's value, so that a stale one is not taken for it.
ENDS = f"""
import ipywidgets as widgets

slider = widgets.IntSlider(value=0, max=1000, description="Move me")
slider.add_class("{MOVE}")
label = widgets.Label()
label.add_class("{ANSWER}")


def answer(value):
    label.value = f"{{value}}: {{found(value)}}"


slider.observe(lambda change: answer(change.new), "value")
answer(0)
"""
SHOWN = "widgets.VBox([slider, label])"
TRIVIAL = "def found(value):\n    return value * value"

HEAVY = """
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

columns = list("abcdefgh")
frame = pd.DataFrame(np.random.default_rng(1).random((4_194_304, 8)), columns=columns)
model = LinearRegression().fit(frame[columns[:-1]].iloc[:100_000], frame["h"].iloc[:100_000])
"""
CHART = """
figure, axes = plt.subplots(figsize=(6, 3))
axes.hist(frame["a"].iloc[:100_000], bins=50)
plt.show()
"""
# A look at a thousandth of the frame: what a filter of a dashboard does.
LOOK = """
def found(value):
    part = frame.iloc[value * 4096 : (value + 1) * 4096]
    return f"{model.predict(part[columns[:-1]]).mean():.6f} of {len(frame)} rows"
"""
# Ten seconds of a core, however busy the machine is.
SLOW = """
import time

end = time.process_time() + 10
while time.process_time() < end:
    sum(range(10_000))
"""
MANY = "rest = [widgets.FloatText(value=n, description=str(n)) for n in range(38)]"
ALL = {
    "trivial": (TRIVIAL, ENDS, SHOWN),
    "heavy": (HEAVY, CHART, LOOK, ENDS, SHOWN),
    "slow": (SLOW, TRIVIAL, ENDS, SHOWN),
    "many": (TRIVIAL, ENDS, MANY, "widgets.VBox([slider, label, *rest])"),
}
TITLES = {
    "trivial": "a slider and a label",
    "heavy": "pandas, matplotlib and scikit-learn, a frame of 256 MB, a slider that looks into it",
    "slow": "10 s of computing, then a slider and a label",
    "many": "40 widgets",
}


def write(folder: Path, name: str) -> Path:
    """The notebook as a file."""
    path = folder / f"{name}.ipynb"
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [v4.new_code_cell(each.strip()) for each in ALL[name]]
    nbformat.write(v4.new_notebook(cells=cells, metadata={"kernelspec": spec}), path)
    return path
