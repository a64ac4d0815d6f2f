"""What an app's notebook and servers need, as versions with hashes; it installs nothing."""

import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.specifiers import SpecifierSet

from dashops import bundle as bundles
from dashops import errors
from dashops.bundle import requirements
from dashops.run import Result, Run, run

PACKAGES = (
    "ipywidgets",
    "numpy",
    "pandas",
    "matplotlib",
    "plotly",
    "anywidget",
    "jupyterlab-widgets",
)
"""What a notebook gets that asks for nothing: what a stack has by default, and its front ends."""

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""An app runs on the oldest that its notebook allows, and on newer ones; on other systems too."""

# As in a stack: importing it takes long, for a check that nothing uses.
OVERRIDES = 'rfc3987-syntax; python_version < "3"\n'
NEEDED = "ipykernel>=7\nipywidgets\n"
COMPILE = ("pip", "compile", "--universal", "--generate-hashes", "--no-header", "--no-annotate")


@dataclass(frozen=True)
class Source:
    """Where packages come from: options and variables of uv, and those of a silent notebook."""

    packages: tuple[str, ...] = PACKAGES
    options: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


def lock(
    wanted: bundles.Dependencies | None,
    files: Mapping[str, bytes],
    wheel: Callable[[Path], Path],
    source: Source,
    run: Run = run,
) -> str:
    """The lock, without dashops itself. `files` are the notebook's, `wheel` puts ours in a folder.

    Raises:
        ToolError: with the end of uv's words, when the needs cannot be met together.
    """
    from uv import find_uv_bin

    with tempfile.TemporaryDirectory(prefix="dashops-app-") as made:
        folder = Path(made)
        ours = wheel(folder)
        texts = wanted.files if wanted else {}
        if "uv.lock" in texts:
            texts = _exported(texts, folder / "uv", find_uv_bin(), run)
        if not wanted:
            texts = {"requirements.txt": "\n".join([*source.packages, ""])}
        for path, text in texts.items():
            content = files[path] if path.endswith(requirements.ARCHIVES) else text.encode()
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        (folder / "overrides.in").write_text(OVERRIDES)
        (folder / "app.in").write_text(f"{NEEDED}dashops[dashboard,gateway] @ {ours.as_uri()}\n")
        inputs = ("requirements.txt", "app.in", "--overrides", "overrides.in", "-o", "lock.txt")
        rest = ("--python-version", oldest(wanted), "--no-emit-package", "dashops", "--quiet")
        asked = (find_uv_bin(), *COMPILE, *inputs, *rest, *source.options)
        try:
            run(*asked, cwd=folder, env=dict(source.env))
        except errors.ToolError as error:
            raise errors.ToolError(
                "the packages of the notebook and of its server cannot be had together",
                hint="loosen the versions the notebook asks for, or see `environment.index`",
                where=_masked(error.where),
            ) from error
        return requirements.portable((folder / "lock.txt").read_text())


def oldest(wanted: bundles.Dependencies | None) -> str:
    """The oldest Python for an app; SpecError when its notebook allows none of them."""
    allowed = SpecifierSet(wanted.python if wanted else "")
    for python in PYTHONS:
        if allowed.contains(python):
            return python
    raise errors.SpecError(
        f"the notebook asks for Python {allowed}, and an app runs on {PYTHONS[0]} or newer",
        hint="widen the range",
    )


def _exported(texts: Mapping[str, str], folder: Path, uv: str, run: Run) -> dict[str, str]:
    folder.mkdir()
    for path, text in texts.items():
        (folder / path).write_text(text)
    words = ("export", "--frozen", "--no-dev", "--no-header", "--no-annotate", "--no-emit-project")
    found: Result = run(uv, *words, "--quiet", cwd=folder)
    return {"requirements.txt": found.out}


def _masked(text: str) -> str:
    return re.sub(r"://[^/\s@]*@", "://***@", text)
