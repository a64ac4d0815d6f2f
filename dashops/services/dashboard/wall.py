"""What may pass between a viewer's browser and a kernel, both ways; pure, it sends nothing.

Messages are Jupyter's (https://jupyter-client.readthedocs.io/en/stable/messaging.html) in the
``v1.kernel.websocket.jupyter.org`` framing. What is not named here does not pass.
"""

import json
from typing import Any

from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)

PROTOCOL = "v1.kernel.websocket.jupyter.org"
FROM_VIEWER = {
    ("shell", "comm_open"),
    ("shell", "comm_close"),
    ("shell", "comm_msg"),
    ("shell", "comm_info_request"),
    ("shell", "kernel_info_request"),
    ("control", "kernel_info_request"),
}
# The widget manager opens this one to fetch all states; any other comm is the kernel's to open.
COMM_TARGETS = {"jupyter.widget.control"}
TO_VIEWER = {
    "status",
    "comm_open",
    "comm_close",
    "comm_msg",
    "comm_info_reply",
    "kernel_info_reply",
    "stream",
    "display_data",
    "update_display_data",
    "execute_result",
    "clear_output",
    "error",
}
MOST_PARTS = 1000  # of a frame: channel, four texts, an end, and buffers
FAILED = "An error occurred in this dashboard"
PARTS = ("header", "parent_header", "metadata", "content")


def from_viewer(frame: str | bytes) -> bytes | None:
    """The frame to send on to the kernel, or ``None`` if this one must not pass.

    The result is written anew from what was parsed, so that gateway and kernel can not read
    another message in it than was judged here.
    """
    # Decided before the frame is read: a message has few parts.
    if isinstance(frame, str) or not 6 <= int.from_bytes(frame[:8], "little") <= MOST_PARTS:
        return None
    try:
        channel, parts = deserialize_msg_from_ws_v1(frame)
        header, parent, metadata, content = (json.loads(part) for part in parts[:4])
        kind = header["msg_type"]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return None
    dicts = all(isinstance(each, dict) for each in (header, parent, metadata, content))
    if not dicts or not isinstance(kind, str):
        return None
    if (channel, kind) not in FROM_VIEWER:
        return None
    if kind == "comm_open" and content.get("target_name") not in COMM_TARGETS:
        return None
    texts = [json.dumps(each).encode() for each in (header, parent, metadata, content)]
    return bytes(serialize_msg_to_ws_v1([*texts, *parts[4:]], channel))


def to_viewer(frame: bytes) -> bytes | None:
    """The frame to show to the viewer, or ``None`` if this one must not pass."""
    channel, parts = deserialize_msg_from_ws_v1(frame)
    kind = json.loads(parts[0])["msg_type"]
    if kind not in TO_VIEWER:
        return None
    if kind not in ("error", "stream"):
        return frame
    content = without_source(kind, json.loads(parts[3]))
    if content is None:
        return None
    return bytes(
        serialize_msg_to_ws_v1([*parts[:3], json.dumps(content).encode(), *parts[4:]], channel)
    )


def without_source(kind: str, content: dict[str, Any]) -> dict[str, Any] | None:
    """The content of an iopub message a viewer may see; ``None`` to drop it.

    Tracebacks and warnings quote lines of the notebook.
    """
    if kind == "error":
        return {"ename": "Error", "evalue": FAILED, "traceback": [FAILED]}
    if kind == "stream" and content.get("name") == "stderr":
        return None
    return content


def kind(frame: bytes) -> tuple[str, dict[str, Any]]:
    """Message type and, for ``status`` messages, the content of a frame from a kernel."""
    _, parts = deserialize_msg_from_ws_v1(frame)
    name = json.loads(parts[0])["msg_type"]
    return name, json.loads(parts[3]) if name == "status" else {}
