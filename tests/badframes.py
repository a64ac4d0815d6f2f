"""Frames of a websocket that no browser would send, the same ones at every run."""

import json
import struct

from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1

from dashops.services.dashboard import wall

ALWAYS = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
SECRET = "SECRETSOURCE"
KINDS = some.sampled_from(
    [
        *(kind for _, kind in sorted(wall.FROM_VIEWER)),
        *sorted(wall.TO_VIEWER),
        "execute_request",
        "execute_input",
        "inspect_reply",
        "input_reply",
        "shutdown_request",
    ]
)
CHANNELS = some.sampled_from(["shell", "control", "iopub", "stdin", "", "shell\0", "shell\xff"])
NAMES = some.one_of(some.text(max_size=8), some.sampled_from(["x", "\ud800", "a" * 400, "\n"]))
JSON = some.recursive(
    some.one_of(some.none(), some.booleans(), some.integers(), some.floats(), NAMES),
    lambda inner: some.one_of(
        some.lists(inner, max_size=4), some.dictionaries(some.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)
IDS = some.one_of(NAMES, JSON)
HEADERS = some.one_of(
    JSON,
    some.fixed_dictionaries(
        {"msg_type": some.one_of(KINDS, IDS)},
        optional={
            "msg_id": IDS,
            "session": IDS,
            "date": some.one_of(IDS, some.just("2026-13-99T00:00:00Z")),
            "subshell_id": IDS,
            "more": JSON,
        },
    ),
)
CONTENTS = some.one_of(
    JSON,
    some.fixed_dictionaries(
        {},
        optional={
            "comm_id": IDS,
            "target_name": some.one_of(some.sampled_from(sorted(wall.COMM_TARGETS)), IDS),
            "data": JSON,
            "code": some.just(SECRET),
            "name": some.sampled_from(["stdout", "stderr", 3]),
            "text": some.just(SECRET),
            "traceback": some.just([SECRET]),
            "execution_state": some.one_of(some.sampled_from(["idle", "dead"]), JSON),
        },
    ),
)


def packed(value: object) -> bytes:
    return json.dumps(value).encode()


TEXTS = some.one_of(
    some.binary(max_size=20),
    some.sampled_from([b"[" * 5000, b"{" * 5000, b"9" * 5000, b"1e999", b'{"msg_type": NaN}']),
)
MESSAGES = some.builds(
    lambda channel, texts, buffers: serialize_msg_to_ws_v1([*texts, *buffers], channel),
    CHANNELS,
    some.tuples(
        some.one_of(HEADERS.map(packed), TEXTS),
        some.one_of(JSON.map(packed), TEXTS, some.just(b"{}")),
        some.one_of(JSON.map(packed), TEXTS, some.just(b"{}")),
        some.one_of(CONTENTS.map(packed), TEXTS),
    ),
    some.lists(some.binary(max_size=30), max_size=3),
)
PLACES = some.one_of(some.integers(0, 200), some.integers(0, 2**64 - 1))
FRAMES = some.one_of(
    some.binary(max_size=300),
    MESSAGES,
    # With places that lead anywhere.
    some.builds(
        lambda places, body: struct.pack(f"<{len(places) + 1}Q", len(places), *places) + body,
        some.lists(PLACES, min_size=6, max_size=10),
        some.binary(max_size=200),
    ),
    some.builds(lambda count, body: struct.pack("<Q", count) + body, PLACES, some.binary()),
    some.text(max_size=50),
)
