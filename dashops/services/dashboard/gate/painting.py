"""What a browser saw of a page → what is wrong with it; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashops.services.dashboard.gate import verdict, widgets

Seen = Mapping[str, Any]


def ready(seen: Seen) -> bool:
    """Whether everything that will be painted is, as far as one can tell."""
    if not seen["started"]:
        return False
    drawn = all(each["drawn"] for each in seen["widgets"]) or seen["messages"]
    return bool(
        seen["restored"]
        and drawn
        and not seen["loading"]
        and not any(_drawable(each["kinds"]) for each in seen["pending"])
    )


def empty(seen: Seen) -> bool:
    """Whether a widget with a script of its own has drawn nothing so far."""
    return any(each["empty"] and not _built_in(each) for each in seen["models"])


def judge(
    seen: Seen, cells: Sequence[Any], states: widgets.States, raised: Sequence[str]
) -> list[str]:
    """Warnings; ``raised`` are the errors that no script of the page caught.

    Raises:
        verdict.Unfit: when a cell is not painted.
    """
    why = _because(raised)
    if not seen["started"]:
        raise verdict.Unfit("verify", f"its page did not start{why}")
    where = widgets.shown(cells, states)
    for model in seen["models"]:
        _widget(model, where.get(model["id"], 0), cells, raised)
    for each in (*seen["errors"], *seen["messages"]):
        text = f"cell {each['cell']} shows `{each['text']}`{why}"
        raise verdict.at(cells, each["cell"], text)
    for each in seen["pending"]:
        _output(each, cells, why)
    for number, model in widgets.views(cells):
        if not any(each["id"] == model and each["drawn"] for each in seen["widgets"]):
            raise verdict.at(cells, number, f"the widget of cell {number} was not drawn{why}")
    warnings = [
        f"cell {each['cell']} shows an image that cannot be loaded: `{each['source']}`"
        for each in seen["images"]
    ]
    return warnings + [f"a script of the page raised {text}" for text in dict.fromkeys(raised)]


def _widget(
    model: Mapping[str, Any], number: int, cells: Sequence[Any], raised: Sequence[str]
) -> None:
    if not number:
        return
    if model["broken"]:
        text = f"the widget of cell {number} cannot be drawn{_because(raised)}"
        raise verdict.at(cells, number, text)
    if model["empty"] and raised and not _built_in(model):
        text = f"the widget of cell {number} draws nothing: {raised[0]}"
        raise verdict.at(cells, number, text)


def _built_in(model: Mapping[str, Any]) -> bool:
    return str(model["module"]).startswith("@jupyter-widgets/")


def _output(pending: Mapping[str, Any], cells: Sequence[Any], why: str) -> None:
    number, kinds = pending["cell"], pending["kinds"]
    if not kinds:
        return
    if _drawable(kinds):
        raise verdict.at(cells, number, f"cell {number} was not painted{why}")
    text = f"cell {number} puts out only {', '.join(kinds)}, which no browser here can show"
    raise verdict.at(cells, number, text)


def _drawable(kinds: Sequence[str]) -> bool:
    """Whether the page knows what to do with one of these kinds of output."""
    return any(
        kind.startswith(("text/", "image/", "video/", "audio/"))
        or kind in ("application/javascript", "application/json", "application/pdf", widgets.VIEW)
        for kind in kinds
    )


def _because(raised: Sequence[str]) -> str:
    return f": {raised[0]}" if raised else ""
