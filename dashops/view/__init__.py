"""Everything printed: data to stdout, the rest to stderr. It decides nothing and calls no flow."""

from dashops.view import (  # noqa: F401  register how values print
    administration,
    attempts,
    checks,
    hosts,
    images,
    past,
    people,
    plugins,
    recipes,
    revisions,
)
from dashops.view.asking import (
    agree,
    asks,
    confirm_plan,
    confirm_purge,
    confirm_remove,
    confirm_unlock,
    new_password,
)
from dashops.view.dashboards import announce, browse, step
from dashops.view.failures import error, failures
from dashops.view.hosts import until_interrupted
from dashops.view.live import progress
from dashops.view.preflight import findings
from dashops.view.stacks import WithDiff
from dashops.view.text import as_json, as_text, document
from dashops.view.top import watch, watched

__all__ = [
    "WithDiff",
    "agree",
    "announce",
    "as_json",
    "as_text",
    "asks",
    "browse",
    "confirm_plan",
    "confirm_purge",
    "confirm_remove",
    "confirm_unlock",
    "document",
    "error",
    "failures",
    "findings",
    "new_password",
    "progress",
    "step",
    "until_interrupted",
    "watch",
    "watched",
]
