"""A message that is sent while another arrives, over real sockets."""

import asyncio
import select
import time

import zmq.asyncio
from jupyter_client.session import Session

from dashops.services.notebook import channels


async def received_while_sending() -> str:
    """What a channel hears that sends at the moment when its answer is there."""
    session = Session(key=b"secret")
    with zmq.asyncio.Context() as context, context.socket(zmq.ROUTER) as kernel:
        port = kernel.bind_to_random_port("tcp://127.0.0.1")
        with context.socket(zmq.DEALER) as mine:
            mine.connect(f"tcp://127.0.0.1:{port}")
            channel = channels.Channel(mine, session)
            channel.send(session.msg("question"))
            sender, *_ = await kernel.recv_multipart()
            waiting = asyncio.ensure_future(channel.get_msg())
            await asyncio.sleep(0)  # it waits at the socket now
            session.send(kernel, "answer", ident=sender)
            # Without the event loop: it must not see the answer first. ZeroMQ lets a send
            # that follows its last look within a millisecond look at nothing.
            assert select.select([mine.get(zmq.FD)], [], [], 10)[0]
            time.sleep(0.05)
            channel.send(session.msg("update"))
            return str((await asyncio.wait_for(waiting, 5))["header"]["msg_type"])


def test_an_answer_that_comes_while_another_message_is_sent_is_heard() -> None:
    assert asyncio.run(received_while_sending()) == "answer"
