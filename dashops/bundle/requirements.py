"""The grammar of requirements files, of authors and of locks; pure text, it asks no index."""

import codecs
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from dashops import errors
from dashops.bundle import contents

Read = Callable[[str], bytes | None]
"""The content of a file beside the notebook, None when there is none."""

ARCHIVES = (".whl", ".tar.gz")
LARGEST = 2**20  # bytes of a file with requirements; those people write have some kilobytes
_DEEPEST = 20  # files that refer to each other
_PLACES = frozenset(
    {"-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--no-index"}
    | {"--trusted-host", "--pre", "--prefer-binary", "--require-hashes", "--use-feature"}
)
"""Where and how packages are found is the operator's to say: these are left out, and named."""

_KEPT = ("--no-binary", "--only-binary")
_HASHED = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9._, -]*\])?"
    r"\s*(==[A-Za-z0-9.!+_-]+|@ https?://[^\s@]+)(\s*;(?:[^\\-]|(?<!\s)-)*?)?(\s+--hash=sha\d+:[0-9a-f]{32,128})+"
)
_BUILT = "build a wheel of it (`uv build --wheel`), put it beside the notebook and name that file"


@dataclass
class Files:
    """Requirements files by path as they are sent, archives they name, and what was left out."""

    texts: dict[str, str] = field(default_factory=dict)
    archives: list[str] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)


def check_lock(text: str) -> str:
    """The same text; SpecError unless every line pins one package by version and hash.

    A lock comes from outside, and uv would follow an option in it to any index or file.
    """
    for number, line in _logical(text):
        if not _HASHED.fullmatch(line):
            raise errors.SpecError(
                f"the lock has a line that is no version with its hashes: {contents.shown(line)}",
                hint="publish the notebook again, which makes a new lock",
                where=f"{contents.LOCK}:{number}",
            )
    return text


def portable(text: str) -> str:
    """What uv made of requirements, without this machine's folders: archives by their version."""

    def by_version(line: re.Match[str]) -> str:
        package, version = named(line[1])
        return f"{package}=={version}"

    pattern = (
        r"^(?:[\w.-]+(?:\[[^]]*\])? @ )?(?:file://|\./|/)?(?!https?:)(\S+(?:\.whl|\.tar\.gz))(?= )"
    )
    return re.sub(pattern, by_version, text, flags=re.M)


def hashes(text: str) -> dict[str, set[str]]:
    """The hashes (`sha256:…`) that each package of requirements may have, by normalised name."""
    found: dict[str, set[str]] = {}
    for _, line in _logical(text):
        name = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line)
        allowed = re.findall(r"--hash[=\s](sha\d+:[0-9a-f]+)", line)
        if name and allowed:
            found.setdefault(canonicalize_name(name[0]), set()).update(allowed)
    return found


def check(text: str, where: str) -> str:
    """One requirement as an author writes it; SpecError with the place unless an index has it."""
    try:
        wanted = Requirement(text)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise errors.SpecError(
            f"{contents.shown(text)} is not a requirement: {reason}",
            hint="write it as pip does, such as `pandas>=2`",
            where=where,
        ) from error
    if wanted.url:
        _check_url(wanted.url, where)
    return text


def follow(path: str, read: Read) -> Files:
    """The requirements file at `path` and those it refers to; SpecError with file and line."""
    found = Files()
    _follow(path, read, found, path)
    return found


def decode(content: bytes, path: str) -> str:
    """The text of an author's file; Windows PowerShell writes UTF-16."""
    if len(content) > LARGEST:
        raise errors.SpecError(f"`{path}` is larger than {LARGEST // 2**20} MB", where=path)
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeError as error:
        raise errors.SpecError(f"`{path}` is not UTF-8 text: {error}", where=path) from error
    if "\0" in text:
        raise errors.SpecError(f"`{path}` is not a text file", where=path)
    return text


def _follow(path: str, read: Read, found: Files, where: str) -> None:
    content = read(path)
    if content is None:
        raise errors.SpecError(
            f"there is no file {contents.shown(path)} beside the notebook",
            hint="paths are relative to the file that names them and stay in the notebook's folder",
            where=where,
        )
    if len(found.texts) >= _DEEPEST:
        raise errors.SpecError("too many requirements files refer to each other", where=where)
    found.texts[path] = ""
    kept: dict[int, str] = {}
    for number, line in _logical(decode(content, path)):
        kept[number] = _line(path, line, f"{path}:{number}", read, found)
    # Line numbers stay the author's, because uv names them as well.
    found.texts[path] = "".join(
        f"{kept.get(at, '')}\n" for at in range(1, max(kept, default=0) + 1)
    )


