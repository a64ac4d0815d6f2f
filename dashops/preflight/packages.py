"""Imports that the environment of the dashboard will not have, and the package that brings them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dashops.client import About
from dashops.preflight import names
from dashops.preflight.finding import Declared, Finding, Installed, Severity
from dashops.preflight.imports import Import

# Modules of services that run notebooks; no package brings them anywhere else.
_ELSEWHERE = {
    "google.colab": "Google Colab",
    "dbutils": "Databricks",
    "kaggle_secrets": "Kaggle",
    "deepnote_toolkit": "Deepnote",
}


@dataclass(frozen=True)
class Need:
    """An import and the distributions that bring it, the one to choose first.

    `guessed` says that the module's name stands for the distribution's.
    """

    used: Import
    providers: tuple[str, ...]
    guessed: bool


def needs(
    imports: Iterable[Import], local: frozenset[str], about: About | None, author: Installed
) -> Iterator[Need]:
    """What is neither Python's own nor beside the notebook, once for each distribution."""
    seen: set[str] = set()
    for each in imports:
        if each.top in names.STDLIB or each.top in local:
            continue
        providers, guessed = _providers(each, about, author)
        # What is guarded first may be wanted later without.
        key = f"{providers[0]} {each.guarded} {each.sure}"
        if key not in seen:
            seen.add(key)
            yield Need(each, providers, guessed)


def check(
    wanted: Iterable[Need], declared: Declared | None, about: About | None, author: Installed
) -> Iterator[Finding]:
    """What the declared dependencies, or without them the default environment, do not cover."""
    cover = _Cover(declared, about, author)
    said: set[str] = set()
    for need in sorted(wanted, key=lambda each: (each.used.guarded, not each.used.sure)):
        if need.providers[0] in said or cover.has(need):
            continue
        if found := _finding(need, cover, author):
            said.add(need.providers[0])
            yield found


def removed(imports: Iterable[Import], python: tuple[int, ...]) -> Iterator[Finding]:
    """Modules that Python itself had once and that the server's has no more."""
    for each in imports:
        for version, modules in names.REMOVED.items():
            if each.top in modules and not each.guarded and python[:2] >= version:
                yield Finding(
                    "import",
                    "error" if each.sure else "warning",
                    f"`{each.top}` is not in Python {python[0]}.{python[1]}, which the server runs",
                    "use what took its place; "
                    f"the notes of Python {version[0]}.{version[1]} name it",
                    **each.place.at(each.line),
                )


class _Cover:
    """What the environment of the dashboard has, as far as it is known."""

    def __init__(self, declared: Declared | None, about: About | None, author: Installed) -> None:
        self.declared = declared
        self.about = about
        base = declared.names if declared else frozenset()
        self.complete = True
        if declared and declared.locked:
            self.names = base | _closure(names.GIVEN, author.needs)[0]
        else:
            self.names, self.complete = _closure(base | names.GIVEN, author.needs)

    def has(self, need: Need) -> bool:
        if need.used.module in ("ipykernel", "IPython"):
            return True
        if self.declared is None:
            modules = (self.about.modules if self.about else None) or {}
            shared = need.used.top in names.NAMESPACES
            paths = need.used.paths if shared else (*need.used.paths, need.used.top)
            # A module may be there under a distribution whose list of modules is not complete.
            there = {names.normal(found) for found in modules.values()}
            return any(path in modules for path in paths) or bool(there & set(need.providers))
        return bool(self.names & set(need.providers))


