"""The entry *Local dashboard*: a notebook as a dashboard of its author's own Jupyter server."""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import quote

from dashops import bundle, bundlers, errors
from dashops.services.notebook import preflight

LABEL = "Local dashboard"
FOLDER = "local_dashboards"
"""Where they are, below the folder that the Jupyter server shows."""


class Local:
    """Puts notebooks where this server shows them as dashboards."""

    label = LABEL

    def __init__(self, root: Path, base_url: str) -> None:
        self._root = root
        self._base_url = base_url

    async def bundle(self, notebook: Path, context: bundlers.Context) -> bundlers.Link:
        """Copy it with its files; what was there of the same name is replaced.

        Raises:
            DashopsError: when the notebook cannot be packed, or its folder is something else.
        """
        name = bundle.name_for(notebook)
        context.tell("copying the notebook and its files", None)
        packed = await asyncio.to_thread(bundle.collect, notebook, (), preflight.LIMIT)
        try:
            again = await asyncio.to_thread(put, self._root, name, packed)
        except OSError as error:
            raise errors.ToolError(
                f"`{FOLDER}/{name}` cannot be written: {error.strerror or error}",
                hint="look at the folder's permissions, and at the space on its disk",
            ) from error
        title = bundle.title(packed.notebook, name)
        text = f"{title}: {'replaced' if again else 'ready'} in `{FOLDER}/{name}`"
        missing = tuple(f"{each} was not found" for each in packed.missing)
        return bundlers.Link(address(self._base_url, name), text, missing)


def address(base_url: str, name: str) -> str:
    """The path of its page, which ends with a slash: its files are below it."""
    return f"{base_url}files/{FOLDER}/{quote(name)}/"


def put(root: Path, name: str, packed: bundle.Bundle) -> bool:
    """Write a dashboard's folder as a whole; whether another one made room for it.

    Raises:
        SpecError: when what has its name is no dashboard.
        OSError: when it cannot be written.
    """
    home = root / FOLDER
    place = home / name
    before = os.path.lexists(place)
    if before and not (place / bundle.NOTEBOOK).is_file():
        raise errors.SpecError(
            f"`{FOLDER}/{name}` is there, and is no local dashboard",
            hint="rename or remove it, or give the notebook another name",
        )
    home.mkdir(exist_ok=True)
    # Jupyter shows nothing that begins with a dot.
    with tempfile.TemporaryDirectory(prefix=".new-", dir=home, ignore_cleanup_errors=True) as made:
        new, old = Path(made, "new"), Path(made, "old")
        for path, content in {**packed.files, bundle.NOTEBOOK: _encoded(packed)}.items():
            file = new / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        if before:
            place.rename(old)
        try:
            new.rename(place)
        except OSError:
            if before:
                old.rename(place)
            raise
        if before and not old.is_symlink():
            shutil.rmtree(old, ignore_errors=True)
    return before


def find(root: Path, name: str) -> Path:
    """The folder of a dashboard.

    Raises:
        SpecError: when there is none of that name.
    """
    bundle.check_name(name)
    place = root / FOLDER / name
    if not (place / bundle.NOTEBOOK).is_file():
        raise errors.SpecError(
            f"There is no local dashboard {name}",
            hint=f"Its folder {FOLDER}/{name} was removed or renamed. "
            f"File > Deploy as > {LABEL} makes it again",
        )
    return place


def _encoded(packed: bundle.Bundle) -> bytes:
    return bundle.encode(packed.notebook)
