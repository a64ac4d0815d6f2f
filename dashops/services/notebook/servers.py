"""What the panels' scripts call: a notebook's dashboards on the servers, and what can be done."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from dashops import bundle, client, errors
from dashops.client import keeping
from dashops.services.notebook import places, preflight, target

PNG = b"\x89PNG\r\n\x1a\n"


class About(APIHandler):
    """What the handlers here share."""

    auth_resource = "contents"

    def target(self, number: str) -> target.Target:
        """The server of that number in `Dashops.servers`."""
        found: list[target.Target] = self.settings["dashops_targets"]
        if int(number) >= len(found):
            raise web.HTTPError(404, f"There is no server {number}")
        return found[int(number)]

    async def notebook(self) -> Path:
        """The notebook that the query is about."""
        return await places.notebook(self, self.get_query_argument("path", ""))

    def asked(self) -> dict[str, Any]:
        """The JSON object that was sent."""
        found = self.get_json_body()
        if not isinstance(found, dict):
            raise web.HTTPError(400, "The body is no JSON object")
        return found

    def answer(self, data: object) -> None:
        """Send it; a dataclass becomes an object."""
        self.finish(json.dumps(data, default=str))


class Preflight(About):
    """What viewers would miss of a notebook."""

    @web.authenticated
    @authorized
    async def get(self, number: str) -> None:
        """`{"findings", "silent"}` of the saved notebook `path`, or `{"failed", "hint"}`."""
        to, notebook = self.target(number), await self.notebook()
        try:
            self.answer(await asyncio.to_thread(preflight.found, notebook, to))
        except errors.DashopsError as error:
            self.answer(failed(error))


class Dashboards(About):
    """A notebook's dashboards, of all servers."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """`{"dashboards": [{"server", "name", "kept", "running"}]}`; `failed` where one fails.

        `kept` is null where there is no dashboard of that name, `running` the phase of a deploy.
        """
        notebook = await self.notebook()
        found: list[target.Target] = self.settings["dashops_targets"]
        asked = [asyncio.to_thread(_kept, notebook, each) for each in found]
        self.answer({"dashboards": await asyncio.gather(*asked)})


class Rollback(About):
    """Lets a dashboard show another revision."""

    @web.authenticated
    @authorized
    async def post(self, number: str) -> None:
        """Show `{"revision"}` of the dashboard of the notebook `{"path"}`."""
        to, asked = self.target(number), self.asked()
        notebook = await places.notebook(self, asked.get("path"))
        revision = asked.get("revision")
        if type(revision) is not int:
            raise web.HTTPError(400, "`revision` is no number")
        try:
            self.answer(asdict(await asyncio.to_thread(_switch, notebook, to, revision)))
        except errors.DashopsError as error:
            self.answer(failed(error))


class Thumbnail(About):
    """What a revision looked like when it was checked."""

    @web.authenticated
    @authorized
    async def get(self, number: str, name: str, revision: str) -> None:
        """The picture, which never changes."""
        to = self.target(number)
        try:
            picture = await asyncio.to_thread(thumbnail, to, name, int(revision))
        except errors.DashopsError as error:
            raise web.HTTPError(404, error.message) from error
        self.set_header("Content-Type", "image/png")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "private, max-age=3600")
        self.finish(picture)


def failed(error: errors.DashopsError) -> dict[str, Any]:
    """What went wrong, as scripts are told."""
    return {"failed": error.message, "hint": error.hint}


def _kept(notebook: Path, to: target.Target) -> dict[str, Any]:
    about: dict[str, Any] = {"server": to.name, "name": "", "kept": None, "running": None}
    try:
        about["name"] = bundle.name_for(notebook)
        with to.server() as server:
            about["running"] = _running(server, about["name"])
            about["kept"] = asdict(keeping.kept(server, about["name"]))
    except errors.SpecError as error:
        # It was never deployed, or removed: nothing is wrong.
        return about if about["name"] else {**about, **failed(error)}
    except errors.DashopsError as error:
        return {**about, **failed(error)}
    return about


def _running(server: client.Server, name: str) -> str | None:
    """The phase of the deploy of a name that runs now, whoever began it."""
    found = (each for each in server.deploys() if (each.name, each.state) == (name, "running"))
    return next((each.phase for each in found), None)


def _switch(notebook: Path, to: target.Target, revision: int) -> client.RolledBack:
    name = bundle.name_for(notebook)
    with to.server() as server:
        draft = server.revision(name, revision)[0].state == "draft"
        return (server.activate if draft else server.roll_back)(name, revision)


def thumbnail(to: target.Target, name: str, revision: int) -> bytes:
    """The picture; raises DashopsError where there is none, or it is something else."""
    with to.server() as server:
        found = keeping.thumbnail(server, name, revision)
    # Another server says what these bytes are: nothing but a picture leaves the notebook server.
    if not found.startswith(PNG):
        raise errors.ToolError(f"what `{to.url}` calls a picture is none")
    return found
