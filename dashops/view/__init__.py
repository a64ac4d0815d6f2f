"""Everything printed: data to stdout, the rest to stderr. It decides nothing and calls no flow."""

from dashops.view.asking import agree, asks, confirm_plan, confirm_purge
from dashops.view.live import progress
from dashops.view.stacks import WithDiff
from dashops.view.text import as_json, as_text, error

__all__ = [
    "WithDiff",
    "agree",
    "as_json",
    "as_text",
    "asks",
    "confirm_plan",
    "confirm_purge",
    "error",
    "progress",
]
