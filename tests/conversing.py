"""A page and its kernel as scripts see them: its widgets, and what they answer when moved."""

import hashlib
import itertools
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import websocket
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from live import Viewer

from dashops.services.dashboard import wall

PATIENCE = 60  # seconds
TOLD = {"comm_open", "comm_msg", "comm_close", "stream", "display_data", "update_display_data"}
TOLD |= {"execute_result", "clear_output", "error"}
# Those of UUIDs, of tables that pandas styled, and the addresses of objects.
IDS = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}|\bT_[0-9a-f]{5}"
    r"|(?<= at )0x[0-9a-f]{8,16}\b"
    r"|(?<=/c/)[\w-]{43}(?=/)"  # the key of a page
)
ATTRIBUTES = re.compile(r'\s(id|for|data-root-id)="[^"]*"')
# What the browser's side of these widgets sends when they are clicked.
CLICKS: dict[str, dict[str, Any]] = {
    "ButtonModel": {"event": "click"},
    "BtnModel": {"event": "click", "data": {}},
    "BarsModel": {"event": "element_click", "data": {"x": "b", "y": 2}},
    "LeafletPolygonModel": {"event": "interaction", "type": "click", "coordinates": [0, 0]},
    "MPLCanvasModel": {
        "type": "button_press",
        "x": 250,
        "y": 150,
        "button": 0,
        "buttons": 1,
        "modifiers": [],
        "guiEvent": {},
    },
}
POINTED = {"trace_indexes": [0], "point_indexes": [1], "xs": ["b"], "ys": [2]}
PICKED = {"value": {"vlPoint": {"or": [{"letter": "b"}]}, "letter": ["b"]}, "store": []}

State = Mapping[str, Any]


class Conversation:
    """An open page; ``models`` are its widgets in the order in which they were made."""

    def __init__(self, viewer: Viewer, name: str) -> None:
        self._page = viewer.open(name)
        self.html, self.kernel = self._page.html, self._page.kernel
        self._socket = websocket.create_connection(
            f"{self._page.channels}?session_id={uuid.uuid4().hex}",
            subprotocols=[wall.PROTOCOL],
            origin="null",
            timeout=PATIENCE,
        )
        self.models = self._states()

    def move(self, model: str, change: State) -> list[Any]:
        """Change a widget's state; everything the kernel said until it was done with that."""
        return self._ask(model, {"method": "update", "state": change, "buffer_paths": []})

    def click(self, model: str) -> list[Any]:
        """Click a button, or what else can be clicked."""
        content = CLICKS[self.models[model]["state"]["_model_name"]]
        return self._ask(model, {"method": "custom", "content": content})

    def do(self, model: str, change: State | None) -> list[Any]:
        """One of ``moves``."""
        if change is not None and "event" in change:
            return self._ask(model, {"method": "custom", "content": change})
        return self.click(model) if change is None else self.move(model, change)

    def close(self) -> None:
        """Leave, as a tab that is closed does."""
        self._page.leave()
        self._socket.close()

    def _states(self) -> dict[str, State]:
        control = uuid.uuid4().hex
        opened = {"comm_id": control, "target_name": "jupyter.widget.control", "data": {}}
        self._until_idle("comm_open", opened, {"version": "1.0.0"})
        answers = self._ask(control, {"method": "request_states"})
        found = (
            each["data"]["states"]
            for _, each in answers
            if each.get("data", {}).get("method") == "update_states"
        )
        return next(found, {})

    def _ask(self, model: str, data: State) -> list[Any]:
        return self._until_idle("comm_msg", {"comm_id": model, "data": data})

    def _until_idle(self, kind: str, content: State, metadata: State | None = None) -> list[Any]:
        header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": "page"}
        header |= {"username": "", "version": "5.4", "date": "2026-01-01T00:00:00Z"}
        parts = [json.dumps(part).encode() for part in (header, {}, metadata or {}, content)]
        self._socket.send_binary(serialize_msg_to_ws_v1(parts, "shell"))
        told = []
        while True:
            frame = self._socket.recv()
            assert isinstance(frame, bytes), "the page was told to go"
            _, parts = deserialize_msg_from_ws_v1(frame)
            said, parent = json.loads(parts[0])["msg_type"], json.loads(parts[1])
            heard = json.loads(parts[3])
            if parent.get("msg_id") != header["msg_id"]:
                continue
            if said in TOLD:
                heard.pop("transient", None)
                heard["buffers"] = [hashlib.sha256(each).hexdigest() for each in parts[4:]]
                told.append((said, heard))
            if said == "status" and heard["execution_state"] == "idle":
                return told


@contextmanager
def conversation(viewer: Viewer, name: str) -> Iterator[Conversation]:
    """A page as long as the block lasts."""
    page = Conversation(viewer, name)
    try:
        yield page
    finally:
        page.close()


def moves(models: Mapping[str, State]) -> Iterator[tuple[str, State | None]]:
    """What a viewer could do, widget by widget and round by round.

    None is a click, and what has an ``event`` a message in the words of the library.
    """
    for number in itertools.count(1):
        did = False
        for model, each in models.items():
            change = _change(each["state"], number)
            if change is not False:
                did = True
                yield model, change
        if not did:
            return


def _change(state: State, number: int) -> Any:
    name, value = state.get("_model_name", ""), state.get("value")
    if name in CLICKS:
        return None
    if name in ("DropdownModel", "SelectModel", "RadioButtonsModel", "ToggleButtonsModel"):
        return {"index": number % max(1, len(state["_options_labels"]))}
    if name == "SelectMultipleModel":
        return {"index": [number % max(1, len(state["_options_labels"]))]}
    if isinstance(value, bool):
        return {"value": bool(number % 2) != value}
    if isinstance(value, int | float) and "Progress" not in name:
        low, high = state.get("min", 0), state.get("max", 10)
        step = state.get("step") or 1
        at = value + number * step
        return {"value": at if at <= high else low}
    if name in ("TextModel", "TextareaModel", "ComboboxModel"):
        return {"value": f"text {number}"}
    if name == "TabModel":
        return {"selected_index": number % max(1, len(state["children"]))}
    return _own_change(state, number)


def _own_change(state: State, number: int) -> Any:
    """What the JavaScript of plotly, altair, bokeh or of an anywidget changes."""
    if "_js2py_pointsCallback" in state:
        device = {"alt": False, "ctrl": False, "meta": False, "shift": False}
        device |= {"button": 0, "buttons": number}
        clicked = {"event_type": "plotly_click", "points": POINTED, "device_state": device}
        return {"_js2py_pointsCallback": clicked}
    if "_vl_selections" in state:
        names = sorted(state["_vl_selections"])
        return {"_vl_selections": {each: PICKED for each in names}} if names else False
    if state.get("_model_name") == "BokehModel":
        slider = re.search(r'"name": ?"Slider", ?"id": ?"(\w+)"', str(state["render_bundle"]))
        changed = {"event": "jsevent", "kind": "ModelChanged", "attr": "value", "new": number}
        return slider is not None and {**changed, "model": {"id": slider[1]}}
    if state.get("_model_module") == "anywidget":
        for key, value in sorted(state.items()):
            if not key.startswith("_") and type(value) is int:
                return {key: value + number}
    return False


def without_ids(text: str) -> str:
    """The text with ids that are made anew each time replaced by their order of appearance."""
    numbers: dict[str, int] = {}
    bare = ATTRIBUTES.sub("", text)
    return IDS.sub(lambda found: f"#{numbers.setdefault(found[0], len(numbers))}", bare)
