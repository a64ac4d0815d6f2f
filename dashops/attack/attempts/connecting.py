"""Websockets that are not the page's own, and frames that no browser would send."""

import functools
import json
from collections.abc import Callable

from dashops.attack import sockets
from dashops.attack.attempts import messages
from dashops.attack.attempts.attempt import Attempt
from dashops.attack.outcome import GotThrough
from dashops.attack.probe import Ground

GROUP = "websocket"
FRAME = 10 * 2**20
"""Bytes that the server takes of a viewer; as in wall.py."""
FOREIGN = "http://dashops-attack.invalid"

Connect = Callable[[Ground], sockets.Socket]


def denied(connect: Connect, ground: Ground) -> str:
    """The handshake must not succeed."""
    try:
        connect(ground).close()
    except sockets.Denied as refused:
        return str(refused.status) if refused.status else "closed"
    raise GotThrough("it was connected")


def harmless(data: bytes, kind: int, ground: Ground) -> str:
    """Send bytes as a frame; the kernel must go on, in this connection or the next."""

    def act(socket: sockets.Socket) -> tuple[str, ...]:
        socket.send(data, kind)
        return ()

    return messages.dropped(ground, act)


def mangled(ground: Ground) -> str:
    """Frames that are nearly right, broken in some place, the same ones each time."""

    def act(socket: sockets.Socket) -> tuple[str, ...]:
        for kind, content in messages.ASKED.items():
            for channel in ("shell", "control", "", "shell\0"):
                for each in sockets.broken(sockets.message(kind, content, channel)[1]):
                    assert isinstance(each, bytes)
                    socket.send(each)
        return ()

    return messages.dropped(ground, act)


def oversized(ground: Ground) -> str:
    """A frame over the limit: the connection must end."""
    return _ends(ground, sockets.header(FRAME + 1) + bytes(FRAME + 1))


def endless(ground: Ground) -> str:
    """A frame that says it has a terabyte: it must not be waited for."""
    return _ends(ground, sockets.header(2**40))


def _ends(ground: Ground, data: bytes) -> str:
    socket = sockets.Socket(ground.page().channels)
    try:
        socket.raw(data)
        while True:
            socket.receive()
    except sockets.Closed:
        return messages.still(ground, "closed")
    except TimeoutError:
        raise GotThrough("the connection stays open") from None
    finally:
        socket.close()


def _foreign_kernel(ground: Ground) -> sockets.Socket:
    own, other = ground.page(), ground.page("alice")
    return sockets.Socket(own.channels.replace(own.kernel, other.kernel))


def _no_kernel(ground: Ground) -> sockets.Socket:
    own = ground.page()
    return sockets.Socket(own.channels.replace(own.kernel, "00000000-0000-4000-8000-000000000000"))


def _wrong_key(ground: Ground) -> sockets.Socket:
    own = ground.page()
    return sockets.Socket(f"ws{own.origin[4:]}/c/{'x' * 43}/api/kernels/{own.kernel}/channels")


def _on_main(ground: Ground) -> sockets.Socket:
    url = f"ws{ground.main[4:]}/api/kernels/{ground.page().kernel}/channels"
    return sockets.Socket(url, headers=[("Cookie", ground.viewer().cookie)])


def _on_gateway(ground: Ground) -> sockets.Socket:
    return sockets.Socket(f"ws{ground.gateway[4:]}/api/kernels/{ground.page().kernel}/channels")


def _from(origin: str | None, ground: Ground) -> sockets.Socket:
    return sockets.Socket(ground.page().channels, origin=origin)


def _from_main(ground: Ground) -> sockets.Socket:
    return _from(ground.main, ground)


def _as(protocol: str | None, ground: Ground) -> sockets.Socket:
    return sockets.Socket(ground.page().channels, protocol)


def _host(ground: Ground) -> sockets.Socket:
    return sockets.Socket(ground.page().channels, headers=[("Host", "dashops-attack.invalid")])


_LEGACY = {"channel": "shell", "header": {"msg_type": "execute_request"}, "content": {"code": "1"}}
_CONNECTIONS: dict[str, Connect] = {
    "another viewer's kernel, with the own key": _foreign_kernel,
    "a kernel that does not exist": _no_kernel,
    "the own kernel, with a key that nobody made": _wrong_key,
    "the own kernel on the main origin, with the login": _on_main,
    "the own kernel at the gateway, without its token": _on_gateway,
    "as a page of another site": functools.partial(_from, FOREIGN),
    "as a page of the main origin": _from_main,
    "without saying which page": functools.partial(_from, None),
    "without a subprotocol, as clients of before": functools.partial(_as, None),
    "with another subprotocol": functools.partial(_as, "attack"),
    "with another Host": _host,
}
_FRAMES = {
    "an empty frame": (b"", sockets.BINARY),
    "random bytes": (b"\xff" * 200, sockets.BINARY),
    "a frame of places that lead nowhere": (b"\x06" + bytes(60), sockets.BINARY),
    "a frame of a thousand parts": (
        sockets.framed("shell", *[b"{}"] * 1500),
        sockets.BINARY,
    ),
    "JSON nested without end": (
        sockets.framed("shell", b"[" * 100_000, b"{}", b"{}", b"{}"),
        sockets.BINARY,
    ),
    "a message of the legacy protocol": (json.dumps(_LEGACY).encode(), sockets.TEXT),
}
ALL = (
    *(
        Attempt(GROUP, f"connect: {name}", functools.partial(denied, connect))
        for name, connect in _CONNECTIONS.items()
    ),
    *(
        Attempt(GROUP, f"send {name}", functools.partial(harmless, *frame))
        for name, frame in _FRAMES.items()
    ),
    Attempt(GROUP, "send messages broken in some place", mangled),
    Attempt(GROUP, f"send a frame of {FRAME + 1} bytes", oversized),
    Attempt(GROUP, "announce a frame of a terabyte", endless),
)
