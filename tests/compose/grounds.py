"""Images that nothing can be built on, and an engine whose disk is full; none needs a network."""

import io
import json
import ssl
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import certifi
import engines
import httpx
import stacks

PREFIX = f"dashops-test-{stacks.NAME}"

# Without apt-get the build of the proxy ends at once, too.
DEBIAN = f"FROM {engines.BASE}\nRUN rm /usr/bin/apt-get"
# The head of a program for arm64, of which a machine reads no more when it is another.
ARM = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xb7\x00" + b"\x01\x00\x00\x00" + bytes(40)
BASES = {
    "untrusting": DEBIAN,
    "snakeless": f"{DEBIAN} /usr/bin/python3*",
    # Its Python says so itself.
    "aged": f"{DEBIAN} && echo 'import sys; sys.version_info = (3, 9, 2)' "
    ">>/etc/python3.11/sitecustomize.py",
    "lame": f"FROM {engines.BASE}\nCOPY arm /bin/sh",
}
# Where the data of an engine is that has room for no image.
SMALL = 96 * 2**20  # bytes


def build(engine: str, folder: Path, name: str) -> str:
    """Make one of the bases; its tag."""
    (folder / "Dockerfile").write_text(BASES[name])
    (folder / "arm").write_bytes(ARM)
    (folder / "arm").chmod(0o755)
    words = ("build", "--quiet", "--force-rm", "--tag", _tag(name), folder)
    engines.docker(engine, *words, env={"DOCKER_BUILDKIT": "0"})
    return _tag(name)


def foreign(engine: str, folder: Path, architecture: str) -> str:
    """Load an image without a file that says it is for this architecture; its tag."""
    layer = tarred({})
    config = {
        "architecture": architecture,
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha256(layer).hexdigest()}"]},
    }
    parts = {
        "config.json": json.dumps(config).encode(),
        "layer.tar": layer,
        "manifest.json": json.dumps(
            [{"Config": "config.json", "RepoTags": [_tag(architecture)], "Layers": ["layer.tar"]}]
        ).encode(),
    }
    file = folder / "image.tar"
    file.write_bytes(tarred(parts))
    engines.docker(engine, "load", "--quiet", "--input", file)
    return _tag(architecture)


def tarred(files: dict[str, bytes]) -> bytes:
    """An archive of files."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


@contextmanager
def full(folder: Path) -> Iterator[tuple[str, str]]:
    """The address of an engine without room for anything more, and the tag of its only image."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", folder], check=True)
    try:
        # One that shares the networks of this machine takes those of another engine away.
        with engines.started(folder, "unshare", "--net") as address:
            machine = engines.docker(address, "version", "--format", "{{.Server.Arch}}")
            tag = foreign(address, folder, machine)
            with (folder / "filled").open("wb", buffering=0) as filled:
                _fill(filled)
            yield address, tag
    finally:
        subprocess.run(["umount", "--recursive", folder], check=True)


def remove(engine: str) -> None:
    """Take all bases away again."""
    tags = engines.docker(engine, "images", "--quiet", "--filter", f"reference={PREFIX}-*").split()
    if tags:
        engines.docker(engine, "image", "rm", "--force", *tags)


def public(url: str) -> bool:
    """Whether a public authority vouches for who answers there."""
    trusting = ssl.create_default_context(cafile=certifi.where())
    try:
        return httpx.head(url, verify=trusting, timeout=20).status_code > 0
    except httpx.ConnectError:
        return False


def _fill(filled: BinaryIO) -> None:
    with suppress(OSError):
        while filled.write(bytes(2**16)):
            pass


def _tag(name: str) -> str:
    return f"{PREFIX}-{name}:1"
