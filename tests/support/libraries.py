"""Every library of the support matrix, with what one must see of it; judges no outcome."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from live import Live
from looks import Look

FOLDER = Path(__file__).parent
PYTHON = "python3"
Record = Callable[[str, object], None]  # the type of the fixture record_property


@dataclass(frozen=True)
class Library:
    """A row of the page: a notebook of this folder and how to look at it.

    ``trouble`` says why it does not work; then the look must fail. ``refused`` is what its
    author reads if it must not even be published. ``grumble`` is a harmless message of the
    browser's console.
    """

    name: str
    notebook: str
    look: Callable[[Look], None]
    frontends: tuple[str, ...] = ()
    setting: str = ""
    note: str = ""
    trouble: str = ""
    refused: str = ""
    grumble: str = ""

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.notebook}.ipynb"

    @property
    def kernel(self) -> str:
        return str(json.loads(self.path.read_text())["metadata"]["kernelspec"]["name"])

    @property
    def verdict(self) -> str:
        if self.trouble:
            return "does not work"
        return "works with a setting" if self.frontends or self.setting else "works"


def needs_kernel(live: Live, name: str) -> None:
    """Skip a test where the machine has no such kernel; in CI it fails."""
    if name != PYTHON and f'"{name}"' not in live.dashops("kernels", "--json"):
        reason = f"no kernel `{name}` on this machine"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


def ipywidgets(look: Look) -> None:
    look.page.locator(".noUi-handle").first.focus()
    look.page.keyboard.press("ArrowRight")
    look.sees("size is 4")
    look.sees("printed 4")
    look.page.locator("select").select_option("two")
    look.sees("the word is two")
    look.page.click("text=Second")
    look.page.wait_for_selector("input[type=text] >> visible=true")


def matplotlib(look: Look) -> None:
    look.sees("height is 3")
    before = look.inked(".jp-OutputArea img")
    look.page.locator(".noUi-handle").first.focus()
    look.page.keyboard.press("End")
    look.sees("height is 9")
    assert look.inked(".jp-OutputArea img") > before


def ipympl(look: Look) -> None:
    look.inked(".jupyter-matplotlib-canvas-container")
    look.clicks(".jupyter-matplotlib-canvas-container", 0.5, 0.5)
    look.sees("clicked True")
    before = look.inked(".jupyter-matplotlib-canvas-container")
    look.page.click("button[title^='Left button pans']")
    look.drags(".jupyter-matplotlib-canvas-container", (0.5, 0.5), (0.5, 0.9))
    look.inked(".jupyter-matplotlib-canvas-container", unlike=before)


def plotly(look: Look) -> None:
    look.inked(".js-plotly-plot >> nth=0")
    look.inked(".js-plotly-plot >> nth=1")
    look.clicks(".js-plotly-plot >> nth=1 >> .nsewdrag", 0.75, 0.8)
    look.sees("clicked b")


def bokeh(look: Look) -> None:
    look.inked(".bk-Figure")


def bokeh_widget(look: Look) -> None:
    look.inked(".bk-Figure")
    look.page.locator(".noUi-handle").first.focus()
    look.page.keyboard.press("ArrowRight")
    look.sees("size is 4")


def drawn(look: Look) -> None:
    look.inked(".jp-OutputArea-output svg, .jp-OutputArea-output canvas, .jp-OutputArea-output img")


def altair_widget(look: Look) -> None:
    look.inked(".vega-embed")
    look.clicks(".vega-embed svg.marks", 0.75, 0.7)
    look.sees("clicked b")


def bqplot(look: Look) -> None:
    look.inked(".bqplot")
    look.page.locator(".bqplot rect.bar").nth(1).click()
    look.sees("clicked b")


def ipyvuetify(look: Look) -> None:
    look.inked(".v-btn", share=0.3)
    look.page.click(".v-btn")
    look.sees("1 clicks")


def anywidget(look: Look) -> None:
    look.inked(".counter", share=0.3)
    look.page.click(".counter")
    look.sees("count is 1")
    look.sees("Python has 1")


def ipyleaflet(look: Look) -> None:
    look.inked(".leaflet-container")
    look.clicks(".leaflet-container", 0.5, 0.5)
    look.sees("clicked the area")
    before = look.inked(".leaflet-container")
    look.page.click(".leaflet-control-zoom-in")
    look.inked(".leaflet-container", unlike=before)


def folium(look: Look) -> None:
    frame = look.page.frame_locator("iframe")
    frame.locator(".leaflet-container path").wait_for()


def html(look: Look) -> None:
    look.inked("#press", share=0.3)
    look.page.click("#press")
    look.sees("pressed")
    look.sees("written by JavaScript")
    look.inked("img[src^='data:image/svg']", share=0.9)


def latex(look: Look) -> None:
    # Two in the text, one of each kind of output, one in a widget; each with visible size.
    formulas = look.page.locator("mjx-container")
    formulas.nth(4).wait_for()
    assert formulas.count() == 5
    for formula in formulas.all():
        box = formula.bounding_box()
        assert box and box["width"] > 15 and box["height"] > 8, box
    assert look.page.locator("merror, [data-mjx-error]").count() == 0


def media(look: Look) -> None:
    look.inked("img.widget-image", share=0.9)
    width = "document.querySelector('img.widget-image').naturalWidth"
    assert look.page.evaluate(width) == 100
    look.page.click("button:has-text('Wider')")
    look.page.wait_for_function(f"{width} == 200")
    for number in (0, 1):
        look.page.wait_for_function(f"document.querySelectorAll('audio')[{number}].duration == 1")
    with look.page.expect_file_chooser() as chosen:
        look.page.click("button:has-text('Upload')")
    chosen.value.set_files({"name": "a", "mimeType": "text/plain", "buffer": b"12345"})
    look.sees("5 bytes came")


def pandas(look: Look) -> None:
    assert look.page.locator("table").count() == 2
    look.sees("2.5")
    look.inked("table >> nth=1", share=0.2)


def r(look: Look) -> None:
    look.sees("the mean is 2")
    assert look.page.locator("table td").all_inner_texts()[-2:] == ["b", "2.5"]
    look.inked(".jp-OutputArea-output img, .jp-OutputArea-output svg")
    look.shows_no_source()


SCRIPTS_ELSEWHERE = "its scripts come from another host, which the page may not ask"
LIBRARIES = (
    Library("ipywidgets", "ipywidgets", ipywidgets),
    Library("matplotlib, inline", "matplotlib", matplotlib),
    Library("ipympl (`%matplotlib widget`)", "ipympl", ipympl, frontends=("ipympl",)),
    Library(
        "matplotlib (`%matplotlib notebook`)",
        "nbagg",
        drawn,
        trouble="it needs the JavaScript of the classic notebook",
        refused="cell 2",
        note="write `%matplotlib widget`",
    ),
    Library(
        "plotly, also FigureWidget",
        "plotly",
        plotly,
        # It wants to keep a picture of the chart in the notebook, which a page does not have.
        note="needs the package nbformat too; leaves a harmless error in the browser's console",
        grumble="r.setData is not a function",
    ),
    Library(
        "bokeh, scripts inside",
        "bokeh",
        bokeh,
        note="`output_notebook(INLINE)`; sends a few MB to each visitor",
    ),
    Library(
        "bokeh, scripts elsewhere",
        "bokeh-cdn",
        bokeh,
        trouble=SCRIPTS_ELSEWHERE,
        note="write `output_notebook(INLINE)`",
    ),
    Library(
        "bokeh as a widget",
        "bokeh-widget",
        bokeh_widget,
        frontends=("jupyter-bokeh",),
        note="`BokehModel`, and `output_notebook(INLINE)` before",
    ),
    Library(
        "altair, `mimetype`",
        "altair-mimetype",
        drawn,
        trouble="altair 6 names its charts in a way that the notebook format does not allow",
        refused="its page cannot be made",
    ),
    Library(
        "altair, a picture",
        "altair-svg",
        drawn,
        note='`alt.renderers.enable("svg")`, with the package vl-convert-python',
    ),
    Library(
        "altair as a widget",
        "altair-widget",
        altair_widget,
        note="`JupyterChart.enable_offline()`, with the packages anywidget and vl-convert-python",
    ),
    Library(
        "altair, as it comes",
        "altair-default",
        drawn,
        trouble=SCRIPTS_ELSEWHERE,
        note="enable another renderer",
    ),
    Library("bqplot", "bqplot", bqplot, frontends=("bqplot",)),
    Library("ipyvuetify", "ipyvuetify", ipyvuetify, frontends=("ipyvuetify",)),
    Library("anywidget, own JavaScript", "anywidget", anywidget),
    Library(
        "ipyleaflet without tiles",
        "ipyleaflet",
        ipyleaflet,
        frontends=("jupyter-leaflet",),
        note="`Map(layers=())`; tiles come from another host, which the page may not ask",
    ),
    Library("folium", "folium", folium, trouble=SCRIPTS_ELSEWHERE, note="use ipyleaflet"),
    Library("HTML, SVG and JavaScript", "html", html),
    Library("LaTeX", "latex", latex),
    Library("pictures, sound, uploads", "media", media),
    Library("pandas, also styled", "pandas", pandas),
    Library("R", "r", r, setting="a kernel, see [kernels](kernels.md)"),
)

EXAMPLES = FOLDER.parents[1] / "examples"
# What opens from a snapshot as with a fresh kernel.
NOTEBOOKS = {each.notebook: each.path for each in LIBRARIES if not each.refused}
NOTEBOOKS |= {path.stem: path for path in sorted(EXAMPLES.glob("*.ipynb"))}
