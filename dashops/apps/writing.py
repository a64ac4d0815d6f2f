"""The notebook and its files → a zip that runs by itself; the author's folder stays as it is."""

import contextlib
import io
import json
import os
import stat
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashops import bundle as bundles
from dashops import errors
from dashops.apps import locking, wheel
from dashops.bundle import requirements

FILES = Path(__file__).parent / "files"
MOMENT = (1980, 1, 1, 0, 0, 0)
PROGRAMS = {"run.py"}
ENDING = ".j2"

Tell = Callable[[str, float | None], None]
"""Is told what happens now, and how much of it is done, from 0 to 1."""


@dataclass(frozen=True)
class App:
    """What was written. `missing` are files that the notebook names and nobody found."""

    path: Path
    name: str
    title: str
    size: int
    files: int
    missing: tuple[str, ...] = ()


def write(
    notebook: Path,
    target: Path,
    files: Sequence[Path] = (),
    *,
    source: locking.Source | None = None,
    configuration: Mapping[str, str] | None = None,
    tell: Tell = lambda _text, _done: None,
) -> App:
    """Write the app of a notebook, with the files it refers to and those named here, to `target`.

    `configuration` is what `app.env` says, such as `{"APP_PORT": "80"}`; whoever has the zip reads
    it, so passwords and tokens are refused.

    Raises:
        SpecError: when the notebook cannot be packed, or `target` cannot be written.
        ToolError: when its packages cannot be had.
    """
    name = bundles.name_for(notebook)
    _check_writable(target)
    tell("Reading the notebook and its files", 0.05)
    packed = bundles.collect(notebook, files)
    wanted = bundles.dependencies(packed)
    code = wheel.files()
    ours = _zipped(code)
    source = source or locking.Source()
    tell("Resolving the packages", 0.2)

    def put(folder: Path) -> Path:
        path = folder / wheel.name()
        path.write_bytes(ours)
        return path

    lock = locking.lock(wanted, packed.files, put, source)
    tell("Writing the zip", 0.9)
    title = bundles.title(packed.notebook, name)
    about = {"name": name, "title": title, "python": locking.oldest(wanted)}
    configured = _configured(configuration or {})
    made = _own(about | {"source": wanted.source if wanted else "", "configuration": configured})
    made["app.json"] = (json.dumps(about, indent=2, ensure_ascii=False) + "\n").encode()
    made["requirements.lock"] = lock.encode()
    made[f"wheels/{wheel.name()}"] = ours
    made[f"dashboard/{name}.ipynb"] = bundles.encode(packed.notebook)
    archives = {path for path in packed.files if path.endswith(requirements.ARCHIVES)}
    # Which packages it needs is in the lock now.
    left_out = set(wanted.taken if wanted else ()) - archives
    for path in packed.files.keys() - left_out:
        made[f"dashboard/{path}"] = packed.files[path]
    for path in archives:
        made[f"wheels/{path.rpartition('/')[2]}"] = packed.files[path]
    data = _zipped(made)
    _save(target, data)
    return App(target, name, title, len(data), len(made), packed.missing)


def _own(values: Mapping[str, Any]) -> dict[str, bytes]:
    """What is in every app, with this one's name in it."""
    import jinja2

    found: dict[str, bytes] = {}
    for path in sorted(FILES.rglob("*")):
        inside = path.relative_to(FILES).as_posix()
        if not path.is_file() or "__pycache__" in path.parts:
            continue
        if inside.endswith(ENDING):
            template = jinja2.Template(
                path.read_text("utf-8"),
                undefined=jinja2.StrictUndefined,
                keep_trailing_newline=True,
                trim_blocks=True,
                lstrip_blocks=True,
            )
            found[inside.removesuffix(ENDING)] = template.render(values).encode()
        else:
            found[inside] = path.read_bytes()
    return found


def _configured(given: Mapping[str, str]) -> dict[str, str]:
    for name, value in given.items():
        if name in ("APP_PASSWORD", "APP_GATEWAY_TOKEN"):
            raise errors.SpecError(
                f"`{name}` is a secret, and whoever has the zip would read it",
                hint="give it to the host apart, as a variable or a file",
            )
        if not name.startswith("APP_") or "\n" in value or "\r" in value:
            raise errors.SpecError(f"`{name}` cannot be in an app's configuration")
    return dict(given)


def _zipped(files: Mapping[str, bytes]) -> bytes:
    """Equal files give equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.items()):
            info = zipfile.ZipInfo(path, date_time=MOMENT)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            mode = 0o755 if path in PROGRAMS else 0o644
            info.external_attr = (stat.S_IFREG | mode) << 16
            archive.writestr(info, content)
    return out.getvalue()


def _check_writable(target: Path) -> None:
    """Before minutes of work: whether the zip can be written at all."""
    folder = target.parent
    reason = ""
    if target.is_dir():
        reason = "it is a folder"
    elif not folder.is_dir():
        reason = f"there is no folder `{folder}`"
    elif not os.access(target if target.exists() else folder, os.W_OK):
        reason = "permission denied"
    if reason:
        raise errors.SpecError(
            f"`{target}` cannot be written: {reason}", hint="name a file in a folder of yours"
        )


def _save(target: Path, data: bytes) -> None:
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.write_bytes(data)
        draft.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise errors.SpecError(f"`{target}` cannot be written: {error.strerror}") from error
