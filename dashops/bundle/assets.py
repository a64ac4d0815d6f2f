"""Which files of a bundle a viewer's browser may fetch; everything not named here stays inside."""

from dashops.bundle import contents, references

_BY_TYPE = """
    apng avif bmp gif ico jpeg jpg png svg webp
    eot otf ttf woff woff2
    css js mjs
    aac flac m4a mp3 oga ogg opus wav
    m4v mov mp4 ogv webm
    pdf
"""
_NEVER = """
    ipynb py pyc pyi pyw pyx r rmd qmd rdata rds jl sql sh bash zsh bat ps1 do sas mat m
    c cc cpp h hpp java scala kt go rs rb pl lua ts tsx jsx
    env key pem crt p12 pfx netrc
"""
"""Source and credentials: not even when a markdown cell links to them."""


def assets(bundle: contents.Bundle) -> frozenset[str]:
    """Paths of the files that pages may load: by type, or because a markdown cell links to them."""
    mentioned = {
        path for cell in references.of(bundle.notebook) for path in (*cell.shows, *cell.links)
    }
    return frozenset(path for path in bundle.files if _open(path, mentioned))


def _open(path: str, mentioned: set[str]) -> bool:
    parts = path.split("/")
    ending = parts[-1].rpartition(".")[2].lower() if "." in parts[-1] else ""
    if ending in _NEVER.split() or any(part.startswith(".") for part in parts):
        return False
    return ending in _BY_TYPE.split() or path in mentioned
