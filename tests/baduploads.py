"""Uploads made to harm, the same ones at every run."""

import json
import stat
import zipfile

from hypothesis import strategies as some

from dashops import bundle
from dashops.attack.zips import zipped

LIMIT = 10**5
PARTS = some.one_of(
    some.sampled_from(
        ["a", "A", "..", ".", "", "C:", "e\u0301", "\u00e9", ".dashops", "x\0y", "\\", "CON"]
    ),
    some.text(max_size=4),
    some.just("d/" * 40 + "f"),
    some.just("n" * 300),
)
NAMES = some.one_of(
    some.sampled_from([bundle.NOTEBOOK, "INDEX.ipynb", bundle.LOCK, ".dashops/bundle.json"]),
    some.lists(PARTS, min_size=1, max_size=4).map("/".join),
    PARTS.map(lambda part: f"../{part}"),
    PARTS.map(lambda part: f"/{part}"),
)
JSON = some.recursive(
    some.one_of(some.none(), some.booleans(), some.integers(), some.floats(), some.text()),
    lambda inner: some.one_of(
        some.lists(inner, max_size=3), some.dictionaries(some.text(), inner, max_size=3)
    ),
    max_leaves=6,
)
CELLS = some.fixed_dictionaries(
    {"cell_type": some.sampled_from(["code", "markdown", "raw", 3])},
    optional={
        "metadata": some.one_of(some.just({}), JSON),
        "source": some.one_of(some.just("print(1)"), JSON),
        "outputs": JSON,
        "id": JSON,
        "attachments": JSON,
    },
)
NOTEBOOKS = some.one_of(
    some.fixed_dictionaries(
        {"nbformat": some.sampled_from([4, 4, 4, 3, 9, -1, "4"]), "nbformat_minor": some.just(5)},
        optional={
            "metadata": some.one_of(some.just({}), JSON),
            "cells": some.one_of(some.lists(CELLS, max_size=3), JSON),
        },
    ),
    JSON,
).map(lambda value: json.dumps(value).encode())
GOOD = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}).encode()
CONTENTS = some.one_of(
    some.binary(max_size=50),
    some.just(b"\0" * 2 * LIMIT),
    some.sampled_from([b"[" * 3000, b"numpy==1 --hash=sha256:0", b'{"format": 3}']),
    NOTEBOOKS,
)
MODES = some.sampled_from([0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])


FILES = some.lists(
    some.tuples(
        NAMES, CONTENTS, MODES, some.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    ),
    max_size=4,
)
INDEX = some.one_of(some.just(GOOD), NOTEBOOKS).map(
    lambda text: [(bundle.NOTEBOOK, text, stat.S_IFREG, zipfile.ZIP_DEFLATED)]
)
UPLOADS = some.one_of(
    some.builds(
        lambda index, files, broken: zipped([*index, *files], broken),
        INDEX,
        FILES,
        some.one_of(
            some.just([]),
            some.lists(some.tuples(some.integers(0), some.integers(0, 255)), max_size=3),
        ),
    ),
    NOTEBOOKS,
    some.binary(max_size=200),
)
