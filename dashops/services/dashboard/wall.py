"""What may pass between a viewer's browser and a kernel, both ways; pure, it sends nothing.

Messages are Jupyter's (https://jupyter-client.readthedocs.io/en/stable/messaging.html) in the
``v1.kernel.websocket.jupyter.org`` framing. What is not named here does not pass.
"""

import json
import struct
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1

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
FRAME = 10 * 2**20  # bytes from a viewer: room for a file that he hands to an upload widget
TEXTS = 4 * 2**20  # bytes of them that are JSON, which takes many times that while it is read
MOST_PARTS = 1000  # of a frame: channel, four texts, an end, and buffers
LONGEST = 300  # characters of a name; a UUID has 36
FAILED = "An error occurred in this dashboard"
PARTS = ("header", "parent_header", "metadata", "content")
HEADER = ("msg_id", "msg_type", "username", "session", "version", "date")
CONTENT = {
    "comm_open": ("comm_id", "target_name", "data"),
    "comm_close": ("comm_id", "data"),
    "comm_msg": ("comm_id", "data"),
    "comm_info_request": ("target_name",),
    "kernel_info_request": (),
}


def from_viewer(frame: str | bytes) -> bytes | None:
    """The frame to send on to the kernel, or ``None`` if this one must not pass.

    The result is written anew from what was parsed, so that gateway and kernel can not read
    another message in it than was judged here. What no widget needs is left out of it.
    """
    if isinstance(frame, str) or len(frame) > FRAME:
        return None
    parts = _split(frame)
    if parts is None or len(parts) >= MOST_PARTS or sum(map(len, parts[1:5])) > TEXTS:
        return None
    try:
        channel = parts[0].decode("ascii")
        header, _, metadata, content = (json.loads(part, parse_constant=_no) for part in parts[1:5])
        kind = header["msg_type"]
        if (channel, kind) not in FROM_VIEWER or not isinstance(metadata, dict):
            return None
        header, content = _header(header), _content(kind, content)
        if header is None or content is None:
            return None
        texts = [_text(each) for each in (header, {}, metadata, content)]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return bytes(serialize_msg_to_ws_v1([*texts, *parts[5:]], channel))


def _split(frame: bytes) -> list[bytes] | None:
    """The channel, the four texts and the buffers of a frame, which follow each other in it.

    Jupyter's own reader takes any number of places, and places that overlap: a thousand buffers
    could each be all of the frame, megabytes here would be gigabytes on the way to the kernel.
    """
    count = int.from_bytes(frame[:8], "little")
    if count < 6 or len(frame) < 8 * (count + 1):
        return None
    places = struct.unpack_from(f"<{count}Q", frame, 8)
    if places[0] != 8 * (count + 1) or places[-1] != len(frame):
        return None
    if any(begin > end for begin, end in pairwise(places)):
        return None
    return [frame[begin:end] for begin, end in pairwise(places)]


def _header(header: Mapping[str, Any]) -> dict[str, str] | None:
    """Of a header what a kernel reads; ``None`` when that is not as it should be."""
    kept = {name: header[name] for name in HEADER if name in header}
    if "msg_id" not in kept or not all(map(_is_name, kept.values())):
        return None
    # A kernel reads the date of each message, and takes none of one that is no date.
    datetime.fromisoformat(kept.get("date") or "2000-01-01")
    return kept


def _content(kind: str, content: Mapping[str, Any]) -> dict[str, Any] | None:
    """Of a content what a kernel reads; ``None`` when that must not pass."""
    kept = {name: content[name] for name in CONTENT[kind] if name in content}
    if not all(_is_name(value) for name, value in kept.items() if name != "data"):
        return None
    if "comm_id" in CONTENT[kind] and "comm_id" not in kept:
        return None
    if kind == "comm_open" and kept.get("target_name") not in COMM_TARGETS:
        return None
    return kept


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST and (not value or value.isprintable())


def _text(part: Mapping[str, Any]) -> bytes:
    """JSON that every kernel can read: half of a character or an endless number is none."""
    return json.dumps(part, ensure_ascii=False, allow_nan=False).encode(errors="replace")


def _no(constant: str) -> None:
    raise ValueError(constant)


def to_viewer(frame: bytes) -> bytes | None:
    """The frame to show to the viewer, or ``None`` if this one must not pass."""
    read = _read(frame)
    if read is None:
        return None
    channel, kind, parts, content = read
    if kind not in TO_VIEWER:
        return None
    if kind not in ("error", "stream"):
        return frame
    shown = without_source(kind, content)
    if shown is None:
        return None
    texts = [*parts[:3], json.dumps(shown).encode()]
    return bytes(serialize_msg_to_ws_v1([*texts, *parts[4:]], channel))


def _read(frame: bytes) -> tuple[str, str, list[bytes], dict[str, Any]] | None:
    """Channel, kind, parts and, where it matters, content of a frame from a kernel, if it is one.

    A notebook may send what it likes through the kernel's own session: then that is lost, and
    not the page.
    """
    split = _split(frame)
    if split is None:
        return None
    parts = split[1:]
    try:
        channel = split[0].decode("ascii")
        kind = json.loads(parts[0])["msg_type"]
        content = json.loads(parts[3]) if kind in ("error", "stream", "status") else {}
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    if not isinstance(kind, str) or not isinstance(content, dict):
        return None
    return channel, kind, parts, content


def without_source(kind: str, content: dict[str, Any]) -> dict[str, Any] | None:
    """The content of an iopub message a viewer may see; ``None`` to drop it.

    Tracebacks and warnings quote lines of the notebook.
    """
    if kind == "error":
        return {"ename": "Error", "evalue": FAILED, "traceback": [FAILED]}
    if kind == "stream" and content.get("name") == "stderr":
        return None
    return content


def status(frame: bytes) -> tuple[str, str]:
    """The state that a kernel says it is in, and the id of the message it says so about.

    Both are empty for any other frame.
    """
    read = _read(frame)
    if read is None or read[1] != "status":
        return "", ""
    _, _, parts, content = read
    try:
        about = json.loads(parts[1]).get("msg_id")
    except (ValueError, AttributeError, RecursionError):
        about = ""
    return str(content.get("execution_state", "")), str(about or "")


def address(frame: bytes) -> tuple[str, str]:
    """Channel and id of a message that `from_viewer` made."""
    channel, header, *_ = _split(frame) or [b"", b"{}"]
    return channel.decode(), str(json.loads(header).get("msg_id", ""))
