"""docs/support.md says what the other tests of this folder saw; it runs after them."""

import os
from pathlib import Path

import page
import pytest
from libraries import LIBRARIES
from test_same import NOTEBOOKS

PAGE = Path(__file__).parents[2] / "docs" / "support.md"


def test_the_page_says_what_was_seen(versions: dict[str, str], compared: dict[str, int]) -> None:
    if len(versions) < len(LIBRARIES) or len(compared) < len(NOTEBOOKS):
        pytest.skip("needs all the others")
    seen = page.written(versions)
    if os.environ.get("CI"):
        assert page.lasting(PAGE.read_text()) == page.lasting(seen)
    else:
        PAGE.write_text(seen)
