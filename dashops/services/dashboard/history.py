"""The part of the API about the revisions of one dashboard: list, show, go back."""

import asyncio
import json
from typing import Any

from dashops.services.dashboard import access, api, scopes, store

OTHERS = "`dashops revisions {}` lists those there are"


class About(api.Api):
    """What the handlers here share: how a revision looks as JSON."""

    def describe_revision(self, revision: store.Revision) -> dict[str, Any]:
        """A revision as the API shows it."""
        shown = self.settings["store"].active(revision.name)
        visits = self.settings["kernel_manager"].visits
        active = shown is not None and shown.number == revision.number
        mode = self.settings["serving"].mode(revision)
        state = "active" if active else self._state(revision)
        # Who may publish it may hand out links to look at it before.
        may = scopes.allows(self.bearer.scopes, scopes.DEPLOY, revision.name)
        return {
            "revision": revision.number,
            "digest": revision.digest,
            "state": state,
            "created": revision.created,
            "activated": revision.activated,
            "title": revision.title,
            "size": revision.size,
            "kernel": revision.kernel,
            "author": revision.author,
            "commit": revision.commit,
            "viewers": sum(
                (visit.revision.name, visit.revision.number) == (revision.name, revision.number)
                for visit in visits
            ),
            "failure": revision.failure,
            "dependencies": revision.dependencies,
            "environment": revision.environment,
            "warnings": list(revision.warnings),
            "opens": mode.answer(),
            "preview": self.settings["preview"](self.address, revision)
            if state == "draft" and may
            else None,
        }

    def _state(self, revision: store.Revision) -> str:
        """Good ones that no name ever showed are drafts."""
        never = revision.state == "good" and revision.activated is None
        return "draft" if never else revision.state

    def kept(self, name: str, number: str) -> store.Revision | None:
        """A revision that was judged; answers with an error when there is none for who asks."""
        if self.refused():
            return None
        found: store.Revision | None = self.settings["store"].revision(name, int(number))
        if found is None or found.state == "new":
            self.no_revision(name, number)
            return None
        return found

    def no_revision(self, name: str, number: str) -> None:
        """Say that a revision is not there, or not any more."""
        self.fail(404, f"there is no revision {number} of `{name}`", OTHERS.format(name))


class Revisions(About):
    """All kept revisions of a dashboard."""

    def get(self, name: str) -> None:
        """List them, newest first."""
        if self.refused():
            return
        found = [each for each in self.settings["store"].revisions(name) if each.state != "new"]
        if not found:
            self.fail(404, f"there is no dashboard `{name}`")
            return
        grants = self.settings["door"].grants(name)
        self.finish(
            {
                "name": name,
                "link": self.link(name),
                "revisions": [self.describe_revision(each) for each in found],
                "access": {
                    "owner": grants.owner,
                    "grants": access.written(grants.given),
                    "default": not self.settings["store"].grants(name).given,
                },
            }
        )


class Revision(About):
    """One revision."""

    def get(self, name: str, number: str) -> None:
        """Show it with its files."""
        revision = self.kept(name, number)
        if revision is None:
            return
        sizes = self.settings["store"].sizes(revision.digest)
        files = [{"path": path, "size": size} for path, size in sizes.items()]
        self.finish({**self.describe_revision(revision), "files": files})


class Thumbnail(About):
    """What a revision looked like when it was checked."""

    async def get(self, name: str, number: str) -> None:
        """The picture, a PNG."""
        revision = self.kept(name, number)
        if revision is None:
            return
        read = self.settings["store"].thumbnail
        picture = await asyncio.to_thread(read, revision.digest) if revision.thumbnail else None
        if picture is None:
            self.fail(404, f"there is no picture of revision {number} of `{name}`")
            return
        self.set_header("Content-Type", "image/png")
        self.finish(picture)


class Bundle(About):
    """What a revision is made of."""

    async def get(self, name: str, number: str) -> None:
        """The bundle as a zip."""
        revision = self.kept(name, number)
        if revision is None:
            return
        # Reading and packing a large one must not hold up viewers.
        data = await asyncio.to_thread(self.settings["store"].archive, revision.digest)
        self.set_header("Content-Type", "application/zip")
        self.finish(data)


class Switch(About):
    """Lets a name show another revision than it shows now."""

    event = "activate"

    async def post(self, name: str) -> None:
        """Show the revision asked for."""
        if self.refused():
            return
        dashboards, number = self.settings["store"], self.asked()
        shown = dashboards.active(name)
        wanted = self.wanted(name, number)
        if wanted is None:
            return
        if wanted.state != "good":
            self.fail(409, f"revision {wanted.number} of `{name}` did not pass its run")
            return
        if shown is None or shown.number != wanted.number:
            self.note_first(
                self.event, dashboard=name, revision=wanted.number, before=shown and shown.number
            )
            dashboards.activate(wanted)
            await self.settings["serving"].activated(wanted)
        self.finish(
            {
                "name": name,
                "link": self.link(name),
                "revision": wanted.number,
                "previous": shown.number if shown else None,
                "title": wanted.title,
            }
        )

    def asked(self) -> int | None:
        """The number in the request, if there is one."""
        try:
            body = json.loads(self.request.body or b"{}")
        except ValueError:
            return None
        number = body.get("revision") if isinstance(body, dict) else None
        return number if isinstance(number, int) and number is not True else None

    def wanted(self, name: str, number: int | None) -> store.Revision | None:
        """The revision of that number; answers with an error when there is none."""
        found: store.Revision | None = None
        if number is not None:
            found = self.settings["store"].revision(name, number)
        if found is None:
            self.no_revision(name, str(number))
        return found


class Rollback(Switch):
    """Shows an earlier revision again."""

    event = "rollback"

    def wanted(self, name: str, number: int | None) -> store.Revision | None:
        """The revision of that number, or else the one that the name showed before."""
        dashboards = self.settings["store"]
        if dashboards.active(name) is None:
            self.fail(404, f"there is no dashboard `{name}`")
            return None
        if number is not None:
            return super().wanted(name, number)
        found: store.Revision | None = dashboards.before(name)
        if found is None:
            self.fail(409, f"`{name}` showed no other good revision before")
        return found
