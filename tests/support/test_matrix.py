"""Deploys a notebook for each library and looks at it."""

import os

import pytest
from libraries import LIBRARIES, Library, Record, needs_kernel
from live import Live
from looks import Look
from playwright.sync_api import Error
from seats import Seats

PATIENCE, SHORT = 20, 4  # seconds to wait for what must come, and for what should not


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda each: each.notebook)
def test_a_library(library: Library, live: Live, seats: Seats, record_property: Record) -> None:
    needs_kernel(live, library.kernel)
    said = live.dashops("deploy-notebook", library.path, code=1 if library.refused else 0)
    if library.refused:
        assert library.refused in said
        record_property("version", (library.notebook, ""))
        return
    look = Look(seats.new(), SHORT if library.trouble else PATIENCE)
    look.seat.open(library.notebook, "text=tested with")
    said = look.page.locator("text=tested with").first.inner_text()
    version = said.split("tested with ")[1].split()[0]
    record_property("version", (library.notebook, version))
    works, why = True, ""
    try:
        library.look(look)
        look.is_sound(library.grumble)
    except (AssertionError, Error) as error:
        works, why = False, str(error)
    picture(look, library.notebook)
    assert works == (not library.trouble), why or "it works now: it has no trouble any more"


def picture(look: Look, name: str) -> None:
    """For people: the page as it was seen, if DASHOPS_TEST_PICTURES names a folder."""
    if folder := os.environ.get("DASHOPS_TEST_PICTURES"):
        look.page.screenshot(path=f"{folder}/{name}.png", full_page=True)
