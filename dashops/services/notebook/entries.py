"""What *Deploy as* offers: this server's dashboard servers, and what other packages add."""

import importlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from dashops import bundlers
from dashops.services.notebook import dashboard


@dataclass(frozen=True)
class Entry:
    """One line of the menu; a `broken` one says why, and has nothing to run."""

    id: str
    label: str
    bundler: bundlers.Bundler | None = None
    broken: str = ""


def found(servers: Iterable[Mapping[str, str]], log: Any) -> dict[str, Entry]:
    """All entries by their id, dashboard servers first; also of a package that is new."""
    importlib.invalidate_caches()
    made = [dashboard.Dashboard(**each) for each in servers]
    own = [Entry(f"server.{number}", each.label, each) for number, each in enumerate(made)]
    others = sorted(entry_points(group=bundlers.GROUP), key=lambda each: each.name)
    return {each.id: each for each in (*own, *(_loaded(point, log) for point in others))}


def _loaded(point: EntryPoint, log: Any) -> Entry:
    """A package's entry. Whatever is wrong with it is its own affair and harms no other."""
    name = re.sub(r"[^\w.-]", "-", point.name)
    package = point.dist.name if point.dist else point.module
    try:
        made = point.load()()
        label = made.label
        if not (isinstance(label, str) and label.strip() and callable(made.bundle)):
            raise TypeError("it has no `label` or no `bundle`")
    except Exception as error:
        log.exception("the entry `%s` of the package %s is broken", point.name, package)
        why = f"{type(error).__name__}: {error}"
        return Entry(f"plugin.{name}", f"{point.name} (of {package})", broken=why)
    return Entry(f"plugin.{name}", label, made)
