"""Looks at a page the way a person does: what is painted, where, and what a click changes."""

import base64
from dataclasses import dataclass, field
from typing import Any

from live import until
from playwright.sync_api import Page
from seats import MARK, Seat

# Every notebook paints in #d6336c, which nothing else on a page does.
COUNT = """async picture => {
  const image = new Image();
  image.src = `data:image/png;base64,${picture}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d');
  canvas.drawImage(image, 0, 0);
  const { data } = canvas.getImageData(0, 0, image.width, image.height);
  let inked = 0;
  for (let at = 0; at < data.length; at += 4) {
    const far = [0xd6, 0x33, 0x6c].reduce((sum, tone, n) => sum + Math.abs(data[at + n] - tone), 0);
    if (far < 40) inked += 1;
  }
  return inked / (data.length / 4);
}"""
BROKEN = (
    ".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']",
    "text=/javascript error/i",
    "text=/error displaying widget/i",
    "text=/loading widget/i",
)


@dataclass
class Look:
    """An open dashboard and what its console said."""

    seat: Seat
    patience: float = 30  # seconds
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seat.context.set_default_timeout(1000 * self.patience)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type == "error" else None,
        )

    @property
    def page(self) -> Page:
        return self.seat.page

    def sees(self, text: str) -> None:
        self.page.wait_for_selector(f"text={text}")

    def inked(self, selector: str, share: float = 0.01, unlike: float | None = None) -> float:
        """How much of an element is painted in our colour, once that is enough."""
        self.page.locator(selector).first.wait_for()

        def look() -> float | None:
            picture = self.page.locator(selector).first.screenshot(animations="disabled")
            found: float = self.page.evaluate(COUNT, base64.b64encode(picture).decode())
            return found if found >= share and found != unlike else None

        return float(until(look, f"{selector} is painted", self.patience))

    def clicks(self, selector: str, across: float, down: float) -> None:
        at = self._place(selector, (across, down))
        self.page.mouse.click(*at)

    def drags(self, selector: str, start: tuple[float, float], end: tuple[float, float]) -> None:
        start, end = self._place(selector, start), self._place(selector, end)
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=5)
        self.page.mouse.up()

    def _place(self, selector: str, share: tuple[float, float]) -> tuple[float, float]:
        element = self.page.locator(selector).first
        element.scroll_into_view_if_needed()
        box: Any = element.bounding_box()
        return box["x"] + box["width"] * share[0], box["y"] + box["height"] * share[1]

    def shows_no_source(self) -> None:
        assert self.seat.frames
        assert MARK not in self.page.content() + "".join(self.seat.frames)

    def is_sound(self, grumble: str) -> None:
        """Nothing asked another host, no box says that something broke, the console is quiet."""
        assert self.seat.outside == []
        for box in BROKEN:
            assert self.page.locator(box).count() == 0, self.page.locator(box).first.inner_text()
        assert [each for each in self.complaints if each != grumble] == []
