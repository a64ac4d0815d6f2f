"""Which files the cells of a notebook mention; pure text work that looks at no folder."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True)
class Block:
    """Lines that name files in the style of gitignore.

    `certain` says that the author marked them with `associate:`; other comments and fenced blocks
    count only where a file matches.
    """

    lines: tuple[str, ...]
    certain: bool = False


@dataclass(frozen=True)
class Cell:
    """What one cell mentions: pattern blocks, things it shows (images, media), things it links."""

    blocks: tuple[Block, ...] = ()
    shows: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


def of(notebook: Mapping[str, Any]) -> Iterator[Cell]:
    """The references of each cell that has any; paths as `local` gives them."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            yield _markdown(cell["source"])
        elif cell["cell_type"] == "code" and (lines := _associated(cell["source"])):
            yield Cell(blocks=(Block(lines, certain=True),))


def local(target: str) -> str | None:
    """The file a link means, relative to the notebook, or None if it means something else.

    A path that leaves the notebook's folder keeps its leading `..`.
    """
    try:
        url = urlsplit(target.strip())
    except ValueError:  # such as `http://[`, which no browser can follow either
        return None
    path = unquote(url.path)
    if url.scheme or url.netloc or not path or path.startswith(("/", "\\")) or "\0" in path:
        return None
    normal = posixpath.normpath(path)
    return None if normal == "." else normal


_FENCE = re.compile(r" {0,3}(?P<mark>`{3,}|~{3,})(?P<info>.*)")


def split(source: str) -> tuple[str, tuple[Block, ...]]:
    """Markdown as (prose, blocks): code and comments look like links and headings, but are none.

    Blocks are the leading comment and the fenced ones.
    """
    blocks: list[Block] = []
    prose: list[str] = []
    if source.lstrip().startswith("<!--"):
        comment, _, source = source.lstrip()[4:].partition("-->")
        certain = re.match(r"\s*associate:", comment)
        blocks.append(Block(_lines(comment[certain.end() if certain else 0 :]), bool(certain)))
    fence, inside = "", [""]
    for line in _uncommented(source).splitlines():
        found = _FENCE.match(line)
        if fence:
            if found and found["mark"].startswith(fence) and not found["info"].strip():
                blocks.append(_fenced(inside))
                fence = ""
            else:
                inside.append(line)
        elif found and ("`" not in found["info"] or found["mark"][0] == "~"):
            fence, inside = found["mark"], [found["info"]]
        else:
            prose.append(line)
    if fence:
        blocks.append(_fenced(inside))
    return "\n".join(prose), tuple(block for block in blocks if block.lines)


_LINK = re.compile(r"\]\(\s{0,9}(?:<([^<>\n]{1,1000})>|((?:[^\s()]|\([^\s()]{0,200}\)){1,1000}))")
_IMAGE = re.compile(r"!\[[^\]\n]{0,500}" + _LINK.pattern)
_LABEL = re.compile(
    r"^ {0,3}\[[^\]\n]{1,200}\]:[ \t]{0,9}(?:<([^<>\n]{1,1000})>|(\S{1,1000}))", re.M
)
_SRC = re.compile(r"\bsrc\s{0,9}=\s{0,9}[\"']([^\"'<>\n]{1,1000})[\"']()", re.I)
_HREF = re.compile(r"\bhref\s{0,9}=\s{0,9}[\"']([^\"'<>\n]{1,1000})[\"']()", re.I)


def _markdown(source: str) -> Cell:
    prose, blocks = split(source)
    prose = re.sub(r"(?<!`)(`+)(?!`)[^\n]{0,1000}?(?<!`)\1(?!`)", "", prose)

    def paths(*patterns: re.Pattern[str]) -> tuple[str, ...]:
        targets = (
            found[1] or found[2] for pattern in patterns for found in pattern.finditer(prose)
        )
        return tuple(dict.fromkeys(path for target in targets if (path := local(target))))

    return Cell(blocks, paths(_IMAGE, _SRC), paths(_LINK, _LABEL, _HREF))


def _fenced(inside: list[str]) -> Block:
    """The block of a fence: a language after the mark makes it code, a file name does not."""
    language = re.fullmatch(r"\s*[^\s./*]+(?:\s.*)?", inside[0])
    return Block(() if language else _lines("\n".join(inside)))


def _uncommented(source: str) -> str:
    kept: list[str] = []
    while "<!--" in source:
        before, _, source = source.partition("<!--")
        _, closed, rest = source.partition("-->")
        kept.append(before)
        if not closed:
            break
        source = rest
    return "".join([*kept, source])


def _lines(text: str) -> tuple[str, ...]:
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def _associated(source: str) -> tuple[str, ...]:
    """Patterns of `# associate:` lines on top: one on the line, or a list in comments below it."""
    lines: list[str] = []
    listing = False
    for line in source.splitlines():
        text = line.strip()
        if found := re.fullmatch(r"#\s*associate:\s*(.*)", text):
            lines += [found[1]] if found[1] else []
            listing = not found[1]
        elif listing and text.startswith("#"):
            lines.append(text.lstrip("#").strip())
        else:
            break
    return _lines("\n".join(lines))
