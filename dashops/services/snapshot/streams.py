"""stdout and stderr of a kernel that can lose its sockets: what is written meanwhile is kept."""

import os
import sys
import threading
from typing import Any

from ipykernel.iostream import OutStream


class Stream(OutStream):
    """IPython's output stream; the object stays the same, as log handlers of a notebook hold it."""

    _watched = False
    _should_watch: bool

    def disconnect(self) -> None:
        """Send what there is and end the thread that reads what is written to the file number."""
        self.flush()
        if self._should_watch:
            self._should_watch = False
            os.write(self._original_stdstream_fd, b"\0")  # it waits for something to read
            self.watch_fd_thread.join()
            os.dup2(self._kept, self._original_stdstream_fd)
            os.close(self._fid)
            self._watched = True
        self._flush_pending = True  # nobody to ask for it

    def reconnect(self, pub_thread: Any, session: Any) -> None:
        """Send through this thread and session from now on."""
        self.session = session
        self.pub_thread, self._io_loop = pub_thread, pub_thread.io_loop
        self._master_pid = os.getpid()
        self._buffer_lock = threading.RLock()
        self._flush_pending = self._subprocess_flush_pending = False
        if self._watched:
            self._should_watch = True
            self._setup_stream_redirects(self.name)
        if self._buffers:
            self._schedule_flush()

    def _setup_stream_redirects(self, name: str) -> None:
        number = self._original_stdstream_fd = getattr(sys, f"__{name}__").fileno()
        if not self._watched:
            self._kept = self._original_stdstream_copy = os.dup(number)
        self._fid, end = os.pipe()
        os.dup2(end, number)
        os.close(end)
        self._exc = None
        self.watch_fd_thread = threading.Thread(target=self._watch_pipe_fd, daemon=True)
        self.watch_fd_thread.start()
