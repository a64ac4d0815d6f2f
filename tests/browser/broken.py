"""Notebooks that must not be published, each for another reason, and what the report must say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from live import CELL_TIMEOUT, Cell
from seats import SLIDER

NO_FILES: Mapping[str, bytes] = {}


@dataclass(frozen=True)
class Broken:
    """A notebook whose ``cells`` follow a slider, or whose whole file is ``text``.

    The report must hold all of ``words`` and, when it names a cell, that cell's source.
    ``code`` is 1 when it failed on the server, 2 when it was not even run.
    """

    reason: str
    cells: tuple[Cell, ...]
    words: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    code: int = 1

    @property
    def source(self) -> str:
        """Of the cell that the report must name; the slider is the first."""
        number = next((word for word in self.words if word.startswith("cell ")), "")
        cells: tuple[Cell, ...] = (SLIDER, *self.cells)
        found = cells[int(number.split()[1]) - 1] if number else ""
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
    cell("output without end", "while True: print('x' * 10**6)", "MB of output"),
)
REFUSED = (
    Broken("no notebook", (), ("steady.ipynb",), text="{", code=2),
    Broken("a newer format", (), ("nbformat",), text='{"nbformat": 9, "cells": []}', code=2),
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
BROKEN = (*RUNNING, *REFUSED)
