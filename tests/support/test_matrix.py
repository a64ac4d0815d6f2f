"""Deploys a notebook for each library and looks at it; docs/support.md says what was seen."""

import os
from pathlib import Path

import page
import pytest
from libraries import LIBRARIES, Library
from live import Live
from looks import Look
from playwright.sync_api import Error
from seats import Seats

PAGE = Path(__file__).parents[2] / "docs" / "support.md"
PATIENCE, SHORT = 10, 4  # seconds to wait for what must come, and for what should not


@pytest.fixture(scope="session")
def versions() -> dict[str, str]:
    """What each notebook printed of itself."""
    return {}


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda each: each.notebook)
def test_a_library(library: Library, live: Live, seats: Seats, versions: dict[str, str]) -> None:
    if library.kernel != "python3" and f'"{library.kernel}"' not in live.dashops(
        "kernels", "--json"
    ):
        reason = f"no kernel `{library.kernel}` on this machine"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    said = live.dashops("deploy-notebook", library.path, code=1 if library.refused else 0)
    if library.refused:
        assert library.refused in said
        versions[library.notebook] = ""
        return
    look = Look(seats.new(), SHORT if library.trouble else PATIENCE)
    look.seat.open(library.notebook, "text=tested with")
    said = look.page.locator("text=tested with").first.inner_text()
    versions[library.notebook] = said.split("tested with ")[1].split()[0]
    works, why = True, ""
    try:
        library.look(look)
        look.is_sound(library.grumble)
    except (AssertionError, Error) as error:
        works, why = False, str(error)
    picture(look, library.notebook)
    assert works == (not library.trouble), why or "it works now: it has no trouble any more"


def test_the_page_says_what_was_seen(versions: dict[str, str]) -> None:
    if len(versions) < len(LIBRARIES):
        pytest.skip("needs all the others")
    seen = page.written(versions)
    if os.environ.get("CI"):
        assert page.lasting(PAGE.read_text()) == page.lasting(seen)
    else:
        PAGE.write_text(seen)


def picture(look: Look, name: str) -> None:
    """For people: the page as it was seen, if DASHOPS_TEST_PICTURES names a folder."""
    if folder := os.environ.get("DASHOPS_TEST_PICTURES"):
        look.page.screenshot(path=f"{folder}/{name}.png", full_page=True)
