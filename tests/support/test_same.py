"""Examples and libraries behave the same from a snapshot as in a kernel that ran the notebook."""

import itertools
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from conversing import conversation, moves, without_ids
from libraries import LIBRARIES
from live import Live

EXAMPLES = Path(__file__).parents[2] / "examples"
INTERACTIONS = 10
NOTEBOOKS = [
    *(each.path for each in LIBRARIES if not each.refused and each.kernel == "python3"),
    *sorted(EXAMPLES.glob("*.ipynb")),
]


def deploy(live: Live, path: Path, kernel: str) -> str:
    notebook = json.loads(path.read_text())
    notebook["metadata"].setdefault("dashops", {})["kernel"] = kernel
    name = f"{path.stem}-{kernel}"
    folder = live.folder / name
    folder.mkdir()
    if (path.parent / "img").is_dir():
        shutil.copytree(path.parent / "img", folder / "img")
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
    live.dashops("deploy-notebook", folder / f"{name}.ipynb")
    return name


def behaviour(live: Live, name: str) -> dict[str, Any]:
    """The page, its widgets, and what they answer to ten moves."""
    with conversation(live.viewer(), name) as page:
        said = []
        for model, change in itertools.islice(moves(page.models), INTERACTIONS):
            answers = page.click(model) if change is None else page.move(model, change)
            said.append([model, change, answers])
        parts = {"page": page.html, "widgets": page.models, "answers": said}
        texts = {part: without_ids(json.dumps(found)) for part, found in parts.items()}
        return {part: text.replace(name, "NAME") for part, text in texts.items()}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda each: each.stem)
def test_it_is_the_same_from_a_snapshot(path: Path, live: Live) -> None:
    fresh, forked = (behaviour(live, deploy(live, path, kind)) for kind in ("fresh", "snapshot"))
    if folder := os.environ.get("DASHOPS_TEST_PICTURES"):
        for kind, found in (("fresh", fresh), ("snapshot", forked)):
            Path(folder, f"{path.stem}.{kind}.json").write_text(json.dumps(found, indent=1))
    for part in ("widgets", "answers", "page"):
        assert forked[part] == fresh[part], f"{part} differ"
