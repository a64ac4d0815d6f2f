"""Runs a new revision and looks at its page the way a viewer would, before any viewer gets it."""

from collections.abc import Mapping
from typing import Any

from dashops.services.dashboard import progress, store
from dashops.services.dashboard.gate import browser, openings
from dashops.services.dashboard.gate.trial import Trial
from dashops.services.dashboard.gate.verdict import Verdict

__all__ = ["Verdict", "browser", "check", "openings"]


async def check(
    settings: Mapping[str, Any], revision: store.Revision, log: Any, tell: progress.Report
) -> Verdict:
    """Run every cell twice, the second time so that viewers can go on there, and use the page.

    ``tell`` gets the phase, ``execute`` or ``verify``, and what is being done.

    Raises:
        web.HTTPError: 503 when no gateway can start a kernel or the one that ran it is gone.
    """
    settings["browser"].warm()
    return await Trial(settings, revision, log, tell).verdict()
