"""Whether slots answer, and waiting until they do; it starts and changes nothing."""

import http.client
import time
from collections.abc import Callable

from dashops import secrets
from dashops.errors import ToolError
from dashops.plan import Event
from dashops.stack import Stack
from dashops.targets.local import supervisor
from dashops.targets.local.facts import SLOTS
from dashops.targets.local.logs import log

# What a healthy slot answers with 200, and the secret it wants to see.
PAGES = {
    "gateway": ("/api", "gateway-token"),
    "dashboard": ("/readyz", ""),
    "notebook": ("/api/status", "notebook-token"),
}

# Seconds.
DEADLINE = 120
POLL = 0.05
ONE_ANSWER = 2

# How supervisor calls a process that died before it counted as started.
DYING = ("BACKOFF", "FATAL", "EXITED", "UNKNOWN")

TAIL = 20


def healthy(stack: Stack, slot: str) -> bool:
    """Whether the slot answers its health page now."""
    path, secret = PAGES[slot]
    headers = {}
    if secret:
        token = secrets.read(stack.secret_file(secret).parent, secret)
        headers["Authorization"] = f"token {token.reveal()}"
    port = getattr(stack, slot).port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ONE_ANSWER)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait(stack: Stack, tell: Callable[[Event], None]) -> None:
    """Return when all slots are healthy; ToolError with the end of the log of one that is not."""
    began = time.monotonic()
    waiting = [slot for slot in SLOTS if not healthy(stack, slot)]
    for slot in waiting:
        tell(Event(slot, "start", "wait until it answers"))
    rounds = 0
    while True:
        for slot in [slot for slot in waiting if healthy(stack, slot)]:
            waiting.remove(slot)
            tell(Event(slot, "done", "healthy"))
        if not waiting:
            return
        # Dying is rarer than answering, and asking about it costs more.
        if rounds % 5 == 0:
            _refuse_dying(stack, waiting, tell)
        if time.monotonic() - began > DEADLINE:
            raise _failure(stack, waiting[0], f"did not answer within {DEADLINE} s")
        rounds += 1
        time.sleep(POLL)


def _refuse_dying(stack: Stack, waiting: list[str], tell: Callable[[Event], None]) -> None:
    processes = supervisor.processes(stack.state_dir)
    if processes is None:
        raise _failure(stack, "supervisor", "ended")
    for slot in waiting:
        process = processes.get(slot)
        if process is None or process.state in DYING:
            tell(Event(slot, "failed", "ends as soon as it is started"))
            said = f" ({process.said})" if process and process.said else ""
            raise _failure(stack, slot, f"ends as soon as it is started{said}")


def _failure(stack: Stack, slot: str, what: str) -> ToolError:
    path = log(stack.state_dir, slot)
    lines = path.read_text(errors="replace").splitlines()[-TAIL:] if path.is_file() else []
    subject = "the supervisor" if slot == "supervisor" else f"the {slot} slot"
    return ToolError(
        f"{subject} {what}",
        hint=f"its log ends as shown; all of it: `dashops logs {slot}`",
        where="\n".join([str(path), *(f"  {line}" for line in lines)]),
    )
