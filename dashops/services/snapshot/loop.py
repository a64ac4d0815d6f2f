"""Gives the event loop of a fork a selector of its own; what is scheduled in it goes on."""

import asyncio
import selectors
from typing import Any


def renew(loop: asyncio.AbstractEventLoop) -> None:
    """Part a loop that does not run from the one it was forked from."""
    # A fork shares the kernel object behind a selector: a change by one would be one for all.
    own: Any = loop
    shared = own._selector
    own._selector = selectors.DefaultSelector()
    for key in list(shared.get_map().values()):
        try:
            own._selector.register(key.fileobj, key.events, key.data)
        except (OSError, ValueError):
            continue  # it was closed since
    shared.close()
    own._close_self_pipe()
    own._make_self_pipe()


def can_be_renewed(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether it is a loop of asyncio's own; others keep state that cannot be forked."""
    names = ("_selector", "_close_self_pipe", "_make_self_pipe")
    return isinstance(loop, asyncio.SelectorEventLoop) and all(hasattr(loop, n) for n in names)
