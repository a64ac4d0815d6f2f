"""Reads a notebook and the files it needs from the author's folder; it changes nothing there."""

import difflib
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from dashops import errors
from dashops.bundle import contents, notebook, references, requirements
from dashops.bundle.dependencies import find as find_dependencies

_PRIVATE = {".git", ".hg", ".svn", ".ipynb_checkpoints", "__pycache__", ".dashops"}


def collect(path: Path, extra: Sequence[Path], limit: int = sys.maxsize) -> contents.Bundle:
    """The notebook at `path`, what its cells refer to, and the files and folders in `extra`.

    Files keep their place relative to the notebook's folder. Raises SpecError when the notebook
    cannot be used, a file is outside of that folder, an `associate:` line matches nothing, or all
    is more than `limit` bytes. Images that are not there end up in `Bundle.missing`.
    """
    content = _read_notebook(path)
    try:
        parsed = notebook.parse(content)
    except errors.SpecError as error:
        where = f"{path}:{error.where}" if error.where else str(path)
        raise errors.SpecError(error.message, hint=error.hint, where=where) from error
    root = path.absolute().parent.resolve()
    files, missing = _referred(parsed, root)
    for given in extra:
        files |= _named(given, root)
    files |= _dependencies(parsed, root)
    files.discard(path.name)
    if contents.NOTEBOOK in files:
        raise errors.SpecError(
            f"`{contents.NOTEBOOK}` cannot go up beside `{path.name}`, which takes that name",
            hint=f"rename `{contents.NOTEBOOK}`",
        )
    contents.check_paths(files)
    read = _read(root, sorted(files), limit)
    return contents.portable(contents.Bundle(parsed, read, tuple(missing)))


def _read_notebook(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        nearby = [file.name for file in path.parent.glob("*.ipynb")]
        close = difflib.get_close_matches(path.name, nearby, n=1)
        hint = f"did you mean `{path.parent / close[0]}`" if close else "check the path"
        raise errors.SpecError(f"there is no notebook `{path}`", hint=hint) from error
    except IsADirectoryError as error:
        raise errors.SpecError(
            f"`{path}` is a folder", hint="name the notebook, then the files that go with it"
        ) from error
    except OSError as error:
        raise errors.SpecError(f"`{path}` cannot be read: {error.strerror}") from error


def _referred(parsed: dict[str, object], root: Path) -> tuple[set[str], list[str]]:
    """Files the cells refer to, and references to files that are not there."""
    files: set[str] = set()
    refused: list[str] = []
    missing: dict[str, None] = {}
    for cell in references.of(parsed):
        for block in cell.blocks:
            found, unmatched = _expand(block, root)
            if block.certain and unmatched:
                raise errors.SpecError(
                    f"the notebook is associated with `{unmatched[0]}`, which matches no file",
                    hint=f"paths are relative to `{root}` and stay inside it; "
                    "hidden files are named one by one",
                )
            if found or block.certain:
                files |= found
                missing |= dict.fromkeys(unmatched)
                refused += [line[1:] for line in block.lines if line.startswith("!")]
        files |= {path for path in (*cell.shows, *cell.links) if _fit(root / path, root)}
        missing |= dict.fromkeys(path for path in cell.shows if not _fit(root / path, root))
    return _without(files, refused), list(missing)


def _dependencies(parsed: dict[str, object], root: Path) -> set[str]:
    """The files that say which packages the notebook needs."""

    def read(path: str) -> bytes | None:
        if not _fit(root / path, root):
            return None
        # Archives may be large, and are read with all the other files, within the limit.
        archive = path.endswith(requirements.ARCHIVES)
        return b"" if archive else _read(root, [path], sys.maxsize)[path]

    found = find_dependencies(parsed, read)
    return set(found.taken) if found else set()


def _without(files: set[str], patterns: list[str]) -> set[str]:
    """A line with `!` keeps files out wherever it stands, so that a mistake publishes less."""
    if not patterns:
        return files
    import pathspec

    spec = pathspec.PathSpec.from_lines("gitignore", patterns)
    return {path for path in files if not spec.match_file(path)}


def _expand(block: references.Block, root: Path) -> tuple[set[str], list[str]]:
    """Files the block's patterns match, and patterns that match none."""
    files: set[str] = set()
    unmatched: list[str] = []
    for line in block.lines:
        if line.startswith("!"):
            continue
        if found := _match(line, root):
            files |= found
        else:
            unmatched.append(line)
    return files, unmatched


def _match(line: str, root: Path) -> set[str]:
    """Files one pattern means: in the notebook's folder, or anywhere below it after `**/`."""
    pattern = line.removeprefix("\\").removeprefix("./").lstrip("/")
    parts = [part for part in pattern.split("/") if part]
    if not parts or ".." in parts or any(len(part.encode()) > 255 for part in parts):
        return set()
    try:
        hits = list(root.glob("/".join(parts)))
    except (ValueError, OSError):  # prose in a fenced block, such as `a**b`
        return set()
    shown = {part for part in parts if part.startswith(".")}
    hits = [hit for hit in hits if not _hidden(hit.relative_to(root)) - shown]
    return _files((hit for hit in hits if hit.is_dir() or not pattern.endswith("/")), root)


def _named(given: Path, root: Path) -> set[str]:
    """Files that one path on the command line means."""
    simple = given.name not in ("", "..")
    path = given.absolute().parent.resolve() / given.name if simple else given.resolve()
    if not path.exists():
        raise errors.SpecError(f"there is no file `{given}`")
    if not path.is_relative_to(root):
        raise errors.SpecError(
            f"`{given}` is outside of the notebook's folder",
            hint=f"copy it into `{root}` and use it from there in the notebook",
        )
    files = _files([path], root)
    if not files:
        raise errors.SpecError(
            f"`{given}` has no file that may be published",
            hint="never published: version control, caches, `.env`, `.dashops`, and links that "
            "lead out of the notebook's folder",
        )
    return files


def _files(paths: Iterable[Path], root: Path) -> set[str]:
    files: set[str] = set()
    for path in paths:
        for file in _walk(path) if path.is_dir() else [path]:
            if _fit(file, root):
                files.add(file.relative_to(root).as_posix())
            if len(files) > 2 * contents.MAX_FILES:  # before the whole disk is read
                contents.check_paths(files)
    return files


def _walk(folder: Path) -> Iterable[Path]:
    """Files below, without hidden ones; links to folders are not followed."""
    for at, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _PRIVATE]
        yield from (Path(at, name) for name in names if not name.startswith("."))


def _fit(file: Path, root: Path) -> bool:
    """Whether this is a file of the folder, by its name and by where it leads, that may go up."""
    try:
        if not file.is_file():
            return False
    except OSError:  # a link in the text that is too long to be a path
        return False
    real = file.resolve()
    if not (real.is_relative_to(root) and file.is_relative_to(root)):
        return False
    parts = {*file.relative_to(root).parts, *real.relative_to(root).parts}
    return not parts & {*_PRIVATE, ".."} and not any(part.startswith(".env") for part in parts)


def _hidden(path: Path) -> set[str]:
    return {part for part in path.parts if part.startswith(".")}


def _read(root: Path, files: list[str], limit: int) -> dict[str, bytes]:
    try:
        contents.check_size(sum((root / file).stat().st_size for file in files), limit)
        return {file: (root / file).read_bytes() for file in files}
    except OSError as error:
        raise errors.SpecError(f"`{error.filename}` cannot be read: {error.strerror}") from error
