"""The part of the API about the revisions of one dashboard: list, show, go back."""

import json
from typing import Any

from dashops.services.dashboard import api, store


class About(api.Api):
    """What the handlers here share: how a revision looks as JSON."""

    def describe_revision(self, revision: store.Revision) -> dict[str, Any]:
        """A revision as the API shows it."""
        shown = self.settings["store"].active(revision.name)
        visits = self.settings["kernel_manager"].visits
        active = shown is not None and shown.number == revision.number
        return {
            "revision": revision.number,
            "digest": revision.digest,
            "state": "active" if active else revision.state,
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
        }


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
        self.finish({"name": name, "revisions": [self.describe_revision(each) for each in found]})


class Revision(About):
    """One revision."""

    def get(self, name: str, number: str) -> None:
        """Show it with its files."""
        if self.refused():
            return
        revision = self.settings["store"].revision(name, int(number))
        if revision is None or revision.state == "new":
            self.fail(404, f"there is no revision {number} of `{name}`", api.OTHERS.format(name))
            return
        sizes = self.settings["store"].sizes(revision.digest)
        files = [{"path": path, "size": size} for path, size in sizes.items()]
        self.finish({**self.describe_revision(revision), "files": files})


class Rollback(About):
    """Shows an earlier revision again."""

    def post(self, name: str) -> None:
        """Let the name show the revision asked for, or the one it showed before."""
        if self.refused():
            return
        number = self._asked()
        dashboards = self.settings["store"]
        shown = dashboards.active(name)
        if shown is None:
            self.fail(404, f"there is no dashboard `{name}`")
            return
        wanted = dashboards.before(name) if number is None else dashboards.revision(name, number)
        if wanted is None:
            if number is None:
                self.fail(409, f"`{name}` showed no other good revision before")
            else:
                self.fail(
                    404, f"there is no revision {number} of `{name}`", api.OTHERS.format(name)
                )
            return
        if wanted.state != "good":
            self.fail(409, f"revision {wanted.number} of `{name}` did not pass its run")
            return
        dashboards.activate(wanted)
        self.finish(
            {
                "name": name,
                "link": self.link(name),
                "revision": wanted.number,
                "previous": shown.number,
                "title": wanted.title,
            }
        )

    def _asked(self) -> int | None:
        body = json.loads(self.request.body or b"{}")
        number = body.get("revision") if isinstance(body, dict) else None
        return number if isinstance(number, int) and number is not True else None
