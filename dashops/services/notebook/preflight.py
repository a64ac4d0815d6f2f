"""Preflight for the menu: what `dashops preflight` says of a notebook; it sends nothing."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from dashops import bundle, client, errors, preflight
from dashops.services.notebook import target

LIMIT = 2**30
"""Bytes of an upload, unpacked, as it is held in memory; the server may allow less."""


def found(notebook: Path, to: target.Target) -> dict[str, Any]:
    """`{"findings", "silent"}`: errors first, and why the server was not asked, if it was not.

    Raises:
        DashopsError: when the notebook cannot be packed.
    """
    packed = bundle.collect(notebook, (), LIMIT)
    about, silent = _ask(to)
    installed = preflight.installed(notebook, bundle.kernel(packed.notebook))
    author = preflight.Author(notebook.absolute().parent.resolve(), installed)
    declared = preflight.declarations(bundle.dependencies(packed))
    report = preflight.look(packed, about, author, declared)
    return {"findings": [asdict(each) for each in report.findings], "silent": silent}


def _ask(to: target.Target) -> tuple[client.About | None, str]:
    try:
        with to.server() as server:
            about = client.about.ask(server)
    except errors.DashopsError as error:
        return None, error.message
    return about, "" if about else f"the server at `{to.url}` is too old to tell"
