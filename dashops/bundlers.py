"""What an entry under *File > Deploy as* is: for packages that add one of their own.

A package names a class of its own in the entry point group `dashops.bundlers`; it is made
without arguments, anew each time the menu is loaded. It needs no other part of dashops.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["GROUP", "Bundler", "Context", "Link", "Say", "Tell"]

GROUP = "dashops.bundlers"

Tell = Callable[[str, float | None], None]
"""Is told what happens now, and how much of it is done, from 0 to 1; may be called in a thread."""

Say = Callable[[str], None]
"""Takes a line of text; may be called in a thread."""


@dataclass(frozen=True)
class Context:
    """What a bundler may use while it works.

    `phase` begins a part of the work, named with a word, to which belongs what is told from then
    on; `log` is for lines that a program printed. `author` is who chose the entry,
    empty where one token is for all.
    """

    tell: Tell
    phase: Say = lambda _: None
    log: Say = lambda _: None
    author: str = ""


@dataclass(frozen=True)
class Link:
    """Where people find what was made. `url` is http or https; `text` is shown with it.

    `notes` are lines for those who want to know more, as what is different now.
    """

    url: str
    text: str = ""
    notes: tuple[str, ...] = ()


class Bundler(Protocol):
    """One entry of the menu. `label` is what it says, such as *Dashboard on acme*."""

    label: str

    async def bundle(self, notebook: Path, context: Context) -> Link:
        """Do what the entry is for, with a saved notebook.

        What it raises is shown to the author: of a `dashops.errors.DashopsError` message and hint,
        of others the type and the text, and the traceback is in the server's log.
        """
        ...
