"""What people lose when slots end, asked of the servers that know; it changes nothing."""

import http.client
import json
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from dashops import client, secrets, targets
from dashops.errors import DashopsError
from dashops.plan import Loss
from dashops.stack import Stack

# Seconds: a plan is worth having without this.
PATIENCE = 3


def find(stack: Stack, ends: Iterable[str]) -> Mapping[str, Loss]:
    """The losses of each of these slots. A server that does not answer makes them unknown."""
    slots = frozenset(ends)
    # One answer stands for both: a kernel ends with its gateway, and with its dashboard server.
    viewing = _viewing(stack) if slots & {"gateway", "dashboard"} else Loss("")
    found = {}
    for slot in sorted(slots):
        if slot == "notebook":
            found[slot] = _authoring(stack)
        elif slot in ("gateway", "dashboard"):
            found[slot] = Loss(slot, viewing.people, viewing.dashboards, unknown=viewing.unknown)
    return found


def _viewing(stack: Stack) -> Loss:
    try:
        # It is asked for a second that it answers at all, or one that hangs would hold up plans.
        _ask(stack, "dashboard", "/readyz", "")
        token = secrets.read(stack.state_dir / "secrets", "deploy-token")
        viewers = client.Server(stack.url("dashboard"), token).status().viewers
    except (OSError, http.client.HTTPException):
        return Loss("", unknown="the dashboard server does not answer")
    except DashopsError as error:
        return Loss("", unknown=f"the dashboard server does not say: {error.message}")
    return Loss("", people=len(viewers), dashboards=len({each.dashboard for each in viewers}))


def _authoring(stack: Stack) -> Loss:
    try:
        told = json.loads(_ask(stack, "notebook", "/api/status", "notebook-token"))
        return Loss("notebook", kernels=int(told["kernels"]))
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError, DashopsError):
        return Loss("notebook", unknown="the notebook server does not answer")


def _ask(stack: Stack, slot: str, path: str, secret: str) -> bytes:
    targets.by_name(stack.target).reach(stack)
    headers = {}
    if secret:
        token = secrets.read(stack.state_dir / "secrets", secret)
        headers["Authorization"] = f"token {token.reveal()}"
    netloc = urlsplit(stack.url(slot)).netloc
    connection = http.client.HTTPConnection(netloc, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().read()
    finally:
        connection.close()
