"""The widgets of an executed notebook: which are visible, and which one to move; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

VIEW = "application/vnd.jupyter.widget-view+json"
REFERENCE = "IPY_MODEL_"

# As a kernel tells them: {model id: {"model_module", "model_name", "state"}}.
States = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Move:
    """What to change, as a viewer would: ``label`` is what he sees, ``cell`` where it is."""

    cell: int
    model: str
    label: str
    change: Mapping[str, Any]


def views(cells: Sequence[Any]) -> list[tuple[int, str]]:
    """Number of the cell and id of the model of each widget that visible cells put out."""
    return [
        (number, str(view["model_id"]))
        for number, cell in visible(cells)
        for output in cell.get("outputs", ())
        if (view := output.get("data", {}).get(VIEW)) and view.get("model_id")
    ]


def visible(cells: Sequence[Any]) -> list[tuple[int, Any]]:
    """The cells that are on the page, with their numbers."""
    return [
        (number, cell)
        for number, cell in enumerate(cells, start=1)
        if not cell["metadata"].get("dashops_place", {}).get("hidden")
    ]


def shown(cells: Sequence[Any], states: States) -> dict[str, int]:
    """The models that are in visible cells, children too, each with the number of its cell."""
    found: dict[str, int] = {}
    for number, root in views(cells):
        waiting = [root]
        while waiting:
            model = waiting.pop(0)
            if model in states and model not in found:
                found[model] = number
                waiting += _references(states[model]["state"])
    return found


def lost(cells: Sequence[Any], states: States) -> list[int]:
    """The visible cells that show a widget which is no more."""
    return [number for number, model in views(cells) if model not in states]


def failed(cells: Sequence[Any], states: States) -> list[tuple[int, Mapping[str, Any]]]:
    """The errors that Output widgets show, each with the number of its cell."""
    return [
        (number, output)
        for model, number in shown(cells, states).items()
        for output in states[model]["state"].get("outputs") or ()
        if isinstance(output, Mapping) and output.get("output_type") == "error"
    ]


def modules(states: States) -> dict[str, list[str]]:
    """The modules that are needed to draw, each with the models that need it."""
    found: dict[str, list[str]] = {}
    for model, state in states.items():
        inner = state["state"]
        named = {state.get("model_module"), inner.get("_model_module")}
        if inner.get("_view_name"):
            named.add(inner.get("_view_module"))
        for module in sorted(str(each) for each in named if each):
            found.setdefault(module, []).append(model)
    return found


def move(cells: Sequence[Any], states: States) -> Move | None:
    """The change that tells most of a notebook without harm; a button is never pressed."""
    on_page = shown(cells, states)
    for ways in (_number, _choice, _switch):
        for model, cell in on_page.items():
            state = states[model]["state"]
            if state.get("disabled") or not state.get("_view_name"):
                continue
            if change := ways(str(states[model].get("model_name", "")), state):
                return Move(cell, model, label(states[model]), change)
    for model, cell in on_page.items():
        # None that we know how to move: see that messages arrive.
        return Move(cell, model, label(states[model]), {})
    return None


def label(state: Mapping[str, Any]) -> str:
    """What people call a widget: its description, else its kind."""
    name = str(state.get("model_name", "")).removesuffix("Model") or "widget"
    said = state["state"].get("description")
    return f"`{said}`" if isinstance(said, str) and said.strip() else f"the {name}"


def _number(name: str, state: Mapping[str, Any]) -> Mapping[str, Any] | None:
    value, least, most = state.get("value"), state.get("min"), state.get("max")
    if not name.startswith(("Int", "Float", "Bounded")) or "Progress" in name:
        return None
    numbers = all(isinstance(each, int | float) for each in (value, least, most))
    if not numbers or isinstance(value, bool):
        return None
    assert value is not None and least is not None and most is not None
    # A FloatLogSlider's ends are powers of its base, and a step leads out of neither.
    if name == "FloatLogSliderModel":
        return None
    step = state.get("step") or (1 if isinstance(value, int) else (most - least) / 10)
    for other in (value + step, value - step):
        if least <= other <= most and other != value:
            return {"value": other}
    return None


def _choice(_name: str, state: Mapping[str, Any]) -> Mapping[str, Any] | None:
    index, labels = state.get("index"), state.get("_options_labels")
    if not isinstance(labels, list) or len(labels) < 2:
        return None
    if index is not None and (not isinstance(index, int) or isinstance(index, bool)):
        return None
    return {"index": 0 if index is None else (index + 1) % len(labels)}


def _switch(name: str, state: Mapping[str, Any]) -> Mapping[str, Any] | None:
    value = state.get("value")
    if name not in ("CheckboxModel", "ToggleButtonModel") or not isinstance(value, bool):
        return None
    return {"value": not value}


def _references(value: Any) -> Iterator[str]:
    """The models a state refers to; an Output widget's outputs hold views of others."""
    if isinstance(value, str):
        if value.startswith(REFERENCE):
            yield value.removeprefix(REFERENCE)
    elif isinstance(value, Mapping):
        view = value.get(VIEW)
        if isinstance(view, Mapping) and view.get("model_id"):
            yield str(view["model_id"])
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _references(each)
