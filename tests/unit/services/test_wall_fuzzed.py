"""Ten thousand frames no browser would send against the wall, and what comes through it."""

import json

from badframes import ALWAYS, FRAMES, SECRET
from hypothesis import given, settings
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1

from dashops.attack.sockets import broken
from dashops.services.dashboard import wall


def strict(part):
    def no(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(part.decode("utf-8"), parse_constant=no)


@settings(ALWAYS, max_examples=1400)
@given(FRAMES)
def test_what_passes_to_a_kernel_is_small_plain_and_allowed(frame):
    for each in broken(frame):
        judge(each)


def judge(frame):
    passed = wall.from_viewer(frame)
    if passed is None:
        return
    assert isinstance(frame, bytes) and len(passed) <= len(frame) + 2000
    channel, parts = deserialize_msg_from_ws_v1(passed)
    header, parent, metadata, content = map(strict, parts[:4])
    assert (channel, header["msg_type"]) in wall.FROM_VIEWER
    assert set(header) <= set(wall.HEADER) and parent == {} and isinstance(metadata, dict)
    assert set(content) <= set(wall.CONTENT[header["msg_type"]])
    for name in (*header.values(), content.get("comm_id", ""), content.get("target_name", "")):
        assert isinstance(name, str) and len(name) <= wall.LONGEST
    if header["msg_type"] == "comm_open":
        assert content["target_name"] in wall.COMM_TARGETS
    assert wall.from_viewer(passed) == passed, "what passed once passes as it is"
    assert wall.address(passed) == (channel, header["msg_id"])


@settings(ALWAYS, max_examples=1000)
@given(FRAMES.filter(lambda frame: isinstance(frame, bytes)))
def test_what_a_notebook_sends_ends_no_page_and_shows_no_source(frame):
    for each in broken(frame):
        look(each)


def look(frame):
    state, about = wall.status(frame)
    assert isinstance(state, str) and isinstance(about, str)
    shown = wall.to_viewer(frame)
    if shown is None:
        return
    _, parts = deserialize_msg_from_ws_v1(shown)
    kind = json.loads(parts[0])["msg_type"]
    assert kind in wall.TO_VIEWER
    if kind == "error":
        assert SECRET.encode() not in parts[3]
    if kind == "stream" and json.loads(parts[3]).get("name") == "stderr":
        raise AssertionError("stderr was shown")
