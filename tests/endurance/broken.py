"""Notebooks that must not be published, each for another reason, and what the report must say."""

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from live import CELL_TIMEOUT, Cell
from seats import SLIDER, later

NO_FILES: Mapping[str, bytes] = {}


@dataclass(frozen=True)
class Broken:
    """A notebook whose ``cells`` follow a slider, or ``first``, or whose whole file is ``text``.

    The report must hold all of ``words`` and, when it names a cell, that cell's source.
    ``code`` is 1 when it failed on the server, 2 when it was not even run. In ``files`` HALFWAY
    stands for a package index that breaks off.
    """

    reason: str
    cells: tuple[Cell, ...]
    words: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    code: int = 1
    first: str = SLIDER

    @property
    def all(self) -> tuple[Cell, ...]:
        return (self.first, *self.cells)

    @property
    def source(self) -> str:
        """Of the cell that the report must name."""
        number = next((word for word in self.words if word.startswith("cell ")), "")
        found = self.all[int(number.split()[1]) - 1] if number else ""
        assert isinstance(found, str)
        return found


FINE = "print('fine')"
TEXT = ("markdown", "Some text")
OTHER_SPEC = {"name": "julia-1.9", "display_name": "Julia", "language": "julia"}


def cell(reason: str, source: str, *words: str, **more: Any) -> Broken:
    """Broken in its second cell."""
    return Broken(reason, (source,), ("cell 2", *words), **more)


RUNNING = (
    cell("a name that is not there", "print(undefined)", "NameError"),
    Broken("a name removed", ("a = 1", TEXT, "del a", "a + 1"), ("cell 5", "NameError")),
    cell("a package that is not there", "import no_such_package", "no_such_package"),
    cell("a package of another version", "import numpy\nnumpy.float_(1)", "float_"),
    cell("a file that was not sent", "open('absent.csv')", "FileNotFoundError", "absent.csv"),
    cell(
        "a file in another encoding",
        "import pandas\npandas.read_csv('data.csv')",
        "UnicodeDecodeError",
        files={"data.csv": "größe\n1\n".encode("latin-1")},
    ),
    cell("a column that is not there", "import pandas\npandas.DataFrame()['sold']", "KeyError"),
    cell("a program that is not there", "import subprocess\nsubprocess.run(['dot'])", "'dot'"),
    cell("a failing shell cell", "%%bash\nexit 4", "CalledProcessError"),
    cell(
        "a host that does not answer",
        "import socket\nsocket.create_connection(('127.0.0.1', 9))",
        "Connection refused",
    ),
    cell("a module of one's own that was not sent", "from my_own import load", "my_own"),
    cell("a number that is none", "float('n/a')", "ValueError", "n/a"),
    cell(
        "a database without its tables",
        "import sqlite3\nsqlite3.connect('sold.db').execute('select * from sold')",
        "no such table: sold",
    ),
    cell("a syntax error", "for", "SyntaxError"),
    Broken("a wrong indent", (FINE, "if True:\nprint()"), ("cell 3", "IndentationError")),
    cell("a division", "1 / 0", "ZeroDivisionError"),
    cell("an assertion", "assert not 1", "AssertionError"),
    cell("a recursion", "def again():\n    again()\nagain()", "RecursionError"),
    cell(
        "a failure while it waits",
        "import asyncio\nawait asyncio.wait_for(asyncio.sleep(9), 0.01)",
        "TimeoutError",
    ),
    cell("an exit", "raise SystemExit(3)", "SystemExit"),
    cell("an interrupt", "raise KeyboardInterrupt", "KeyboardInterrupt"),
    cell("a magic that is not there", "%nosuchmagic", "UsageError"),
    cell("a question to the author", "input('name?')", "StdinNotImplementedError"),
    cell("a cell that never ends", "while True: pass", f"{CELL_TIMEOUT} seconds"),
    cell("a kernel that dies", "import os; os._exit(1)", "died"),
    cell("a variable of the author's shell", "import os; os.environ['MY_KEY']", "MY_KEY"),
    cell("three gigabytes", "held = bytearray(3 * 2**30)", "MemoryError"),
    cell(
        "too much output", "for _ in range(30): print('x' * 5_000_000, flush=True)", "MB of output"
    ),
)
REFUSED = (
    Broken("no notebook", (), ("steady.ipynb",), text="{", code=2),
    Broken(
        "a newer format", (), ("format version 9",), text='{"nbformat": 9, "cells": []}', code=2
    ),
    Broken(
        "a kernel that is not there",
        (FINE,),
        ("julia-1.9",),
        metadata={"kernelspec": OTHER_SPEC},
        code=2,
    ),
    Broken(
        "a file to take along that is not there", ("# associate: sold.csv",), ("sold.csv",), code=2
    ),
)
RAISES = """
import ipywidgets as widgets
amount = widgets.IntSlider(description="Amount")
def changed(change):
    {}
amount.observe(changed, "value")
amount
"""
FOREIGN = """
import ipywidgets as widgets
import traitlets
class Foreign(widgets.DOMWidget):
    _model_name = traitlets.Unicode("ForeignModel").tag(sync=True)
    _model_module = traitlets.Unicode("foreign-widgets").tag(sync=True)
    _view_name = traitlets.Unicode("ForeignView").tag(sync=True)
    _view_module = traitlets.Unicode("foreign-widgets").tag(sync=True)
Foreign()
"""
CLOSED = """
import ipywidgets as widgets
from IPython.display import display
shown = widgets.Text()
display(shown)
shown.close()
"""
SHOWN = (
    cell(
        "works alone but not twice",
        later("raise ValueError('again')", runs=1),
        "second time",
        "again",
    ),
    Broken(
        "a callback that raises",
        (),
        ("cell 1", "moving `Amount`", "ZeroDivisionError"),
        first=RAISES.format("1 / change.old"),
    ),
    Broken(
        "a callback that ends the kernel",
        (),
        ("cell 1", "moving `Amount`", "the kernel died"),
        first=RAISES.format("import os; os._exit(1)"),
    ),
    cell("widgets without a front end", FOREIGN, "foreign-widgets", "dashboard.frontends"),
    cell(
        "a script that fails",
        "from IPython.display import Javascript\nJavascript('nobody()')",
        "nobody is not defined",
    ),
    cell("a widget that was closed", CLOSED, "closed"),
)


