"""Ends a gateway whose event loop stands still, so that its supervisor starts a living one."""

import faulthandler
import sys

from tornado import ioloop

STUCK = 30  # seconds; nothing in the loop takes a tenth of that
BEAT = 5  # seconds


def start() -> None:
    """Watch the loop of this thread; where it stood is then in the log."""

    def beat() -> None:
        faulthandler.dump_traceback_later(STUCK, exit=True, file=sys.stderr)

    # Not before the loop runs: what comes first, the imports, may take its time.
    ioloop.PeriodicCallback(beat, BEAT * 1000).start()
