"""What a run of a notebook put out, and the page made of it once for many viewers."""

import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import markupsafe
import nbformat

from dashops.services.dashboard import kernels, rendering


@dataclass(frozen=True)
class Page:
    """The text of a page in pieces; between two comes the id of a kernel or a viewer's name."""

    pieces: tuple[str, ...]
    gaps: tuple[str, ...]

    def of(self, kernel: kernels.ViewerKernel) -> str:
        """The page of one viewer."""
        named = {"kernel": kernel.kernel_id, "user": str(markupsafe.escape(kernel.visit.user))}
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
        if self.whole:
            yield (await self._page(settings, log, kernel, notebook_text, chrome=chrome)).of(kernel)
            return
        async for piece in rendering.pieces(settings, log, kernel, notebook_text, chrome=chrome):
            yield piece

    async def prepare(
        self, settings: Mapping[str, Any], log: Any, kernel: kernels.ViewerKernel, text: str
    ) -> None:
        """Make the page that most viewers get."""
        if self.whole:
            await self._page(settings, log, kernel, text, chrome=True)

    async def _page(
        self,
        settings: Mapping[str, Any],
        log: Any,
        kernel: kernels.ViewerKernel,
        notebook_text: str,
        *,
        chrome: bool,
    ) -> Page:
        visit = kernel.visit
        # One run may be that of two names with the same content.
        key = (chrome, visit.revision.name)
        if key not in self._pages:
            # Nobody can write these into a notebook, as nobody knows them.
            gaps = {"kernel": secrets.token_hex(16), "user": secrets.token_hex(16)}
            pattern = kernels.ViewerKernel(
                visit=replace(visit, user=gaps["user"]), kernel_id=gaps["kernel"], kept=self
            )
            made = rendering.pieces(settings, log, pattern, notebook_text, chrome=chrome)
            self._pages[key] = _cut("".join([each async for each in made]), gaps)
        return self._pages[key]


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
