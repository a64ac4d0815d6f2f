import json

import pytest
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)

from dashops.services.dashboard import wall


def frame(kind, channel="shell", content=None, buffers=(), header=None):
    parts = [
        json.dumps(header or {"msg_type": kind, "msg_id": "1"}),
        "{}",
        "{}",
        json.dumps(content or {}),
    ]
    return serialize_msg_to_ws_v1([*(part.encode() for part in parts), *buffers], channel)


def read(raw):
    channel, parts = deserialize_msg_from_ws_v1(raw)
    return channel, json.loads(parts[0])["msg_type"], json.loads(parts[3]), parts[4:]


@pytest.mark.parametrize(
    "kind",
    [
        "execute_request",
        "inspect_request",
        "complete_request",
        "history_request",
        "is_complete_request",
        "shutdown_request",
        "interrupt_request",
        "debug_request",
        "create_subshell_request",
        "usage_request",
        "connect_request",
        "input_reply",
        "anything_new",
    ],
)
@pytest.mark.parametrize("channel", ["shell", "control", "stdin", "iopub"])
def test_a_viewer_cannot_ask_a_kernel_for_anything_but_widgets(kind, channel):
    assert wall.from_viewer(frame(kind, channel)) is None


def test_a_widget_message_passes_with_its_buffers():
    sent = frame("comm_msg", content={"comm_id": "c", "data": {}}, buffers=[b"\x00\xff"])
    channel, kind, content, buffers = read(wall.from_viewer(sent))
    assert (channel, kind, content["comm_id"], buffers) == ("shell", "comm_msg", "c", [b"\x00\xff"])


def test_widget_messages_pass_on_the_shell_channel_only():
    assert wall.from_viewer(frame("comm_msg", "control")) is None


def test_only_the_widget_manager_may_open_a_comm():
    wanted = frame("comm_open", content={"target_name": "jupyter.widget.control"})
    other = frame("comm_open", content={"target_name": "jupyter.widget"})
    assert wall.from_viewer(wanted) and wall.from_viewer(other) is None


@pytest.mark.parametrize(
    "bad",
    [
        "text",
        json.dumps({"channel": "shell", "header": {"msg_type": "comm_msg"}}),
        b"",
        b"\x00" * 64,
        b"\xff" * 64,
        frame("comm_msg")[:40],
        serialize_msg_to_ws_v1([b"[]", b"{}", b"{}", b"{}"], "shell"),
        serialize_msg_to_ws_v1([b'{"msg_type": ["comm_msg"]}', b"{}", b"{}", b"{}"], "shell"),
        serialize_msg_to_ws_v1([b"{}", b"{}"], "shell"),
        serialize_msg_to_ws_v1([b"[" * 100_000, b"{}", b"{}", b"{}"], "shell"),
    ],
)
def test_frames_that_are_no_v1_message_are_dropped(bad):
    assert wall.from_viewer(bad) is None


def test_what_passes_is_what_was_judged():
    twice = b'{"msg_type": "execute_request", "msg_type": "comm_msg"}'
    passed = wall.from_viewer(serialize_msg_to_ws_v1([twice, b"{}", b"{}", b"{}"], "shell"))
    assert b"execute_request" not in passed


@pytest.mark.parametrize(
    "kind", ["execute_input", "execute_reply", "inspect_reply", "history_reply", "debug_event"]
)
def test_a_viewer_never_sees_source(kind):
    assert wall.to_viewer(frame(kind, "iopub", {"code": "secret = 1"})) is None


def test_a_traceback_is_replaced():
    error = {"ename": "E", "evalue": "secret", "traceback": ["secret = 1"]}
    shown = wall.to_viewer(frame("error", "iopub", error))
    assert b"secret" not in shown and read(shown)[2]["evalue"] == wall.FAILED


def test_stderr_is_dropped_and_stdout_passes():
    assert wall.to_viewer(frame("stream", "iopub", {"name": "stderr", "text": "x"})) is None
    assert wall.to_viewer(frame("stream", "iopub", {"name": "stdout", "text": "x"}))


def test_binary_outputs_pass_unchanged():
    sent = frame("comm_msg", "iopub", {"comm_id": "c"}, buffers=[bytes(range(256))])
    assert wall.to_viewer(sent) == sent
