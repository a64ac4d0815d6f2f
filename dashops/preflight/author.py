"""What is installed where the author runs the notebook, read from its files; it starts nothing."""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from dashops.preflight import names
from dashops.preflight.finding import Installed

_NEEDS = re.compile(r"^Requires-Dist: *([A-Za-z0-9._-]+)(.*)$", re.MULTILINE)
_EXTENSION = re.compile(r"share/jupyter/labextensions/((?:@[^/]+/)?[^/]+)/package\.json,")
_MODULE = re.compile(r"^([A-Za-z_]\w*)(?:/|\.py,|\.[\w-]+\.so,|\.so,|\.pyd,)", re.MULTILINE)
_SHARED = re.compile(
    rf"^((?:{'|'.join(sorted(names.NAMESPACES))})(?:/\w+)+)/__init__\.py,", re.MULTILINE
)


def installed(notebook: Path, kernel: str | None, env: Mapping[str, str] = os.environ) -> Installed:
    """The distributions of the first environment that looks like the notebook's; maybe none."""
    for prefix in _prefixes(notebook.absolute(), kernel, env):
        for packages in _folders(prefix):
            if any(packages.glob("ipykernel-*.dist-info")):
                return read(packages)
    return Installed()


def read(packages: Path) -> Installed:
    """What the `site-packages` folder has."""
    modules: dict[str, str] = {}
    needs: dict[str, frozenset[str]] = {}
    frontends: dict[str, tuple[str, ...]] = {}
    versions: dict[str, str] = {}
    for info in sorted(packages.glob("*.dist-info")):
        name, _, version = info.name.removesuffix(".dist-info").rpartition("-")
        name = names.normal(name)
        versions[name] = version
        head = _text(info / "METADATA").partition("\n\n")[0]
        needs[name] = frozenset(
            names.normal(found) for found, rest in _NEEDS.findall(head) if "extra ==" not in rest
        )
        record = _text(info / "RECORD")
        frontends[name] = tuple(_EXTENSION.findall(record))
        shared = {path.replace("/", ".") for path in _SHARED.findall(record)}
        for module in {*_MODULE.findall(record), *shared}:
            modules.setdefault(module, name)
    present = {name: found & versions.keys() for name, found in needs.items()}
    return Installed(modules, present, {k: v for k, v in frontends.items() if v}, versions)


def _prefixes(notebook: Path, kernel: str | None, env: Mapping[str, str]) -> Iterator[Path]:
    """Where environments may be, the likeliest first."""
    specs = list(_kernelspecs(kernel, env)) if kernel else []
    if kernel not in (None, "python3"):  # a name of its own says which one is meant
        yield from specs
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if env.get(variable):
            yield Path(env[variable])
    for folder in notebook.parents:
        yield from (folder / ".venv", folder / "venv")
    yield from specs
    yield Path(sys.prefix)


def _kernelspecs(kernel: str, env: Mapping[str, str]) -> Iterator[Path]:
    """The environment whose Python the kernelspec starts."""
    home = Path(env.get("HOME", "/nonexistent"))
    roots = [*filter(None, env.get("JUPYTER_PATH", "").split(os.pathsep))]
    roots += [str(home / ".local/share/jupyter"), str(home / "Library/Jupyter")]
    roots += [f"{sys.prefix}/share/jupyter", "/usr/local/share/jupyter", "/usr/share/jupyter"]
    for root in roots:
        try:
            spec = json.loads((Path(root) / "kernels" / kernel / "kernel.json").read_bytes())
            program = Path(spec["argv"][0])
        except (OSError, ValueError, LookupError, TypeError):
            continue
        yield program.parent.parent if program.is_absolute() else Path(root).parent.parent


def _folders(prefix: Path) -> Iterator[Path]:
    yield from (*sorted(prefix.glob("lib/python3*/site-packages")), prefix / "Lib/site-packages")


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""
