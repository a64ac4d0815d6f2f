"""Who is viewing: what a notebook learns in each mode, and where it is not to be found."""

import html
import json
import subprocess
from typing import Any

import pytest
from live import Live, Viewer, notebook, until

ASK = """
from dashops.viewer import current_viewer
who = current_viewer()
print(f"seen:{who.name}/{who.dashboard}/{sorted(who.groups)}:seen")
"""
LEAK = """
import os, pathlib, sys
told = (getattr(sys.modules.get("dashops_handed"), "claims", None) or [""])[0]
places = {
    "variables": str(dict(os.environ)),
    "words": pathlib.Path("/proc/self/cmdline").read_text(),
    "start": pathlib.Path("/proc/self/environ").read_text(),
    "cells": str(In) + str(get_ipython().user_ns.get("Out")),
}
print("told:", bool(told), [name for name, text in places.items() if told and told in text])
print(f"token:{told}:token")
"""


def deploy(live: Live, name: str, *cells: str, own: int | None = None, **asked: Any) -> str:
    """What its author reads; from cell `own` on cells are each viewer's."""
    book = notebook(*cells, dashops=asked)
    if own is not None:
        book["cells"][own]["metadata"]["tags"] = ["per-viewer"]
    path = live.folder / f"{name}.ipynb"
    path.write_text(json.dumps(book))
    done = live.try_dashops("deploy-notebook", path.name)
    assert done.returncode == 0, done.stderr
    return done.stderr + live.dashops("show", name)


def page(viewer: Viewer, name: str) -> str:
    return html.unescape(viewer.open(name).html)


def test_a_notebook_that_asks_in_its_run_runs_anew_for_each_viewer(live: Live) -> None:
    said = deploy(live, "asks", ASK + LEAK)
    assert "current_viewer" in said and "runs anew for each viewer" in said
    seen = page(live.viewer(), "asks")
    assert "seen:viewer/asks/[]:seen" in seen
    assert "told: True []" in seen


def test_not_even_who_insists_gets_a_snapshot_of_someone(live: Live) -> None:
    said = deploy(live, "insists", ASK, kernel="snapshot")
    assert "runs anew for each viewer" in said
    assert "seen:viewer/insists/[]:seen" in page(live.viewer(), "insists")


@pytest.mark.parametrize("mode", ["snapshot", "warm"])
def test_cells_of_each_viewer_may_ask(live: Live, mode: str) -> None:
    name = f"own-{mode}"
    said = deploy(live, name, "x = 1", ASK + LEAK, own=1, **{"kernel": mode})
    assert "anew" not in said
    if mode == "warm":
        until(lambda: live.api("GET", "/_api/status").text.count('"warm": 1'), "a warm kernel")
    seen = page(live.viewer(), name)
    assert f"seen:viewer/{name}/[]:seen" in seen and "told: True []" in seen
    token = seen.split("token:")[1].split(":token")[0]
    logs = subprocess.run(["grep", "-rlF", token, str(live.folder)], capture_output=True, text=True)
    assert len(token) > 100 and not logs.stdout, "on no disk and in no log"
