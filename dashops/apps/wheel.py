"""The running dashops as a wheel, from its installed files: no build, no network, equal bytes.

`python -m dashops.apps.wheel FILE` writes it, with the scripts of the notebook server's menus.
"""

import base64
import hashlib
import sys
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from dashops import errors

PACKAGE = Path(__file__).parents[1]
LEFT_OUT = {"__pycache__"}
MENUS = {"labextensions", "shipped"}
"""The notebook server's scripts and examples."""

OF_THE_INSTALLATION = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"}


def name() -> str:
    """The wheel's file name."""
    return f"dashops-{metadata.version('dashops')}-py3-none-any.whl"


def files(*, menus: bool = False) -> dict[str, bytes]:
    """What is in it, by path, with scripts and examples of the notebook server if asked for.

    Raises ToolError when dashops is not installed as a package.
    """
    found = dict(_code(LEFT_OUT if menus else LEFT_OUT | MENUS))
    if menus:
        found |= _examples()
    own = f"dashops-{metadata.version('dashops')}.dist-info"
    for path in metadata.distribution("dashops").files or ():
        if path.parts[0].endswith(".dist-info") and path.name not in OF_THE_INSTALLATION:
            found["/".join((own, *path.parts[1:]))] = path.read_binary()
    if f"{own}/METADATA" not in found:
        raise errors.ToolError(
            "dashops is not installed as a package, so no app can be made of it",
            hint="install it with pip or uv",
        )
    lines = [f"{path},sha256={_hash(content)},{len(content)}" for path, content in found.items()]
    record = f"{own}/RECORD"
    found[record] = "\n".join([*sorted(lines), f"{record},,", ""]).encode()
    return found


def _code(left_out: set[str]) -> Iterator[tuple[str, bytes]]:
    roots = {"dashops": PACKAGE}
    # In a checkout the recipes lie beside the package.
    if not (PACKAGE / "recipes").is_dir():
        roots["dashops/recipes"] = PACKAGE.parent / "recipes"
    for place, root in roots.items():
        for path in sorted(root.rglob("*")):
            inside = path.relative_to(root)
            if path.is_file() and not left_out & set(inside.parts):
                yield f"{place}/{inside.as_posix()}", path.read_bytes()


def _examples() -> dict[str, bytes]:
    """Those of a checkout, where they lie beside the package; an installed one has them."""
    folder = PACKAGE.parent / "examples"
    found = [*folder.glob("README.md"), *folder.glob("*.ipynb"), *folder.glob("img/*.svg")]
    return {
        f"dashops/services/notebook/shipped/{path.relative_to(folder).as_posix()}": (
            path.read_bytes()
        )
        for path in sorted(found)
        if not (PACKAGE / "recipes").is_dir()
    }


def _hash(content: bytes) -> str:
    digest = hashlib.sha256(content).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def write(path: Path) -> None:
    """Put the whole wheel into a file; an older one in its folder goes."""
    for old in path.parent.glob("dashops-*.whl"):
        old.unlink()
    path.touch(mode=0o600)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files(menus=True).items():
            packed.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
