"""Whether whoever sends a request may come in: `access` decides, and refusals are noted."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jupyter_server.auth import User
from tornado import web

from dashops.services.dashboard import access, addresses, admission, identity, kernels, store
from dashops.services.dashboard.access import OPEN, OPERATOR, PREVIEW
from dashops.services.dashboard.identity import provider

WITHDRAWN = "withdrawn"
LABELS = {access.PUBLIC: "public", access.SIGNED_IN: "", access.PRIVATE: "private"}
FEW = 3  # names in a label


class Door:
    """Asks `access` for a server; ``otherwise`` is granted where nobody granted anything."""

    def __init__(self, settings: Mapping[str, Any], otherwise: str) -> None:
        self._settings, self._otherwise = settings, otherwise
        self._store: store.Store = settings["store"]

    def grants(self, name: str) -> access.Grants:
        """What is granted of a dashboard, by somebody or by the setting."""
        return self._store.grants(name).otherwise(self._otherwise)

    def may(self, user: User, name: str, action: str = OPEN) -> bool:
        """Whether a user may do that; the gate, which runs what nobody knows yet, may nothing."""
        if user.username == kernels.GATE.username:
            return False
        return access.may(self.person(user), action, self.grants(name))

    def person(self, user: User) -> access.Person | None:
        """Who that is; None of somebody who has not logged in."""
        if user.username.startswith(admission.STRANGER):
            return None
        found = identity.person(user)
        alike = getattr(self._settings["provider"], "shared", False)
        # Where all use one account, nobody knows who works on dashboards.
        return replace(found, role=None) if alike and found.role == "viewer" else found

    def look_up(self, name: str, groups: frozenset[str]) -> tuple[access.Person, str]:
        """Who has that name, as far as it is known, and why he cannot log in, if so.

        ``groups`` come to those that are known: of a provider that keeps people elsewhere, those of
        his newest login.
        """
        people, named = self._settings["people"], self._settings["kernel_manager"].settings.identity
        if named.provider == "local":
            kept = people.by_name(name)
            gone = "" if kept and not kept.disabled else "nobody of that name can log in"
        else:
            kept = next((each for each in people.logins() if each.user == name), None)
            gone = ""
        known = frozenset(kept.groups) if kept else frozenset()
        person = identity.Person(name, name, known | groups, kept.role if kept else None)
        return replace(person, role=provider.role(person, named.operators, named.authors)), gone

    def visible(self, user: User) -> list[store.Revision]:
        """What all names show that this user may open, by name."""
        return [each for each in self._store.all() if self.may(user, each.name)]

    def label(self, user: User, name: str) -> str:
        """Who else may open a dashboard, in few words, for those who may open whatever is said."""
        person, grants = self.person(user), self.grants(name)
        kinds = {each.kind for each in grants.given}
        if person is None or not (person.role == OPERATOR or person.name == grants.owner):
            return ""
        for kind, words in LABELS.items():
            if kind in kinds:
                return words
        names = sorted(each.value for each in grants.given)
        more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
        return f"for {', '.join(names[:FEW])}{more}"

    def shown(self, handler: web.RequestHandler, name: str) -> store.Revision | None:
        """What the name shows; None if that is nothing, or nothing for whoever asks."""
        return self._passed(handler, self._store.active(name), OPEN)

    def previewed(
        self, handler: web.RequestHandler, revision: store.Revision | None
    ) -> store.Revision | None:
        """The revision of a preview's link; None if it is none, or not for whoever asks."""
        return self._passed(handler, revision, PREVIEW)

    def stranger(self, name: str, address: str) -> User | None:
        """A new viewer nobody knows, if the dashboard is for such, too."""
        if not access.may(None, OPEN, self.grants(name)) or not self._store.active(name):
            return None
        where = hashlib.sha256(address.encode()).hexdigest()[:16]
        owner = f"{admission.STRANGER}{where}-{uuid.uuid4().hex}"
        return User(username=owner, name="anonymous")

    async def close(self, name: str) -> int:
        """End the pages of those who may not have that dashboard open any more; how many."""
        open_kernels: kernels.Kernels = self._settings["kernel_manager"]
        ended = 0
        for kernel in open_kernels.open_kernels:
            visit = kernel.visit
            if visit.revision.name != name or visit.user_of is None:
                continue
            if not self.may(visit.user_of, name, PREVIEW if visit.pinned else OPEN):
                await open_kernels.end(kernel.kernel_id, WITHDRAWN)
                ended += 1
        return ended

    def _passed(
        self, handler: web.RequestHandler, revision: store.Revision | None, action: str
    ) -> store.Revision | None:
        user = handler.current_user
        if revision is None or self.may(user, revision.name, action):
            return revision
        self._settings["audit"].write(
            "denied access",
            user.name,
            address=addresses.sender(self._settings, handler.request),
            dashboard=revision.name,
            action=action,
        )
        return None
