"""What the menu's scripts call: the list of entries, and one of them with a notebook."""

import asyncio
import json
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import iostream, web

from dashops import bundlers, client, errors
from dashops.services.notebook import author, places

Said = dict[str, Any]


class Entries(APIHandler):
    """What the menu offers."""

    auth_resource = "contents"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """`{"entries": [{"id", "label", "broken"}]}`, with packages that were just installed."""
        found = self.settings["dashops_entries"] = self.settings["dashops_look_up"]()
        told = [
            {"id": each.id, "label": each.label, "broken": each.broken} for each in found.values()
        ]
        self.finish(json.dumps({"entries": told}))


class Entry(APIHandler):
    """One entry, which an author has chosen."""

    auth_resource = "contents"

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        """Run it with the saved notebook `{"path"}`.

        The answer is a line of JSON for each thing that happens: `{"phase"}`, `{"text", "done"}`
        and `{"log"}` while it works, at the end `{"link", "text", "notes"}` or `{"failed",
        "hint", "traceback", "cell"}`.
        """
        chosen = self.settings["dashops_entries"].get(name)
        if chosen is None or chosen.bundler is None:
            raise web.HTTPError(404, "There is no entry %s", name)
        asked = self.get_json_body()
        path = asked.get("path") if isinstance(asked, dict) else None
        notebook = await places.notebook(self, path)
        self.set_header("Content-Type", "application/x-ndjson")
        said: asyncio.Queue[Said] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def say(line: Said) -> None:
            loop.call_soon_threadsafe(said.put_nowait, line)

        context = bundlers.Context(
            tell=lambda text, done: say({"text": text, "done": done}),
            phase=lambda name: say({"phase": name}),
            log=lambda line: say({"log": line}),
            author=author.of(self.current_user),
        )
        working = asyncio.ensure_future(self._run(chosen.bundler, notebook, context))
        working.add_done_callback(lambda _: said.put_nowait({}))
        try:
            while line := await said.get():
                await self._say(line)
            await self._say(await working)
        except iostream.StreamClosedError:
            self.log.info("an author left while %s worked, which goes on", chosen.label)

    async def _run(
        self, bundler: bundlers.Bundler, notebook: Path, context: bundlers.Context
    ) -> Said:
        try:
            link = await bundler.bundle(notebook, context)
        except client.NotebookFailed as error:
            found = error.failure
            return {**_failed(error), "traceback": found.traceback, "cell": found.cell}
        except errors.DashopsError as error:
            return _failed(error)
        except Exception as error:
            self.log.exception("%s failed", bundler.label)
            return {"failed": f"{type(error).__name__}: {error}", "hint": ""}
        if not link.url.startswith(("http://", "https://")):
            return {"failed": f"its address is no web page: {link.url}", "hint": ""}
        return {"link": link.url, "text": link.text, "notes": list(link.notes)}

    async def _say(self, line: Said) -> None:
        self.write(json.dumps(line) + "\n")
        await self.flush()


def _failed(error: errors.DashopsError) -> Said:
    return {"failed": error.message, "hint": error.hint}