def asking(reason: str, requirements: str, *words: str, **more: Any) -> Broken:
    """Broken by the packages it asks for, before any cell runs."""
    files = {"requirements.txt": f"ipywidgets\n{requirements}\n".encode()}
    return Broken(reason, (FINE,), words, **{"files": files, **more})


def unbuildable() -> bytes:
    """A source package that wants a compiler nobody has."""
    failing = "def build_wheel(*_, **__):\n    raise SystemExit('no compiler here')\n"
    project = (
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "needs-compiler"\nversion = "1.0"\n'
    )
    about = "Metadata-Version: 2.1\nName: needs-compiler\nVersion: 1.0\n"
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, text in {
            "pyproject.toml": project,
            "backend.py": failing,
            "PKG-INFO": about,
        }.items():
            entry = tarfile.TarInfo(f"needs_compiler-1.0/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return file.getvalue()


OTHER_PYTHON = b"""
[project]
name = "a"
version = "1"
requires-python = ">=4"
dependencies = []
"""
ASKING = (
    asking("a version that never was", "numpy==0.0.1", "numpy==0.0.1"),
    asking("versions that exclude each other", "pandas>=2\nnumpy<1.10", "numpy", "pandas"),
    asking(
        "a package that needs a compiler",
        "",
        "needs-compiler",
        files={
            "requirements.txt": b"./needs_compiler-1.0.tar.gz\n",
            "needs_compiler-1.0.tar.gz": unbuildable(),
        },
    ),
    asking(
        "an index that is down halfway",
        "halfway @ http://HALFWAY/halfway-1.0-py3-none-any.whl",
        "halfway",
    ),
    asking("another file than was meant", f"six==1.16.0 --hash=sha256:{'0' * 64}", "six"),
    asking("another Python", "", "Python", files={"pyproject.toml": OTHER_PYTHON}),
    asking("no requirement", "pandas=>2", "requirements.txt:2", "pandas=>2", code=2),
    asking("a branch of somebody", "git+https://example.org/it.git", "requirements.txt:2", code=2),
    asking("a folder of the author", "-e ../ours", "requirements.txt:2", "../ours", code=2),
    Broken(
        "a package that was not asked for",
        ("import pandas",),
        ("cell 2", "ModuleNotFoundError", "pandas"),
        files={"requirements.txt": b"ipywidgets\n"},
    ),
)
BROKEN = (*RUNNING, *REFUSED, *SHOWN, *ASKING)
