"""A bundle is a notebook with the files it needs; this package only reads, and knows no stack.

contents    Bundle and its digest
names       the name a dashboard is published under
notebook    text → valid nbformat 4, its title, kernel and language
references  cells → the files they mention
gather      the author's folder → Bundle
archive     Bundle ↔ zip, safe against hostile archives
dependencies  notebook and files → the packages it asks for
requirements  the grammar of requirements files and locks
conda       the part of an environment.yml that pip can install
assets      which files a viewer's browser may fetch
origin      who deploys, from which commit
changes     what differs between two of them
opening     what the notebook asks about the way it is opened
"""

from dashops.bundle import changes, origin
from dashops.bundle.archive import pack, unpack
from dashops.bundle.assets import assets
from dashops.bundle.contents import LOCK, NOTEBOOK, Bundle, digest, encode, portable
from dashops.bundle.dependencies import Dependencies, dependencies
from dashops.bundle.gather import collect
from dashops.bundle.names import check_name, name_for
from dashops.bundle.notebook import kernel, language, parse, title
from dashops.bundle.opening import MODES, Opening, opening, opens

__all__ = [
    "LOCK",
    "MODES",
    "NOTEBOOK",
    "Bundle",
    "Dependencies",
    "Opening",
    "assets",
    "changes",
    "check_name",
    "collect",
    "dependencies",
    "digest",
    "encode",
    "kernel",
    "language",
    "name_for",
    "opening",
    "opens",
    "origin",
    "pack",
    "parse",
    "portable",
    "title",
    "unpack",
]
