"""Files that the notebook reads and its dashboard would not find, by looking into its folder."""

import difflib
import posixpath
from collections.abc import Iterable, Iterator, Set
from pathlib import Path

from dashops.preflight.finding import Finding, Severity
from dashops.preflight.reads import Access

LARGE = 50_000_000
"""Bytes from which a file is worth a warning."""

# Every system has these, and the gateway's is as good as the author's.
_SYSTEM = ("/dev/", "/proc/", "/sys/", "/etc/", "/usr/", "/tmp/", "/var/tmp/")
_NEVER = (".env", ".git", ".dashops", "__pycache__", ".ipynb_checkpoints")


def check(
    accesses: Iterable[Access], sent: Set[str], root: Path, home: Path, *, opaque: bool
) -> Iterator[Finding]:
    """One finding for each path. `opaque` says that other programs may have made a file."""
    written: set[str] = set()
    said: set[str] = set()
    for access in accesses:
        path = _normal(access.path)
        if access.mode == "write":
            if found := _written(access, path):
                yield from _once(found, path, said)
            written |= {path, *_parents(path)} if not _outside(path) else {path}
            continue
        if path in said or path in written or any(up in written for up in _parents(path)):
            continue
        found = None
        if access.mode == "list" or set("*?[") & set(path):  # polars and dask take patterns
            found = _listed(access, path, sent, root)
        elif _outside(path):
            found = _out(access, path, root, home)
        elif path not in sent and not any(each.startswith(f"{path}/") for each in sent):
            found = _read(access, path, root, opaque=opaque)
        if found:
            yield from _once(found, path, said)


def missing(paths: Iterable[str]) -> Iterator[Finding]:
    """Images and listed files that the notebook's text refers to."""
    for path in paths:
        yield Finding(
            "file-missing",
            "warning",
            f"the notebook refers to `{path}`, which is not in its folder",
            "put the file there, or take the reference out",
        )


def large(files: Iterable[tuple[str, int]]) -> Iterator[Finding]:
    """Files that are sent and that every gateway has to fetch and keep."""
    for path, size in files:
        if size > LARGE:
            yield Finding(
                "large-file",
                "warning",
                f"`{path}` has {size / 1e6:.0f} MB, which every revision carries",
                "send what the dashboard shows of it, or keep it where the kernel can read it",
                file=path,
            )


def _read(access: Access, path: str, root: Path, *, opaque: bool) -> Finding | None:
    there = root / path
    if _exists(there):
        if _private(path):
            return _made(
                access,
                "file-not-sent",
                f"reads `{path}`, which is never published",
                "take what viewers may have out of it into another file",
                "warning" if access.guarded else "error",
            )
        pattern = f"{path}/" if there.is_dir() else path
        return _made(
            access,
            "file-not-sent",
            f"reads `{path}`, which lies beside the notebook and is not sent",
            f"write `# associate: {pattern}` on top of a code cell, or name it on the command line",
            "warning" if access.guarded else "error",
        )
    if access.guarded or opaque or access.mode == "make":
        return None
    nearby = [each.name for each in _entries(there.parent)]
    close = difflib.get_close_matches(there.name, nearby, n=1, cutoff=0.75)
    folded = [name for name in nearby if name.lower() == there.name.lower()]
    if folded or close:
        meant = posixpath.join(posixpath.dirname(path), (folded or close)[0])
        fix = f"did you mean `{meant}`? Capitals count on the server"
    else:
        fix = "put the file beside the notebook and send it, or write it before it is read"
    return _made(access, "file-missing", f"reads `{path}`, which is not there", fix, "warning")


def _listed(access: Access, path: str, sent: Set[str], root: Path) -> Finding | None:
    if _outside(path):
        return _made(
            access,
            "outside-path",
            f"lists `{path}`, which is outside of the notebook's folder",
            "copy the files into the notebook's folder and list them there",
            "warning",
        )
    folder = posixpath.dirname(path)
    if not folder or access.guarded:  # what lies beside the notebook is for authors, too
        return None
    here = {
        each.relative_to(root).as_posix()
        for each in _globbed(root, path)
        if each.is_file() and not each.name.startswith(".")
    }
    lost = sorted(each for each in here if each not in sent)
    if not lost:
        return None
    return _made(
        access,
        "file-not-sent",
        f"lists `{path}`, and {len(lost)} of {len(here)} files there are not sent",
        f"write `# associate: {path}` on top of a code cell, or name the folder `{folder}` "
        "on the command line",
        "error" if len(lost) == len(here) else "warning",
    )


def _out(access: Access, path: str, root: Path, home: Path) -> Finding | None:
    if path.startswith(_SYSTEM):
        return None
    said = "reads" if not access.guarded else "may read"
    if path.startswith("~"):
        fix = "copy it beside the notebook, read it from there and send it"
        mine = str(home)
        message = f"{said} `{path}`; viewers' kernels have a home folder of their own"
        inside = posixpath.normpath(mine + path[1:])
        if inside.startswith(f"{root}/"):
            fix = f"write `{inside.removeprefix(f'{root}/')}` instead, and send the file"
        return _made(access, "outside-path", message, fix, "warning" if access.guarded else "error")
    if path.startswith(".."):
        return _made(
            access,
            "outside-path",
            f"{said} `{path}`, which is outside of the notebook's folder and never sent",
            "copy it beside the notebook, read it from there and send it",
            "warning" if access.guarded else "error",
        )
    fix = "copy it beside the notebook, read it by its name and send it"
    if path.startswith(f"{root}/"):
        fix = f"write `{path.removeprefix(f'{root}/')}` instead, and send the file"
    message = f"{said} the absolute path `{path}`, which only your machine is sure to have"
    return _made(access, "outside-path", message, fix, "warning")


def _written(access: Access, path: str) -> Finding | None:
    if not _outside(path) or path.startswith((*_SYSTEM, "~")) or path in ("/tmp", "/dev/null"):
        return None
    return _made(
        access,
        "outside-path",
        f"writes `{path}`, which is outside of the folder the kernel may write to",
        "write it beside the notebook, or with `tempfile`: it is gone when the viewer leaves",
        "warning",
    )


def _made(access: Access, kind: str, message: str, fix: str, severity: Severity) -> Finding:
    return Finding(kind, severity, message, fix, **access.place.at(access.line))


def _once(found: Finding, path: str, said: set[str]) -> Iterator[Finding]:
    if path not in said:
        said.add(path)
        yield found


def _normal(path: str) -> str:
    """The path without detours; one of another system's drive stays as it is."""
    return path if path[1:2] == ":" else posixpath.normpath(path.replace("\\", "/"))


def _outside(path: str) -> bool:
    return path.startswith(("/", "~", "..")) or path[1:2] == ":"


def _parents(path: str) -> Iterator[str]:
    while "/" in path.strip("/"):
        path = posixpath.dirname(path)
        yield path


def _private(path: str) -> bool:
    return any(part.startswith(_NEVER) for part in path.split("/"))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _globbed(root: Path, pattern: str) -> list[Path]:
    try:
        return list(root.glob(pattern))
    except (ValueError, OSError, NotImplementedError):
        return []