def _finding(need: Need, cover: _Cover, author: Installed) -> Finding | None:
    used, package = need.used, need.providers[0]
    if used.guarded:
        # Whoever has it sees what it brings, and viewers will not.
        if package not in author.versions:
            return None
        message = f"`{used.module}` is not installed for viewers, who get what the notebook does"
        message += " without it"
        return _made(need, "note", message, _fix(need, cover))
    for module, service in _ELSEWHERE.items():
        if module in used.paths or used.module.startswith(f"{module}."):
            fix = f"take the cell out, or guard it: only {service} has this module"
            return Finding(
                "import", "error", f"`{module}` exists only at {service}", fix, **_at(used)
            )
    silent = cover.declared is None and (cover.about is None or cover.about.modules is None)
    if silent and package in _usual():
        return None
    named = f"`{package}`" + (" (a guess from its name)" if need.guessed else "")
    if silent:
        message = f"imports `{used.module}`: whether the server has {named} is not known"
        return _made(need, "note", message, _fix(need, cover))
    whose = cover.declared.source if cover.declared else "the server's default packages"
    message = f"imports `{used.module}`: {named} is not in {whose}"
    if cover.complete:
        return _made(need, "error" if used.sure else "warning", message, _fix(need, cover))
    # Some package that is declared may bring it along.
    severity: Severity = "note" if package in names.CARRIED or not used.sure else "warning"
    return _made(need, severity, message, _fix(need, cover))


def _usual() -> frozenset[str]:
    """What a stack has whose operator set nothing."""
    from dashops.preflight import declared
    from dashops.stack import Stack

    packages = declared.requirements("\n".join(Stack().environment.packages))
    return _closure(frozenset(map(names.normal, packages)) | names.GIVEN, {})[0]


def _made(need: Need, severity: Severity, message: str, fix: str) -> Finding:
    return Finding("import", severity, message, fix, **_at(need.used), packages=need.providers[:1])


def _at(used: Import) -> dict[str, Any]:
    return used.place.at(used.line)


def _fix(need: Need, cover: _Cover) -> str:
    package = need.providers[0]
    if cover.declared is None:
        return (
            f"`dashops preflight --fix` writes requirements.txt with `{package}` and all else "
            "that is imported, or ask the operator to add it to `environment.packages`"
        )
    source = cover.declared.source
    if source == "requirements.txt":
        return f"`dashops preflight --fix` adds `{package}` to requirements.txt"
    if source == "uv.lock":
        return f"`uv add {package}` adds it to the project and to uv.lock"
    if source == "pylock.toml":
        return f"add `{package}` where pylock.toml is made from, and lock again"
    return f"add `{package}` to {source}"


def _closure(
    start: frozenset[str], installed: Mapping[str, frozenset[str]]
) -> tuple[frozenset[str], bool]:
    """All that `start` brings along, and whether that is known of each."""
    found, left, complete = set(start), list(start), True
    while left:
        name = left.pop()
        needs = installed.get(name, names.NEEDS.get(name))
        if needs is None:
            complete = complete and name not in start
            continue
        left += needs - found
        found |= needs
    return frozenset(found), complete


def _providers(
    used: Import, about: About | None, author: Installed
) -> tuple[tuple[str, ...], bool]:
    """Distributions that bring an import, and whether that is no more than a guess."""
    own = next((author.modules[path] for path in used.paths if path in author.modules), None)
    if own is None and used.top not in names.NAMESPACES:
        own = author.modules.get(used.top)
    parts = [*used.paths, *_prefixes(used.module)]
    tabled = next((names.PROVIDERS[path] for path in parts if path in names.PROVIDERS), ())
    modules = (about.modules if about else None) or {}
    there = tuple(names.normal(modules[path]) for path in parts if path in modules)
    guesses = _guesses(used)
    known = tuple(dict.fromkeys((*((own,) if own and own not in tabled else ()), *tabled, *there)))
    return (known, False) if known else (guesses, guesses[0] not in names.NEEDS)


def _guesses(used: Import) -> tuple[str, ...]:
    """Distributions called like the module; a shared one is `google-cloud-storage`."""
    if used.top not in names.NAMESPACES:
        return (names.normal(used.top),)
    # `from azure.identity import Credential` names a class, `from google.cloud import storage` not.
    last = used.paths[0].rpartition(".")[2]
    deeper = used.module.count(".") < 2 and last.islower()
    found = (used.paths[0], used.module) if deeper else (used.module, used.paths[0])
    return tuple(names.normal("-".join(path.split(".")[:3])) for path in found)


def _prefixes(module: str) -> Iterator[str]:
    while module:
        yield module
        module = module.rpartition(".")[0]
