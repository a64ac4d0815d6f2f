"""Runs notebooks in kernels of this server; what is sent while it waits costs it no answer."""

from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from traitlets import Type


class Channel(AsyncZMQSocketChannel):
    """Sends and receives on one socket, at one time.

    Jupyter's sends past the event loop. If an answer comes in that moment, ZeroMQ takes its signal
    for seen, and who waits for it waits for ever: pages with Output widgets, whose contents go to
    the kernel while a cell runs, hung so (voila#1428). ZeroMQ asks to look for messages after
    each send, and pyzmq wakes the loop when it finds one.
    """

    def send(self, msg: dict[str, Any]) -> None:
        """Send a message, and see whether another came."""
        super().send(msg)
        self.socket.get(zmq.EVENTS)


class Client(AsyncKernelClient):
    """Jupyter's, with such a channel for what a notebook sends."""

    shell_channel_class = Type(Channel)
