"""The name a dashboard is published under: part of a URL and of file paths, hence strict."""

import re
import unicodedata
from pathlib import Path

from dashops import errors
from dashops.bundle import contents

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_RULE = (
    "a name has up to 63 lower-case letters (a-z), digits, `-`, `_` or `.`, "
    "and starts with a letter or digit"
)


def name_for(path: Path) -> str:
    """The name a notebook gets when the author gives none: `Sales Report.ipynb` → `sales-report`.

    Raises SpecError when the file's name has letters outside of a-z, as leaving them out would
    make up a name the author does not know.
    """
    stem = path.name.removesuffix(".ipynb")
    if slug := _slug(stem):
        return slug
    raise errors.SpecError(
        f"no dashboard name can be made from {contents.shown(path.name)}",
        hint="name the dashboard yourself with `--name`, for example `--name sales-report`",
    )


def check_name(name: str) -> str:
    """The same name; raises SpecError, with a name that would do, unless it follows the rule."""
    if _NAME.fullmatch(name):
        return name
    slug = _slug(name)
    raise errors.SpecError(
        f"{contents.shown(name)} is not a dashboard name",
        hint=f"try `{slug}`; {_RULE}" if slug else _RULE,
    )


def _slug(text: str) -> str:
    """The nearest name by the rule, or an empty string when letters would get lost."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(letter)
    )
    if any(letter.isalnum() and not letter.isascii() for letter in plain):
        return ""
    dashed = re.sub(r"-{2,}", "-", re.sub(r"[^a-z0-9._-]", "-", plain))
    return dashed.lstrip("-._")[:63].rstrip("-._")
