"""What a run of a notebook put out, and the page made of it once for many viewers."""

import secrets
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import markupsafe
import nbformat

from dashops.services.dashboard import kernels, rendering, visiting

Rendered = Callable[[kernels.ViewerKernel], AsyncGenerator[str, None]]
"""Makes the page of a kernel."""


@dataclass(frozen=True)
class Page:
    """The text of a page in pieces; between two comes what differs from viewer to viewer."""

    pieces: tuple[str, ...]
    gaps: tuple[str, ...]

    def of(self, kernel: kernels.ViewerKernel) -> str:
        """The page of one viewer."""
        named = _named(kernel)
        filled = (named[gap] + piece for gap, piece in zip(self.gaps, self.pieces[1:], strict=True))
        return self.pieces[0] + "".join(filled)


@dataclass
class Kept:
    """The outputs of the leading cells of a notebook, all of them or those before ``per-viewer``.

    The widgets in them are those of the kernel that ran the cells, and of its forks.
    """

    outputs: Sequence[Sequence[Any]]
    whole: bool
    _pages: dict[tuple[bool, str], Page] = field(default_factory=dict)

    async def pieces(
        self,
        settings: Mapping[str, Any],
        log: Any,
        kernel: kernels.ViewerKernel,
        notebook_text: str,
        *,
        chrome: bool,
    ) -> AsyncGenerator[str, None]:
        """The page of a kernel that ran these cells; the cells after them run now."""

        def made(of: kernels.ViewerKernel) -> AsyncGenerator[str, None]:
            return rendering.pieces(settings, log, of, notebook_text, chrome=chrome)

        if self.whole:
            # One run may be that of two names with the same content.
            key = (chrome, kernel.visit.revision.name)
            if key not in self._pages:
                self._pages[key] = await self._page(kernel.visit, made)
            yield self._pages[key].of(kernel)
            return
        async for piece in made(kernel):
            yield piece

    async def prepare(
        self, settings: Mapping[str, Any], log: Any, kernel: kernels.ViewerKernel, text: str
    ) -> None:
        """Make the page that most viewers get."""
        if self.whole:
            async for _ in self.pieces(settings, log, kernel, text, chrome=True):
                pass

    async def _page(self, visit: visiting.Visit, made: Rendered) -> Page:
        # Nobody can write these into a notebook, as nobody knows them.
        gaps = {name: secrets.token_hex(16) for name in ("kernel", "user", "base", "main")}
        nobody = replace(visit, user=gaps["user"], base=gaps["base"], main=gaps["main"])
        pattern = kernels.ViewerKernel(visit=nobody, kernel_id=gaps["kernel"], kept=self)
        return _cut("".join([each async for each in made(pattern)]), gaps)


def _named(kernel: kernels.ViewerKernel) -> dict[str, str]:
    visit = kernel.visit
    named = {"user": visit.user, "base": visit.base, "main": visit.main}
    escaped = {name: str(markupsafe.escape(value)) for name, value in named.items()}
    return {"kernel": kernel.kernel_id, **escaped}


def outputs(cells: Sequence[Any]) -> list[list[Any]]:
    """What these cells put out; nothing for text."""
    return [list(cell.get("outputs", ())) for cell in cells]


def read(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Outputs that were written as JSON."""
    return [[nbformat.from_dict(each) for each in row] for row in rows]


def _cut(text: str, gaps: Mapping[str, str]) -> Page:
    pieces: list[str] = []
    between: list[str] = []
    while True:
        found = [(text.find(token), name) for name, token in gaps.items() if token in text]
        if not found:
            return Page((*pieces, text), tuple(between))
        _, name = min(found)
        piece, _, text = text.partition(gaps[name])
        pieces.append(piece)
        between.append(name)
