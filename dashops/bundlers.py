"""What an entry under *File > Deploy as* and *Download as* is, for packages that add one.

A package names a class of its own in the entry point group `dashops.bundlers`; it is made
without arguments, anew each time the menu is loaded. It needs no other part of dashops.
See docs/plugins.md; `dashops plugin test PACKAGE` says whether an entry keeps to it.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import fastjsonschema

__all__ = [
    "BROKEN",
    "GROUP",
    "GROUPS",
    "Bundler",
    "Context",
    "Download",
    "Link",
    "Say",
    "Tell",
    "checked",
]

GROUP = "dashops.bundlers"

GROUPS = ("deploy", "download")
"""The menus an entry may be in; one that says nothing is in the first."""

BROKEN = (Exception, SystemExit)
"""What a package's code may raise without harm to who calls it."""

_NO_SETTINGS = {"type": "object", "additionalProperties": False}

Tell = Callable[[str, float | None], None]
"""Is told what happens now, and how much of it is done, from 0 to 1; may be called in a thread."""

Say = Callable[[str], None]
"""Takes a line of text; may be called in a thread."""


@dataclass(frozen=True)
class Context:
    """What a bundler may use while it works.

    `settings` are what the operator set for this entry, with the defaults of its schema. `folder`
    is empty, its own, and removed when the work is done or its file was fetched.
    `phase` begins a part of the work, named with a word, to which belongs what is told from then
    on; `log` is for lines that a program printed. `author` is who chose the entry,
    empty where one token is for all.
    """

    tell: Tell
    settings: Mapping[str, Any]
    folder: Path
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


@dataclass(frozen=True)
class Download:
    """A file that the author's browser saves as `name`, once; then it is deleted."""

    file: Path
    name: str
    text: str = ""


class Bundler(Protocol):
    """One entry of a menu. `label` is what it says, such as *Dashboard on acme*.

    It may have a `group`, one of `GROUPS`, and `settings`, the JSON schema (draft 7) of what its
    operator may set under the name of the entry point. Without a schema that is nothing.
    """

    label: str

    async def bundle(self, notebook: Path, context: Context) -> Link | Download:
        """Do what the entry is for, with a saved notebook, which stays as it is.

        What it raises is shown to the author: of a `dashops.errors.DashopsError` message and hint,
        of others the type and the text, and the traceback is in the server's log.
        """
        ...


def checked(schema: Any, values: Any) -> Mapping[str, Any]:
    """Settings with the defaults of their schema; no schema, no settings.

    Raises:
        ValueError: when the schema is none, or the settings do not fit it; no value is in the text.
    """
    wanted = _NO_SETTINGS if schema is None else schema
    try:
        fits = fastjsonschema.compile(dict(wanted))
    except Exception as error:  # whatever it stumbles over
        raise ValueError(f"its `settings` are no JSON schema: {error}") from error
    if not isinstance(values, Mapping):
        raise ValueError("its settings are no mapping of names to values")
    try:
        result: Mapping[str, Any] = fits(copy.deepcopy(dict(values)))
    except fastjsonschema.JsonSchemaValueException as error:
        said = error.message.replace("data", "settings", 1)
        raise ValueError(f"{said}; its operator sets them: `notebook.entries_file`") from error
    return result
