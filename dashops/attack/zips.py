"""Zips made to harm, the same ones each time; it sends nothing."""

import io
import warnings
import zipfile
from collections.abc import Iterable

INDEX = "index.ipynb"

Entry = tuple[str, bytes, int, int]
"""Name, content, file mode and method of an entry."""


def zipped(files: Iterable[Entry], broken: Iterable[tuple[int, int]] = ()) -> bytes:
    """A zip of these entries, whatever their names are; ``broken`` are bytes written over."""
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore")  # that two have one name is what may be wanted
        for name, content, mode, method in files:
            info = zipfile.ZipInfo("x")
            info.filename = name.replace("\ud800", "")
            info.external_attr = (mode | 0o777) << 16
            info.compress_type = method
            archive.writestr(info, content)
    data = bytearray(out.getvalue())
    for at, value in broken:
        data[at % len(data)] = value
    return bytes(data)
