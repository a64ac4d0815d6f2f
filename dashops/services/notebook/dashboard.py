"""The entry for a dashboard server: what `dashops deploy-notebook` does, from the menu."""

import asyncio
from pathlib import Path

from dashops import bundle, bundlers, client, errors

LIMIT = 2**30
"""Bytes of an upload, unpacked, as it is held in memory; the server may allow less."""


class Dashboard:
    """Publishes on one server, with a token that its file has at that moment."""

    def __init__(self, name: str, url: str, token_file: str) -> None:
        self.label = f"Dashboard on {name}"
        self._url = url
        self._token_file = Path(token_file)

    async def bundle(self, notebook: Path, context: bundlers.Context) -> bundlers.Link:
        """Publish under the name of the file.

        Raises:
            DashopsError: when the notebook cannot be packed, sent, or run there.
        """
        return await asyncio.to_thread(self._publish, notebook, context.tell)

    def _publish(self, notebook: Path, tell: bundlers.Tell) -> bundlers.Link:
        name = bundle.name_for(notebook)
        server = client.Server(self._url, self._token())
        tell("Reading the notebook and its files", None)
        data = bundle.pack(bundle.collect(notebook, (), LIMIT))

        def sent(done: int, total: int) -> None:
            tell("Sending", done / total if total else None)

        def happened(what: client.Happening) -> None:
            if what.phase:  # else a line of the log
                tell(f"{what.phase.capitalize()}: {what.text}", what.percent / 100)

        done = server.upload(name, data, sent, {}, happened)
        if done.unchanged:
            return bundlers.Link(done.link, f"{done.title}: nothing changed since last time")
        return bundlers.Link(done.link, f"{done.title}: revision {done.revision} is published")

    def _token(self) -> client.Secret:
        try:
            return client.Secret(self._token_file.read_text("utf-8").strip())
        except (OSError, UnicodeError) as error:
            raise errors.ToolError(
                f"the token for `{self._url}` cannot be read: {type(error).__name__}",
                hint="the operator of this notebook server sets `Dashops.servers`",
            ) from error
