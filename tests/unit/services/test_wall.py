import asyncio
import json
import struct

import pytest
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)

from dashops.services.dashboard import pending, wall


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
    content = {"comm_id": "c", "data": {}}
    assert wall.from_viewer(frame("comm_msg", "shell", content=content))
    for channel in ("control", "stdin", "iopub"):
        assert wall.from_viewer(frame("comm_msg", channel, content=content)) is None


def test_only_the_widget_manager_may_open_a_comm():
    wanted = frame("comm_open", content={"comm_id": "c", "target_name": "jupyter.widget.control"})
    other = frame("comm_open", content={"comm_id": "c", "target_name": "jupyter.widget"})
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


def test_a_small_frame_cannot_become_a_large_one():
    """Places that overlap, which Jupyter's reader takes: each buffer is all of the frame."""
    texts = [b'{"msg_type": "comm_msg", "msg_id": "1"}', b"{}", b"{}", b'{"comm_id": "c"}']
    body = b"shell" + b"".join(texts) + bytes(1000)
    count = 900
    begin = 8 * (count + 1)
    places = [begin, begin + 5]
    for text in texts:
        places.append(places[-1] + len(text))
    while len(places) < count:
        places += [begin, begin + len(body)]
    crafted = struct.pack(f"<{count + 1}Q", count, *places[:count]) + body
    assert sum(map(len, deserialize_msg_from_ws_v1(crafted)[1])) > 20 * len(crafted)
    assert wall.from_viewer(crafted) is None


@pytest.mark.parametrize("size", [wall.FRAME, wall.TEXTS])
def test_what_is_too_large_is_dropped(size):
    content = {"comm_id": "c", "data": {}}
    if size == wall.FRAME:
        small, large = (
            frame("comm_msg", content=content, buffers=[bytes(each)])
            for each in (size - 1000, size)
        )
    else:
        small, large = (
            frame("comm_msg", content=content | {"data": "x" * each})
            for each in (size - 1000, size)
        )
    assert wall.from_viewer(small) and wall.from_viewer(large) is None


@pytest.mark.parametrize(
    "header",
    [
        {"msg_type": "comm_msg"},
        {"msg_type": "comm_msg", "msg_id": 1},
        {"msg_type": "comm_msg", "msg_id": "two\nlines of a log"},
        {"msg_type": "comm_msg", "msg_id": "1", "date": "2026-13-99T00:00:00Z"},
        {"msg_type": "comm_msg", "msg_id": "x" * 1000},
    ],
)
def test_a_header_that_a_kernel_would_stumble_over_is_dropped(header):
    assert wall.from_viewer(frame("", content={"comm_id": "c"}, header=header)) is None


def test_only_what_widgets_need_reaches_the_kernel():
    header = {"msg_type": "comm_msg", "msg_id": "1", "subshell_id": "s"}
    content = {"comm_id": "c", "data": {"a": "\ud800"}, "code": "secret"}
    sent = wall.from_viewer(frame("", content=content, header=header))
    assert b"subshell_id" not in sent and b"code" not in sent
    assert read(sent)[2]["data"] == {"a": "?"}, "half a character would break the answer"


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"1e999"])
def test_numbers_that_are_no_json_are_dropped(number):
    parts = [b'{"msg_type": "comm_msg", "msg_id": "1"}', b"{}", b"{}"]
    raw = serialize_msg_to_ws_v1([*parts, b'{"comm_id": "c", "data": ' + number + b"}"], "shell")
    assert wall.from_viewer(raw) is None


def test_a_broken_frame_of_a_notebook_is_left_out():
    huge = struct.pack("<Q", 2**60) + bytes(100)
    for bad in (huge, b"", frame("error")[:60], frame("stream", content=[1])):
        assert wall.to_viewer(bad) is None
        assert wall.status(bad) == ("", "")


def test_a_kernel_is_done_with_what_it_says_and_what_came_before_on_that_channel():
    async def scenario():
        ahead = pending.Pending()
        for number in range(pending.MESSAGES):
            assert number % 100 or not await stuck(ahead)
            assert ahead.sent("shell", f"s{number}", 10)
        assert await stuck(ahead)
        assert not ahead.sent("control", "s5", 10), "an id on its way names one message"
        assert ahead.sent("control", "c", 10)
        ahead.done("c")
        assert await stuck(ahead), "control messages overtake others"
        ahead.done("s3")
        assert not await stuck(ahead)

    asyncio.run(scenario())


def test_bytes_on_their_way_are_bounded_too():
    async def scenario():
        ahead = pending.Pending()
        ahead.sent("shell", "1", pending.BYTES)
        assert await stuck(ahead)
        ahead.give_up()
        assert not await stuck(ahead)

    asyncio.run(scenario())


async def stuck(ahead):
    waiting = asyncio.ensure_future(ahead.room())
    await asyncio.sleep(0)
    done = waiting.done()
    waiting.cancel()
    return not done


def test_what_passes_is_what_was_judged():
    twice = b'{"msg_id": "1", "msg_type": "execute_request", "msg_type": "comm_msg"}'
    content = b'{"comm_id": "c"}'
    passed = wall.from_viewer(serialize_msg_to_ws_v1([twice, b"{}", b"{}", content], "shell"))
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
