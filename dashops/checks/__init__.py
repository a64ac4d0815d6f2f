"""Checks of a running stack, for operators and CI alike; they leave nothing behind.

Run by `dashops smoke`, on every target. What only one target has is checked in `test_<target>.py`;
all others ask `target.hosts()` and `target.slots()`. The docstring of a check is its title, with
its parameters in braces; its asserts carry the reason in words, because nothing else is shown.
"""
