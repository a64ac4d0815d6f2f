"""What the menu's scripts call: the list of entries, and one of them with a notebook."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import iostream, web

from dashops import bundlers, client, errors
from dashops.services.notebook import author, entries, places

Said = dict[str, Any]


class Entries(APIHandler):
    """What the menu offers."""

    auth_resource = "contents"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """What is installed now: `{"entries": [{"id", "label", "group", "broken", "here"}]}`."""
        found = self.settings["dashops_entries"] = self.settings["dashops_look_up"]()
        told = [
            {
                "id": each.id,
                "label": each.label,
                "group": each.group,
                "broken": each.broken,
                "here": each.here,
            }
            for each in found.values()
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
        and `{"log"}` while it works, at the end `{"link", "text", "notes"}`, `{"download", "name",
        "text"}` or `{"failed", "hint", "traceback", "cell"}`.
        """
        chosen = self.settings["dashops_entries"].get(name)
        if chosen is None or chosen.bundler is None:
            raise web.HTTPError(404, f"There is no entry {name}")
        asked = self.get_json_body()
        path = asked.get("path") if isinstance(asked, dict) else None
        notebook = await places.notebook(self, path)
        self.set_header("Content-Type", "application/x-ndjson")
        said: asyncio.Queue[Said] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def say(line: Said) -> None:
            loop.call_soon_threadsafe(said.put_nowait, line)

        def tell(text: str, done: float | None) -> None:
            part = float(done) if isinstance(done, int | float) else None
            say({"text": str(text), "done": part})

        context = bundlers.Context(
            tell=tell,
            settings=chosen.settings,
            folder=self.settings["dashops_downloads"].folder(),
            phase=lambda name: say({"phase": str(name)}),
            log=lambda line: say({"log": str(line)}),
            author=author.of(self.current_user),
        )
        working = asyncio.ensure_future(self._run(chosen, notebook, context))
        working.add_done_callback(lambda _: said.put_nowait({}))
        try:
            while line := await said.get():
                await self._say(line)
            await self._say(await working)
        except iostream.StreamClosedError:
            self.log.info("an author left while %s worked, which goes on", chosen.label)

    async def _run(self, chosen: entries.Entry, notebook: Path, context: bundlers.Context) -> Said:
        """What came of it; its folder stays only if there is a file to fetch."""
        said: Said = {}
        try:
            said = await self._bundled(chosen, notebook, context)
        finally:
            if "download" not in said:
                shutil.rmtree(context.folder, ignore_errors=True)
        return said

    async def _bundled(
        self, chosen: entries.Entry, notebook: Path, context: bundlers.Context
    ) -> Said:
        assert chosen.bundler is not None
        try:
            made: object = await chosen.bundler.bundle(notebook, context)
            return self._made(made, context.folder, chosen.here)
        except client.NotebookFailed as error:
            found = error.failure
            return {**_failed(error), "traceback": found.traceback, "cell": found.cell}
        except errors.DashopsError as error:
            return _failed(error)
        except bundlers.BROKEN as error:
            self.log.exception("%s failed", chosen.label)
            return {"failed": f"{type(error).__name__}: {error}", "hint": ""}

    def _made(self, made: object, folder: Path, here: bool) -> Said:  # noqa: FBT001
        """What the menu's script does with a result; raises TypeError or ValueError at no such."""
        match made:
            case bundlers.Link(url=str(url), text=str(text)):
                if not here and not url.startswith(("http://", "https://")):
                    raise ValueError(f"its address is no web page: {url}")
                return {"link": url, "text": text, "notes": [str(each) for each in made.notes]}
            case bundlers.Download(name=str(name), text=str(text)):
                if not made.file.is_file():
                    raise ValueError(f"there is no file {made.file}")
                kept = self.settings["dashops_downloads"]
                key = kept.keep(made, self.current_user.username, folder)
                return {"download": f"dashops/downloads/{key}", "name": name, "text": text}
        raise TypeError(f"it made neither a Link nor a Download, but a {type(made).__name__}")

    async def _say(self, line: Said) -> None:
        self.write(json.dumps(line) + "\n")
        await self.flush()


def _failed(error: errors.DashopsError) -> Said:
    return {"failed": error.message, "hint": error.hint}
