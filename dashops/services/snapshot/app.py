"""The kernel's application, which can be without sockets and threads; one shell all the time."""

import os
import random
import sys
import uuid
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp

PORTS = ("shell_port", "iopub_port", "stdin_port", "hb_port", "control_port")
STREAM = f"{__name__.rpartition('.')[0]}.streams.Stream"


class Kernel(IPythonKernel):
    """IPython's kernel, which is made once and can be given new sockets."""

    banner = ""  # IPython would take one of the notebook's random numbers to choose a tip

    @classmethod
    def instance(cls, *args: Any, **parts: Any) -> Any:
        """The one kernel; a second call gives it the parts that a new one would have got."""
        if cls.initialized() and parts:
            return cls._instance.attach(**parts)
        return super().instance(*args, **parts)

    def attach(self, **parts: Any) -> "Kernel":
        """Use these streams, sockets and threads from now on."""
        for name in ("parent", "log", "profile_dir", "user_ns", "debugpy_stream"):
            parts.pop(name, None)
        for name, part in parts.items():
            setattr(self, name, part)
        if queue := getattr(self, "control_queue", None):  # of ipykernel 6, bound to an old loop
            self.control_queue = type(queue)()
        self.debugpy_stream = None  # nobody debugs what viewers use
        shell: Any = self.shell
        for publisher in (shell.displayhook, shell.display_pub):
            publisher.session, publisher.pub_socket = self.session, self.iopub_socket
        return self


class App(IPKernelApp):
    """Starts the kernel; ``detach`` and ``attach`` take its sockets and threads away and back."""

    kernel_class = Kernel
    outstream_class = STREAM

    def init_sockets(self) -> None:
        """Open them; large messages are copied, as zmq has a thread for those that are not."""
        self.session.copy_threshold = sys.maxsize
        super().init_sockets()

    def init_poller(self) -> None:
        """Left out: the end of the gateway is seen elsewhere, without a thread."""

    def configure_tornado_logger(self) -> None:
        """Once, not at every fork."""
        if self.iopub_thread is None:
            super().configure_tornado_logger()

    def init_io(self) -> None:
        """Redirect output; the streams are kept, as a notebook's log handlers may hold them."""
        if self.kernel is None:
            super().init_io()
            self._streams: Any = (sys.stdout, sys.stderr)
            return
        for stream in self._streams:
            stream.reconnect(self.iopub_thread, self.session)
        self.displayhook.session, self.displayhook.pub_socket = self.session, self.iopub_socket

    def close(self) -> None:
        """Close the sockets, but first the threads that use them: one would wait for ever."""
        for name in ("control_thread", "shell_channel_thread"):
            thread = getattr(self, name, None)  # the latter is new in ipykernel 7
            if thread and thread.is_alive():
                thread.stop()
                thread.join()
        super().close()

    def detach(self) -> None:
        """Close all sockets and end all threads; nothing runs but the caller."""
        for stream in self._streams:
            stream.disconnect()
        # Whatever a notebook has put there stays there.
        kept = sys.stdout, sys.stderr, sys.displayhook
        self.close()
        sys.stdout, sys.stderr, sys.displayhook = kept
        self.heartbeat.join()
        self.context = None

    def attach(self, connection_file: str | None = None) -> dict[str, int]:
        """Open sockets and start threads again, in this process or in a fork of it.

        Args:
            connection_file: where the key is, if not where it was. Its ports are not used, as
                another process may have taken them since.

        Returns:
            the ports by name, as in a connection file.
        """
        numbers = random.getstate()
        if connection_file:
            self.connection_file = connection_file
            self.session.pid = os.getpid()
            self.session.session = uuid.uuid4().hex
            self.load_connection_file()
            for port in PORTS:
                setattr(self, port, 0)
        self.init_sockets()
        self.init_heartbeat()
        self.log_connection_info()
        self.init_io()
        self.init_kernel()
        random.setstate(numbers)  # zmq takes one for a port, and the notebook may have set a seed
        return {port: getattr(self, port) for port in PORTS}
