"""The deploys that run now, each in a task of its own: one name has one at a time."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from dashops import errors
from dashops.services.dashboard import progress, publishing, store

WAITING = 10  # deploys of one name that may wait for the one that runs
REMEMBERED = 50  # ended deploys whose events can still be read


class Deploys:
    """The deploys of this server: one name has one at a time, the next waits or is refused."""

    def __init__(self, settings: Mapping[str, Any], log: Any) -> None:
        self._settings = settings
        self._log = log
        self._store: store.Store = settings["store"]
        self._known: OrderedDict[str, progress.Running] = OrderedDict()
        self._turns: dict[str, tuple[asyncio.Lock, set[str]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def number(self) -> int:
        """How many run or wait."""
        return len(self._tasks)

    def get(self, deploy_id: str) -> progress.Running | None:
        """A deploy that runs or ended a short while ago."""
        return self._known.get(deploy_id)

    def start(self, upload: progress.Upload) -> progress.Running:
        """Begin a deploy, which goes on whether or not anybody follows it.

        Raises:
            errors.DashopsError: when the name has one already that this one may not wait for.
        """
        lock, queued = self._turns.setdefault(upload.name, (asyncio.Lock(), set()))
        if queued and (self._settings["concurrent_deploys"] == "refuse" or len(queued) > WAITING):
            raise errors.DashopsError(
                f"another deploy of `{upload.name}` is running",
                hint="try again when it is done: `dashops deploys` shows it",
            )
        running = progress.Running(self._store.begin(upload.name, upload.author).id, upload.name)
        queued.add(running.id)
        self._known[running.id] = running
        ended = [each for each, known in self._known.items() if known.outcome]
        for each in ended[: max(0, len(ended) - REMEMBERED)]:
            del self._known[each]
        task = asyncio.create_task(self._run(running, upload, lock))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return running

    def _note(self, upload: progress.Upload, outcome: progress.Outcome, *, first: bool) -> None:
        """Note who deployed what; the dashboard is that of who was the first."""
        sender = upload.sender
        if first and outcome.revision and sender.person:
            with contextlib.suppress(store.Unavailable):  # then an operator has to say it
                self._store.own(upload.name, sender.person)
        self._settings["audit"].write(
            "deploy",
            sender.token,
            address=sender.address,
            dashboard=upload.name,
            revision=outcome.revision,
            state=outcome.state,
            author=upload.author,
            commit=upload.commit,
        )

    async def _run(
        self, running: progress.Running, upload: progress.Upload, lock: asyncio.Lock
    ) -> None:
        try:
            if lock.locked():
                running.report("waiting", f"another deploy of `{upload.name}` is running")
            async with lock:
                first = not self._store.revisions(upload.name)
                outcome = await publishing.outcome(self._settings, running, upload, self._log)
                self._note(upload, outcome, first=first)
        finally:
            queued = self._turns[upload.name][1]
            queued.discard(running.id)
            if not queued:
                del self._turns[upload.name]
        with contextlib.suppress(store.Unavailable):  # the author still gets his answer
            message = str(outcome.answer.get("message", ""))
            self._store.finish(running.id, outcome.state, outcome.revision, message)
        running.end(outcome)
