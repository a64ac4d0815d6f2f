"""How what a host lacks prints: a line for each thing looked at, then what to do about it."""

import contextlib
import time
from collections.abc import Callable

from dashops import hosts
from dashops.errors import DashopsError
from dashops.view import text
from dashops.view.text import as_text, say

MARKS = {"ok": ("✓", "green"), "note": ("!", "yellow"), "prepare": ("✗", "red")}
MARKS["error"] = MARKS["prepare"]


@as_text.register
def _(value: hosts.Checked) -> None:
    width = max(len(each.name) for each in value.found)
    for each in value.found:
        fix = f": {each.fix}" if each.fix else ""
        say(f"{text.paint(*MARKS[each.level])} {each.name:<{width}}  {each.what}{fix}")


@as_text.register
def _(value: hosts.Brought) -> None:
    text.note(f"from `{value.host}`, until Ctrl-C")
    say(*(f"{slot:<10} {url}" for slot, url in value.urls.items()))


def until_interrupted(keep: Callable[[], object], every: float = 10) -> None:
    """Call `keep` every so many seconds until Ctrl-C."""
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(every)
            try:
                keep()
            except DashopsError as error:
                text.note(f"{error.message}; trying again")
