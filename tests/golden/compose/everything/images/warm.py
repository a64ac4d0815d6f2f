"""Makes an environment ready for an image that nobody may write into: `warm.py MODULE...`.

Bytecode that is missing there is made anew by each process, and that of all modules would be a
third of the image: what is imported here gets it.
"""

import contextlib
import importlib
import os
import shutil
import sys
import sysconfig
from pathlib import Path

os.environ["MPLCONFIGDIR"] = os.environ["HOME"] = "/tmp"
# Packages' own tests are a tenth of all.
for folder in list(Path(sysconfig.get_path("purelib")).rglob("tests")):
    shutil.rmtree(folder, ignore_errors=True)
for name in sys.argv[1:]:
    # One that cannot be imported here may be what the author wants all the same.
    with contextlib.suppress(Exception):
        importlib.import_module(name)
