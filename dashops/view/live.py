"""Progress while a verb works: a live display on a terminal, plain lines when piped."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dashops.plan import Event
from dashops.view import text

MARKS = {"done": ("✓", "green"), "failed": ("✗", "red"), "note": ("·", "dim")}
FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
REFRESH = 0.1
# Seconds after which a plain line says that something is done.
LONG = 2
BAR = 24


@contextmanager
def progress() -> Iterator[Callable[[Event], None]]:
    """Yield the `tell` function that flow functions report to; everything goes to stderr.

    The message of a KeyboardInterrupt says what becomes of what was begun.
    """
    stream = sys.stderr
    live = stream.isatty() and os.environ.get("TERM") != "dumb"
    display = Display() if live else None
    try:
        yield display.tell if display else Lines().tell
    except KeyboardInterrupt as interruption:
        if display:
            display.close()
        text.note("", f"interrupted; {str(interruption) or 'the same command goes on from here'}")
        raise
    finally:
        if display:
            display.close()


class Lines:
    """One plain line for each thing that begins, fails or took a while."""

    def __init__(self) -> None:
        self._began: dict[str, float] = {}
        self._said: dict[str, str] = {}

    def tell(self, event: Event) -> None:
        """Print the event, unless it says nothing new."""
        now = time.monotonic()
        seconds = now - self._began.get(event.subject, now)
        if event.state == "start":
            self._began[event.subject] = now
            self._said[event.subject] = event.text
            text.note(f"{event.subject}: {event.text}")
        elif event.state == "done" and event.text == self._said.get(event.subject):
            text.note(f"{event.subject}: done after {seconds:.0f} s") if seconds >= LONG else None
        elif event.state != "progress":
            after = f" after {seconds:.1f} s" if event.state == "done" else ""
            text.note(f"{event.subject}: {event.text}{after}")


class Display:
    """One line for each subject, redrawn in place by a thread until closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[str, Event] = {}
        self._began: dict[str, float] = {}
        self._ended: dict[str, float] = {}
        self._drawn = 0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._draw_on, daemon=True)

    def tell(self, event: Event) -> None:
        """Show the event in the line of its subject."""
        with self._lock:
            if event.state == "start":
                self._began[event.subject] = time.monotonic()
            if event.state in MARKS:
                self._ended[event.subject] = time.monotonic()
            self._events[event.subject] = event
            if not self._thread.ident:
                self._thread.start()

    def close(self) -> None:
        """Draw the last state and stop."""
        if self._closed.is_set():
            return
        self._closed.set()
        if self._thread.ident:
            self._thread.join()
            self._draw()

    def _draw_on(self) -> None:
        while not self._closed.wait(REFRESH):
            self._draw()

    def _draw(self) -> None:
        with self._lock:
            width = _columns()
            lines = [self._line(event, width) for event in self._events.values()]
            up = f"\x1b[{self._drawn}A" if self._drawn else ""
            sys.stderr.write(up + "".join(f"\x1b[2K{line}\n" for line in lines))
            sys.stderr.flush()
            self._drawn = len(lines)

    def _line(self, event: Event, width: int) -> str:
        began = self._began.get(event.subject, time.monotonic())
        mark, colour = MARKS.get(event.state, (FRAMES[int(time.monotonic() * 10) % 10], "yellow"))
        until = self._ended[event.subject] if event.state in MARKS else time.monotonic()
        seconds = f"{until - began:.1f} s"
        bar = ""
        if event.state == "progress" and event.total:
            full = round(BAR * min(1.0, event.done / event.total))
            bar = f" {'━' * full}{'─' * (BAR - full)} {event.done / event.total:4.0%}"
        # One cell a line is left free, or some terminals wrap.
        body = f"{event.subject:<12} {event.text}{bar}  {seconds}"[: width - 4]
        return f"{text.paint(mark, colour, sys.stderr)} {body}"


def _columns() -> int:
    # stdout may be piped while stderr is the terminal, so shutil's answer is not ours.
    try:
        # A terminal of unknown size says 0.
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:
        return 80
