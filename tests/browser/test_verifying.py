"""What the gate finds on a real stack, with a browser and without, and what it leaves behind."""

import os
import signal
import struct
import zlib
from collections.abc import Iterator

import psutil
import pytest
import yaml
from live import Live, placed, until
from seats import SLIDER, Seats, later

ODD = """
import ipywidgets
from traitlets import Unicode
class Odd(ipywidgets.DOMWidget):
    _model_module = Unicode("nowhere-widgets").tag(sync=True)
    _model_module_version = Unicode("1.0.0").tag(sync=True)
    _view_module_version = Unicode("1.0.0").tag(sync=True)
    _model_name = Unicode("OddModel").tag(sync=True)
    _view_name = Unicode("OddView").tag(sync=True)
    _view_module = Unicode("nowhere-widgets").tag(sync=True)
ipywidgets.VBox([Odd()])
"""
SCRIPT = """
import anywidget
class Drawn(anywidget.AnyWidget):
    _esm = "export default { render() { throw new Error('no canvas') } }"
Drawn()
"""
RAISES = SLIDER.replace("label.value", "1 / 0; label.value")
BOTH = {
    "a second run": (later("1 / 0", runs=1), "it ran once, but not a second time: cell 2 failed"),
    "widgets this server lacks": (ODD, "cell 2 cannot be drawn: this server lacks"),
    "a callback": (RAISES, "moving `Size` raised ZeroDivisionError"),
    "a widget that was closed": (f"{SLIDER}\ndisplay(slider)\nslider.close()", "was closed"),
    "interact": (
        "from ipywidgets import interact\ninteract(lambda x: 1 / (x - 3), x=3)",
        "shows an error: ZeroDivisionError",
    ),
}
SEEN = {
    "a widget's script": (SCRIPT, "the widget of cell 2 draws nothing: no canvas"),
    "a redirect": ("%%html\n<script>location = '/'</script>", "leaves it and opens"),
    "an output of no known kind": ("display({'application/x-none': '1'}, raw=True)", "x-none"),
    "a script": ("%%javascript\nnosuch()", "Javascript Error"),
}


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A stack whose server has no browser."""
    folder = tmp_path_factory.mktemp("blind")
    ports, settings = placed()
    settings["dashboard"] |= {"browser": "none", "cell_timeout": 8}
    (folder / "dashops.yaml").write_text(yaml.safe_dump(settings))
    stack = Live(folder, ports)
    try:
        stack.up()
        yield stack
    finally:
        stack.dashops("down")


@pytest.mark.parametrize("reason", BOTH)
def test_a_page_that_cannot_be_used_fails_without_a_browser(blind: Live, reason: str) -> None:
    source, words = BOTH[reason]
    said = blind.deploy("blind", ("markdown", "text"), source, code=1)
    assert words in said, said


def test_a_page_passes_without_a_browser(blind: Live) -> None:
    blind.deploy("plain", SLIDER)
    assert not chromiums(blind)


@pytest.mark.usefixtures("browser")
@pytest.mark.parametrize("reason", {**BOTH, **SEEN})
def test_a_page_that_cannot_be_shown_fails(live: Live, reason: str) -> None:
    source, words = {**BOTH, **SEEN}[reason]
    said = live.deploy("unfit", ("markdown", "text"), source, code=1)
    assert words in said, said
    until(lambda: not live.kernels(), "the gate's kernels end")


def test_the_gallery_shows_what_a_page_looks_like(live: Live, seats: Seats) -> None:
    live.deploy("pictured", SLIDER, ("markdown", "# Heading"))
    answer = live.viewer().http.get("/thumbnails/pictured")
    assert answer.headers["content-type"] == "image/png"
    width, height, colours = looked(answer.content)
    assert (width, height) == (640, 400) and len(answer.content) < 200_000
    assert colours > 1
    seat = seats.new()
    shown = seat.page.locator("img[src^='/thumbnails/pictured']")
    shown.scroll_into_view_if_needed()
    until(lambda: shown.evaluate("node => node.naturalWidth") == 640, "the picture is shown")


def test_nobody_else_opens_the_gates_pages(live: Live) -> None:
    assert live.viewer().http.get(f"/c/{'x' * 43}/dashboards/pictured/").status_code == 404


@pytest.mark.usefixtures("browser")
def test_a_server_that_dies_leaves_no_browser(live: Live) -> None:
    live.deploy("lasting", SLIDER)
    before = chromiums(live)
    assert before
    os.kill(live.pid("dashboard"), signal.SIGKILL)
    until(lambda: not [each for each in before if each.is_running()], "its browser is gone")
    live.dashops("up", "-y")


def looked(png: bytes) -> tuple[int, int, int]:
    """Width, height, and how many different lines of pixels a PNG has."""
    assert png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", png[16:24])
    data, at = b"", 8
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += size + 12
    raw = zlib.decompress(data)
    line = len(raw) // height
    return width, height, len({raw[n * line : (n + 1) * line] for n in range(height)})


def chromiums(live: Live) -> list[psutil.Process]:
    """The processes of browsers that the dashboard server started."""
    server = psutil.Process(live.pid("dashboard"))
    return [each for each in server.children(recursive=True) if "chrom" in each.name()]
