"""The gate's pure parts: which widgets browsers can draw, which one to move, what was painted."""

import json

import nbformat
import pytest

from dashops.services.dashboard.gate import frontends, painting, verdict, widgets

VIEW = {"output_type": "display_data", "data": {widgets.VIEW: {"model_id": "box"}}, "metadata": {}}


def cells(*outputs, hidden=False):
    cell = nbformat.v4.new_code_cell("show()")
    cell.outputs = [nbformat.from_dict(each) for each in outputs]
    cell.metadata["dashops_place"] = {"hidden": hidden, "style": ""}
    return [nbformat.v4.new_markdown_cell("# text"), cell]


def model(name, **state):
    module = state.pop("module", "@jupyter-widgets/controls")
    inner = {"_view_name": "View", "_view_module": module, "_model_module": module, **state}
    return {"model_name": name, "model_module": module, "state": inner}


SLIDER = model("IntSliderModel", description="Size", value=3, min=0, max=10, step=1)
STATES = {"box": model("VBoxModel", children=["IPY_MODEL_slider"]), "slider": SLIDER}


def seen(**differing):
    whole = {"started": True, "restored": True, "loading": 0}
    lists = dict.fromkeys(("pending", "models", "messages", "errors", "images"), ())
    return {**whole, **lists, "widgets": [{"id": "box", "drawn": True}], **differing}


@pytest.fixture
def folder(tmp_path):
    for name in ("bqplot", "@jupyter-widgets/other"):
        (tmp_path / name / "static").mkdir(parents=True)
        (tmp_path / name / "package.json").write_text(json.dumps({"name": name}))
    (tmp_path / "bqplot" / "static" / "1.js").write_text("register({name:'bq-gl'})")
    return str(tmp_path)


def test_a_module_is_there_by_name_by_mention_or_because_voila_brings_it(folder):
    wanted = ["@jupyter-widgets/controls", "bqplot", "bq-gl", "@jupyter-widgets/other", "k3d"]
    assert frontends.missing(wanted, [folder]) == ["k3d"]


def test_the_advice_names_the_python_package():
    assert "`ipympl`" in frontends.advice("jupyter-matplotlib")
    assert "`k3d`" in frontends.advice("k3d")
    assert "the Python package that brings it" in frontends.advice("@somebody/else")


def test_a_child_of_a_visible_widget_is_moved_by_a_step_within_its_ends():
    found = widgets.move(cells(VIEW), STATES)
    assert (found.cell, found.model, found.label, found.change) == (
        2,
        "slider",
        "`Size`",
        {"value": 4},
    )
    full = {**STATES, "slider": model("IntSliderModel", value=10, min=0, max=10, step=2)}
    assert widgets.move(cells(VIEW), full).change == {"value": 8}


@pytest.mark.parametrize(
    ("state", "change"),
    [
        (model("DropdownModel", index=1, _options_labels=["a", "b"]), {"index": 0}),
        (model("CheckboxModel", value=False), {"value": True}),
        (model("ButtonModel", description="Send"), {}),
        (model("IntProgressModel", value=1, min=0, max=9), {}),
        (model("CheckboxModel", value=False, disabled=True), {}),
    ],
)
def test_what_is_no_slider_is_moved_where_that_is_harmless(state, change):
    states = {"box": model("VBoxModel", children=["IPY_MODEL_it"]), "it": state}
    assert widgets.move(cells(VIEW), states).change == change


def test_what_nobody_sees_is_not_moved():
    assert widgets.move(cells(VIEW, hidden=True), STATES) is None
    assert widgets.move(cells(), STATES) is None


def test_widgets_in_the_outputs_of_an_output_widget_are_visible():
    inner = [{"output_type": "display_data", "data": {widgets.VIEW: {"model_id": "slider"}}}]
    states = {"box": model("OutputModel", outputs=inner), "slider": SLIDER}
    assert widgets.shown(cells(VIEW), states) == {"box": 2, "slider": 2}


def test_an_error_that_an_output_widget_shows_is_found():
    states = {"box": model("OutputModel", outputs=[{"output_type": "error"}])}
    assert widgets.failed(cells(VIEW), states) == [(2, {"output_type": "error"})]


def test_a_page_is_ready_when_all_is_drawn():
    assert painting.ready(seen())
    assert not painting.ready({"started": False})
    assert not painting.ready(seen(widgets=[{"id": "box", "drawn": False}]))
    assert not painting.ready(seen(pending=[{"cell": 2, "kinds": ["text/html"]}]))
    assert painting.ready(seen(pending=[{"cell": 2, "kinds": ["application/x"]}]))


def test_a_painted_page_has_no_warnings():
    assert painting.judge(seen(), cells(VIEW), STATES, []) == []


@pytest.mark.parametrize(
    ("differing", "words"),
    [
        ({"started": False}, "did not start"),
        ({"pending": [{"cell": 2, "kinds": ["text/html"]}]}, "cell 2 was not painted"),
        ({"pending": [{"cell": 2, "kinds": ["application/x"]}]}, "only application/x"),
        ({"widgets": [{"id": "box", "drawn": False}]}, "cell 2 was not drawn"),
        ({"errors": [{"cell": 2, "text": "Javascript Error: no"}]}, "Javascript Error: no"),
        ({"models": [{"id": "slider", "broken": True}]}, "cell 2 cannot be drawn"),
        (
            {"models": [{"id": "slider", "broken": False, "empty": True, "module": "mine"}]},
            "draws nothing: boom",
        ),
    ],
)
def test_what_is_not_painted_fails_with_its_cell(differing, words):
    with pytest.raises(verdict.Unfit) as caught:
        painting.judge(seen(**differing), cells(VIEW), STATES, ["boom"])
    assert words in str(caught.value)
    assert caught.value.cell == (0 if "started" in differing else 2)
    assert caught.value.source == ("" if "started" in differing else "show()")


def test_broken_images_and_loud_scripts_are_warnings():
    images = [{"cell": 1, "source": "no.png"}]
    found = painting.judge(seen(images=images), cells(VIEW), STATES, ["boom", "boom"])
    assert len(found) == 2 and "`no.png`" in found[0] and "boom" in found[1]
