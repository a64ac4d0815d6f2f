from pathlib import Path

import nbformat
import pytest

from dashops import bundle

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.ipynb"))


def test_there_are_examples() -> None:
    assert {"tips", "stocks", "gapminder"} <= {path.stem for path in EXAMPLES}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_saved_as_a_reader_wants_it(path: Path) -> None:
    notebook = nbformat.read(path, nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert not [cell.id for cell in notebook.cells if cell.get("outputs")]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_bundles_with_its_files(path: Path) -> None:
    found = bundle.collect(path, [])
    assert not found.missing
    assert ("img/stocks.svg" in found.files) == (path.stem == "stocks")
