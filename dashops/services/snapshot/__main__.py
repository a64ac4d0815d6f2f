"""Starts such a kernel: ``python dashops/services/snapshot FD -f FILE``, as the gateway does."""

import importlib.util
import sys
from pathlib import Path

HERE = Path(__file__).parent
NAME = "dashops_snapshot"  # a name of its own: a notebook may use a package called dashops


def _load() -> None:
    # Nothing of the gateway's environment may be found by a notebook: no path leads to it.
    sys.path.remove(str(HERE))
    found = importlib.util.spec_from_file_location(
        NAME, HERE / "__init__.py", submodule_search_locations=[str(HERE)]
    )
    assert found is not None
    sys.modules[NAME] = importlib.util.module_from_spec(found)


if __name__ == "__main__":
    _load()
    main = importlib.import_module(f"{NAME}.main")
    main.run(int(sys.argv[1]), sys.argv[2:])
