"""The entry for a dashboard server: what `dashops deploy-notebook` does, from the menu."""

import asyncio
from pathlib import Path

from dashops import bundle, bundlers, client, errors
from dashops.services.notebook import author, preflight, target


class Dashboard:
    """Publishes on one server."""

    def __init__(self, name: str, url: str, token_file: str) -> None:
        self.label = f"Dashboard on {name}"
        self.target = target.Target(name, url, token_file)

    async def bundle(self, notebook: Path, context: bundlers.Context) -> bundlers.Link:
        """Publish under the name of the file.

        Raises:
            DashopsError: when the notebook cannot be packed, sent, or run there.
        """
        return await asyncio.to_thread(self._publish, notebook, context)

    def _publish(self, notebook: Path, context: bundlers.Context) -> bundlers.Link:
        name = bundle.name_for(notebook)
        with self.target.server() as server:
            context.phase("upload")
            context.tell("reading the notebook and its files", None)
            packed = bundle.collect(notebook, (), preflight.LIMIT)

            def sent(done: int, total: int) -> None:
                context.tell("sending", done / total if total else None)

            phase = "upload"

            def happened(what: client.Happening) -> None:
                nonlocal phase
                if not what.phase:
                    context.log(what.text)
                    return
                if what.phase != phase:
                    phase = what.phase
                    context.phase(phase)
                context.tell(what.text, what.percent / 100)

            before = _shown(server, name)
            about = author.origin(notebook, context.author).fields
            done = server.upload(name, bundle.pack(packed), sent, about, happened)
            if done.unchanged:
                text = f"{done.title}: nothing changed since last time"
                return bundlers.Link(done.link, text, done.warnings)
            text = f"{done.title}: revision {done.revision} is published"
            return bundlers.Link(
                done.link, text, (*_changed(server, name, before, done.revision), *done.warnings)
            )


def _shown(server: client.Server, name: str) -> int | None:
    """The revision that viewers see; none where the name is new."""
    try:
        found = server.revisions(name)
    except errors.SpecError:
        return None
    return next((each.revision for each in found if each.state == "active"), None)


def _changed(server: client.Server, name: str, before: int | None, now: int) -> tuple[str, ...]:
    """What viewers get that they did not get before."""
    if before is None:
        return ()
    try:
        old, new = (
            bundle.unpack(server.bundle(name, number), preflight.LIMIT) for number in (before, now)
        )
    except errors.DashopsError as error:  # it is published, and that is what counts
        return (f"what changed since revision {before} is not known: {error.message}",)
    found = bundle.changes.sentences(old, new)
    return tuple(f"since revision {before}: {each}" for each in found)
