"""The server's own Jupyter client, with a socket passed in."""

import asyncio
from types import SimpleNamespace

import pytest
from jupyter_client.session import Session
from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1

from dashops.services.dashboard import channels


class Socket:
    """Gives its frames, then says that it is closed."""

    def __init__(self, *frames: bytes) -> None:
        self.frames = list(frames)

    async def read_message(self) -> bytes | None:
        return self.frames.pop(0) if self.frames else None


def printed(size: int) -> bytes:
    session = Session(key=b"")
    message = session.msg("stream", {"name": "stdout", "text": "x" * size})
    return serialize_msg_to_ws_v1(message, "iopub", session.pack)


def heard(*frames: bytes, count: int) -> list[int]:
    """How long the texts of that many messages are."""

    async def listen() -> list[int]:
        client = channels.Client(kernel=None)
        await client._read(Socket(*frames))
        messages = [await client.iopub_channel.get_msg(timeout=5) for _ in range(count)]
        return [len(message["content"]["text"]) for message in messages]

    return asyncio.run(listen())


def test_output_arrives_whole() -> None:
    assert heard(printed(10), printed(9_000_000), count=2) == [10, 9_000_000]


def test_a_closed_socket_is_a_kernel_that_is_gone() -> None:
    with pytest.raises(RuntimeError, match="the kernel is gone"):
        heard(printed(10), count=2)


def test_output_without_end_is_cut_off() -> None:
    half = printed(channels.OUTPUT_LIMIT // 2 + 1)
    with pytest.raises(channels.TooMuchOutput, match="more than 100 MB"):
        heard(half, half, count=2)


def test_the_gateway_gets_another_session_than_the_questions_are_of() -> None:
    named: list[str] = []

    class Gateway:
        async def connect(self, _kernel: str, session: str) -> Socket:
            named.append(session)
            raise ConnectionError

    async def start() -> str:
        client = channels.Client(SimpleNamespace(gateway=Gateway(), kernel_id="k"))
        with pytest.raises(ConnectionError):
            await client.start_channels()
        return str(client.session.msg_id)

    # Ids are the session, the process and a number, and in containers processes have one number.
    ours = asyncio.run(start())
    assert not ours.startswith(named[0])