def _line(path: str, line: str, where: str, read: Read, found: Files) -> str:
    """What of a line goes to the gateway."""
    option = re.split(r"[\s=]", line, maxsplit=1)[0]
    if reference := re.fullmatch(r"(-r|-c|--requirement|--constraint)[\s=]*(\S.*)", line):
        target = _beside(path, reference[2].strip("\"'"), where)
        if target not in found.texts:
            _follow(target, read, found, where)
        return line
    if option in _KEPT:
        return line
    if option in _PLACES or re.match(r"-[if]\S", line):
        found.unsupported.append(f"{option} ({where})")
        return ""
    if option in ("-e", "--editable") or _is_folder(line):
        raise errors.SpecError(
            f"{contents.shown(line)} is a folder, which cannot be locked", hint=_BUILT, where=where
        )
    if line.startswith("-"):
        raise errors.SpecError(
            f"{contents.shown(option)} is no option that works here", where=where
        )
    wanted, *_hashes = re.split(r"\s+--(?:hash|config-settings?|global-option)\b", line, maxsplit=1)
    file = wanted.partition(";")[0].strip()
    if file.endswith(ARCHIVES) and "://" not in file and " @ " not in file:
        target = _beside(path, file, where)
        named(target, where)
        if read(target) is None:
            raise errors.SpecError(
                f"there is no file {contents.shown(target)} beside the notebook", where=where
            )
        found.archives.append(target)
    elif re.match(r"[a-z+]+://", file):
        _check_url(file, where)
    else:
        check(wanted.strip(), where)
    return line


def named(path: str, where: str = "") -> tuple[str, str]:
    """The package and the version that an archive's file name tells."""
    name = path.rpartition("/")[2]
    try:
        if name.endswith(".whl"):
            package, version, *_ = parse_wheel_filename(name)
        else:
            package, version = parse_sdist_filename(name)
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        raise errors.SpecError(
            f"the file name {contents.shown(name)} does not name a package and its version",
            hint="keep the name that the build gave it",
            where=where,
        ) from error
    return package, str(version)


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Lines by number, joined where they go on, without comments and blank ones."""
    start, held = 0, ""
    for number, raw in enumerate([*text.splitlines(), ""], start=1):
        if not raw.rstrip().endswith("\\") or raw.lstrip().startswith("#"):
            # One blank for many, as patterns take long for what is mostly blanks.
            line = " ".join((held + re.sub(r"(^|\s)#.*", "", raw)).split())
            if line:
                yield start or number, line
            start, held = 0, ""
        else:
            start, held = start or number, held + raw.rstrip()[:-1] + " "


def _beside(path: str, target: str, where: str) -> str:
    normal = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    if normal.startswith(("../", "/")) or normal == ".." or "\\" in target or "://" in target:
        raise errors.SpecError(
            f"{contents.shown(target)} is outside of the notebook's folder",
            hint="copy it beside the notebook",
            where=where,
        )
    return normal


def _is_folder(line: str) -> bool:
    first = line.partition(";")[0].strip()
    return not first.endswith(ARCHIVES) and (
        first in (".", "..") or first.startswith(("./", "../", "/", "~", ".[", "..["))
    )


def _check_url(url: str, where: str) -> None:
    """Refuse what no hash can pin, what only the author's machine has, and passwords."""
    reason = hint = ""
    if re.match(r"(git|hg|svn|bzr)\+", url):
        reason, hint = "is a version control system, which cannot be locked by hash", _BUILT
    elif not re.match(r"https?://", url):
        reason = "is a file of your machine"
        hint = "`pip list --format=freeze` writes versions instead of such files"
    elif re.match(r"https?://[^/]*@", url):
        reason, hint = (
            "holds a user name or password",
            "ask the operator to give the gateway access",
        )
    if reason:
        shown = re.sub(r"//[^/@]*@", "//***@", url)
        raise errors.SpecError(f"{contents.shown(shown)} {reason}", hint=hint, where=where)
