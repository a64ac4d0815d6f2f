"""What a viewer may not say to his kernel, over the websocket of his own page."""

import functools
from collections.abc import Callable, Iterable
from typing import Any

from dashops.attack import sockets
from dashops.attack.attempts.attempt import Attempt
from dashops.attack.outcome import GotThrough, sourceless
from dashops.attack.probe import Ground

GROUP = "messages"
CHANNELS = ("shell", "control", "stdin", "iopub")
FLOOD = 2000  # messages at once
ASKED: dict[str, dict[str, Any]] = {
    "execute_request": {
        "code": "print(secret)",
        "silent": False,
        "user_expressions": {"a": "secret"},
    },
    "inspect_request": {"code": "secret", "cursor_pos": 6, "detail_level": 1},
    "complete_request": {"code": "sec", "cursor_pos": 3},
    "is_complete_request": {"code": "1"},
    "history_request": {"hist_access_type": "tail", "n": 99, "output": True, "raw": True},
    "connect_request": {},
    "shutdown_request": {"restart": False},
    "interrupt_request": {},
    "debug_request": {"type": "request", "seq": 1, "command": "debugInfo", "arguments": {}},
    "create_subshell_request": {},
    "list_subshell_request": {},
    "delete_subshell_request": {"subshell_id": "x"},
    "usage_request": {},
    "input_reply": {"value": "x"},
    "input_request": {"prompt": "x", "password": False},
    "apply_request": {},
    "no_such_request": {},
}


def answered(socket: sockets.Socket, *asked: str) -> None:
    """Ask something harmless; GotThrough when the kernel has reacted to one of `asked` before."""
    left = set()
    for channel in ("shell", "control"):
        fence, frame = sockets.message("kernel_info_request", {}, channel)
        socket.send(frame)
        left.add((channel, "kernel_info_reply", fence))
        if channel == "shell":
            left.add(("iopub", "idle", fence))
    try:
        while left:
            frame = socket.receive()
            sourceless(frame.decode(errors="replace"))
            channel, kind, about, content = sockets.read(frame)
            if about in asked:
                raise GotThrough(f"the kernel reacted with `{kind}`")
            state = content.get("execution_state", "") if kind == "status" else ""
            left.discard((channel, state or kind, about))
    except TimeoutError:
        raise GotThrough("the kernel does not answer any more") from None


def dropped(ground: Ground, act: Callable[[sockets.Socket], Iterable[str]]) -> str:
    """Do something with the page's websocket; the kernel must go on, in it or in the next one.

    It must not react to the messages whose ids `act` returns.
    """
    socket = sockets.Socket(ground.page().channels)
    try:
        answered(socket, *act(socket))
    except sockets.Closed:
        return still(ground, "closed")
    finally:
        socket.close()
    return "dropped"


def _send(socket: sockets.Socket, kind: str, channel: str = "shell") -> str:
    name, frame = sockets.message(kind, ASKED[kind], channel)
    socket.send(frame)
    return name


def said(kind: str, ground: Ground) -> str:
    """Say it on each channel."""

    def act(socket: sockets.Socket) -> list[str]:
        answered(socket)
        return [_send(socket, kind, channel) for channel in CHANNELS]

    return dropped(ground, act)


def still(ground: Ground, how: str) -> str:
    """`how`, if the page can go on."""
    socket = sockets.Socket(ground.page().channels)
    try:
        answered(socket)
    except sockets.Closed:
        raise GotThrough("the page is closed for good") from None
    finally:
        socket.close()
    return how


def comm(target: str, ground: Ground) -> str:
    """Open a comm that no page needs."""
    socket = sockets.Socket(ground.page().channels)
    try:
        content = {"comm_id": "x", "target_name": target, "data": {}}
        name, frame = sockets.message("comm_open", content)
        socket.send(frame)
        answered(socket, name)
    finally:
        socket.close()
    return "dropped"


def flood(ground: Ground) -> str:
    """Many at once; the kernel must go on answering."""
    return dropped(ground, lambda socket: [_send(socket, "execute_request") for _ in range(FLOOD)])


ALL = (
    *(Attempt(GROUP, f"`{kind}` on each channel", functools.partial(said, kind)) for kind in ASKED),
    *(
        Attempt(GROUP, f"open a comm to the target `{name}`", functools.partial(comm, name))
        for name in ("jupyter.widget", "attack", "")
    ),
    Attempt(GROUP, f"{FLOOD} `execute_request` at once", flood),
)
