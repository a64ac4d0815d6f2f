"""What the menu's scripts call: the list of entries, and one of them with a notebook."""

import asyncio
import json
from pathlib import Path
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import iostream, web

from dashops import bundlers, client, errors

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

        The answer is a line of JSON for each thing that happens: `{"text", "done"}` while it
        works, at the end `{"link", "text"}` or `{"failed", "hint", "traceback"}`.
        """
        chosen = self.settings["dashops_entries"].get(name)
        if chosen is None or chosen.bundler is None:
            raise web.HTTPError(404, "There is no entry %s", name)
        notebook = await self._notebook()
        self.set_header("Content-Type", "application/x-ndjson")
        said: asyncio.Queue[Said] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def tell(text: str, done: float | None) -> None:
            loop.call_soon_threadsafe(said.put_nowait, {"text": text, "done": done})

        working = asyncio.ensure_future(self._run(chosen.bundler, notebook, tell))
        working.add_done_callback(lambda _: said.put_nowait({}))
        try:
            while line := await said.get():
                await self._say(line)
            await self._say(await working)
        except iostream.StreamClosedError:
            self.log.info("an author left while %s worked, which goes on", chosen.label)

    async def _run(self, bundler: bundlers.Bundler, notebook: Path, tell: bundlers.Tell) -> Said:
        try:
            link = await bundler.bundle(notebook, bundlers.Context(tell))
        except client.NotebookFailed as error:
            return {**_failed(error), "traceback": error.failure.traceback}
        except errors.DashopsError as error:
            return _failed(error)
        except Exception as error:
            self.log.exception("%s failed", bundler.label)
            return {"failed": f"{type(error).__name__}: {error}", "hint": ""}
        if not link.url.startswith(("http://", "https://")):
            return {"failed": f"its address is no web page: {link.url}", "hint": ""}
        return {"link": link.url, "text": link.text}

    async def _say(self, line: Said) -> None:
        self.write(json.dumps(line) + "\n")
        await self.flush()

    async def _notebook(self) -> Path:
        """The file of the notebook that is asked for; one out of reach is not there."""
        asked = self.get_json_body()
        path = asked.get("path") if isinstance(asked, dict) else None
        if not isinstance(path, str) or not path.endswith(".ipynb"):
            raise web.HTTPError(400, "`path` names no notebook")
        # Raises what it answers for a path outside of its root, or a hidden one.
        if not await ensure_async(self.contents_manager.file_exists(path)):
            raise web.HTTPError(404, "There is no notebook %s", path)
        locate = getattr(self.contents_manager, "_get_os_path", None)
        if locate is None:
            raise web.HTTPError(409, "This server keeps its notebooks elsewhere than in files")
        return Path(locate(path.strip("/")))


def _failed(error: errors.DashopsError) -> Said:
    return {"failed": error.message, "hint": error.hint}
