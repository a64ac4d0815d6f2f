import pytest

from dashops.services.page import layout


def notebook(view, *cells, active="grid_default"):
    def extension(content):
        return {"extensions": {"jupyter_dashboards": content}}

    return {
        "metadata": extension({"activeView": active, "views": {active: view}}),
        "cells": [{"metadata": extension({"views": {active: each}})} for each in cells],
    }


def places(book):
    layout.place(book)
    return [cell["metadata"]["dashops_place"] for cell in book["cells"]]


def test_a_notebook_without_layout_is_a_report_that_hides_nothing():
    plain = {"metadata": {}, "cells": [{"metadata": {}}]}
    assert layout.of(plain).kind == "report"
    assert places(plain) == [{"hidden": False, "style": ""}]


def test_a_grid_cell_goes_where_it_was_put():
    book = notebook(
        {"type": "grid", "maxColumns": 8, "cellMargin": 5, "defaultCellHeight": 30},
        {"col": 2, "row": 3, "width": 4, "height": 6},
    )
    assert layout.of(book) == layout.Layout("grid", columns=8, row_height=30, margin=5)
    assert places(book)[0]["style"] == "grid-column:3 / span 4;grid-row:4 / span 6"


@pytest.mark.parametrize("odd", [None, float("inf"), float("nan"), "wide", []])
def test_null_and_other_sizes_of_the_wild_flow_over_the_full_width(odd):
    book = notebook(
        {"type": "grid", "maxColumns": odd},
        {"col": odd, "row": odd, "width": odd, "height": odd},
    )
    assert places(book)[0]["style"] == "grid-column:span 12;grid-row:span 4"


def test_hidden_cells_are_hidden_in_grid_and_report():
    for view in ({"type": "grid"}, {"type": "report"}):
        assert places(notebook(view, {"hidden": True}))[0]["hidden"]


def test_a_cell_wider_than_the_grid_is_cut_to_it():
    book = notebook({"type": "grid", "maxColumns": 4}, {"col": 0, "row": 0, "width": 12})
    assert "span 4" in places(book)[0]["style"]


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        "grid",
        {"activeView": 3},
        {"views": []},
        {"activeView": "grid_default", "views": {"grid_default": None}},
    ],
)
def test_damaged_metadata_is_a_report(odd):
    book = {
        "metadata": {"extensions": {"jupyter_dashboards": odd}},
        "cells": [{"metadata": {"extensions": odd}}],
    }
    assert layout.of(book).kind == "report"
    assert not places(book)[0]["hidden"]


def test_style_values_can_hold_no_css_of_the_author():
    evil = {"col": "1;background:url(x)", "row": "}", "width": "}", "height": "}"}
    style = places(notebook({"type": "grid"}, evil))[0]["style"]
    assert style == "grid-column:span 12;grid-row:span 4"
