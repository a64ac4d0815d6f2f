"""What the menus offer: this server's dashboard servers, and what other packages add."""

import importlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from dashops import bundlers
from dashops.services.notebook import application, dashboard


@dataclass(frozen=True)
class Entry:
    """One line of a menu; a `broken` one says why, and has nothing to run.

    What a `here` one makes is a page of this server, which opens in a tab by itself.
    """

    id: str
    label: str
    bundler: bundlers.Bundler | None = None
    broken: str = ""
    group: str = bundlers.GROUPS[0]
    settings: Mapping[str, Any] = field(default_factory=dict)
    here: bool = False


def found(
    servers: Iterable[Mapping[str, str]],
    settings: Mapping[str, Any],
    app: Mapping[str, Any],
    log: Any,
    local: bundlers.Bundler | None = None,
) -> dict[str, Entry]:
    """All entries by their id, dashboard servers first; also of a package that is new.

    `settings` are what the operator set, by the names of entry points, `app` of the app's entry.
    `local` is the entry for the notebook server itself.
    """
    importlib.invalidate_caches()
    made = [dashboard.Dashboard(**each) for each in servers]
    own = [Entry(f"server.{number}", each.label, each) for number, each in enumerate(made)]
    points = sorted(entry_points(group=bundlers.GROUP), key=lambda each: each.name)
    for name in settings.keys() - {each.name for each in points}:
        log.warning("the settings of entries have `%s`, and no package has such an entry", name)
    if local:
        own.append(Entry("local", local.label, local, here=True))
    own.append(Entry("app", application.LABEL, application.Application(app), group="download"))
    others = (_loaded(point, settings.get(point.name, {}), log) for point in points)
    return {each.id: each for each in (*own, *others)}


def read(file: str, log: Any) -> Mapping[str, Any]:
    """What the operator set; a file that cannot be used is nothing set, which entries then say."""
    try:
        found = json.loads(Path(file).read_text("utf-8")) if file else {}
    except (OSError, ValueError):
        log.exception("the settings of entries cannot be read")
        return {}
    return found if isinstance(found, dict) else {}


def _loaded(point: EntryPoint, values: Any, log: Any) -> Entry:
    """A package's entry. Whatever is wrong with it is its own affair and harms no other."""
    name = re.sub(r"[^\w.-]", "-", point.name)
    package = point.dist.name if point.dist else point.module
    try:
        made = point.load()()
        label, group = made.label, getattr(made, "group", bundlers.GROUPS[0])
        if not (isinstance(label, str) and label.strip() and callable(made.bundle)):
            raise TypeError("it has no `label` or no `bundle`")
        if group not in bundlers.GROUPS:
            raise ValueError(f"its `group` is none of {', '.join(bundlers.GROUPS)}")
        schema = getattr(made, "settings", None)
        return Entry(f"plugin.{name}", label, made, "", group, bundlers.checked(schema, values))
    except bundlers.BROKEN as error:
        log.exception("the entry `%s` of the package %s is broken", point.name, package)
        why = f"{type(error).__name__}: {error}"
        return Entry(f"plugin.{name}", f"{point.name} (of {package})", broken=why)
