"""Which distribution brings a module, and what it needs itself, where the names differ: tables."""

import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

_FILE = Path(__file__).with_name("distributions.toml")

REMOVED = {
    (3, 12): frozenset({"asynchat", "asyncore", "distutils", "imp", "smtpd"}),
    (3, 13): frozenset(
        {"aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap"}
        | {"msilib", "nis", "nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau"}
        | {"telnetlib", "uu", "xdrlib"}
    ),
}
"""Modules that a Python version no longer has."""

STDLIB = sys.stdlib_module_names.union(*REMOVED.values(), {"__main__", "__future__", "antigravity"})

CARRIED = frozenset(
    {"numpy", "pandas", "scipy", "matplotlib", "pillow", "python-dateutil", "six", "pytz"}
    | {"requests", "urllib3", "certifi", "packaging", "typing-extensions", "jinja2", "pyyaml"}
    | {"traitlets", "ipywidgets", "attrs", "tqdm", "tornado"}
)
"""What so many packages bring along that its absence from a list says little."""

GIVEN = frozenset({"ipykernel"})
"""What every environment of a kernel has, with all it needs."""

NAMESPACES = frozenset(
    {"google", "azure", "ruamel", "zope", "backports", "snowflake", "databricks"}
)
"""Import names that many distributions share a part of."""


def normal(name: str) -> str:
    """A distribution's name as PEP 503 has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


_TABLES = tomllib.loads(_FILE.read_text("utf-8"))

PROVIDERS: Mapping[str, tuple[str, ...]] = {
    module: tuple(found) for module, found in _TABLES["providers"].items()
}
"""Distributions that bring a module, the one to choose first, where its name misleads."""

NEEDS: Mapping[str, frozenset[str]] = {
    name: frozenset(found) for name, found in _TABLES["needs"].items()
}
"""What well-known distributions need, without extras."""
