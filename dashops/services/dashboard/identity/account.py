"""Identity as Jupyter Server asks for it: who sent a request, and what of Jupyter he may use."""

from dataclasses import dataclass
from typing import Any

from jupyter_server.auth import IdentityProvider, User
from tornado import web

from dashops.services.dashboard import addresses, store
from dashops.services.dashboard.identity import provider, sessions
from dashops.services.dashboard.identity.provider import Person


@dataclass
class Viewer(User):
    """Whoever is logged in: ``username`` owns his kernels, ``name`` is the person's.

    ``login`` names this login among his, empty where a provider reads each request.
    """

    person: Person | None = None
    login: str = ""


def person(user: User) -> Person:
    """The person a user is, with groups and role; the gate is nobody with any right."""
    found: Person | None = getattr(user, "person", None)
    return found or Person(user.username, user.username, role="viewer")


class Account(IdentityProvider):
    """Finds out who sent a request; a cookie holds nothing but the secret of one login."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        settings = self.parent.dashops
        self._named = settings.identity
        self.address = settings.address
        self.secure = settings.address.startswith("https://")
        # Cookies know no ports: two servers on one machine must not log each other out.
        name = f"dashops-{settings.port}"
        # With this prefix no other host of the domain can set one of that name.
        self.cookie_name = f"__Host-{name}" if self.secure else name
        self.token = ""  # Jupyter's token in the URL would be a second way in

    async def get_user(self, handler: web.RequestHandler) -> User | None:
        """Who sent the request, None if he has not logged in."""
        if known := getattr(handler, "_jupyter_current_user", None):
            return known
        try:
            found = await self._found(handler)
            # Some pages are also for those who have not logged in; they say for whom.
            return found or (handler.stranger() if hasattr(handler, "stranger") else None)
        except store.Unavailable as error:
            handler.current_user = None
            raise web.HTTPError(503, error.message) from error

    async def log_in(self, handler: web.RequestHandler, person: Person) -> None:
        """Begin a login with a new secret, whatever the browser had before. May be Unavailable."""
        if login := getattr(handler.current_user, "login", ""):
            await handler.settings["sessions"].end(login)
        address = addresses.sender(handler.settings, handler.request)
        value = await handler.settings["sessions"].begin(person, address)
        handler.settings["audit"].write("login", person.name, address=address)
        self._set(handler, value, self._named.session_lifetime)

    def log_out(self, handler: web.RequestHandler) -> None:
        """Let the browser forget its login."""
        self._set(handler, "", 0)

    async def still(self, handler: web.RequestHandler, user: User) -> bool:
        """Whether the login that a request of that user began with has not ended meanwhile."""
        if not getattr(user, "login", ""):
            return True
        try:
            found = await self._found(handler)
        except store.Unavailable:
            return False
        return found is not None and found.username == user.username

    async def _found(self, handler: web.RequestHandler) -> User | None:
        value = handler.get_cookie(self.cookie_name, "")
        logins: sessions.Sessions = handler.settings["sessions"]
        vouching = handler.settings["provider"]
        if isinstance(vouching, provider.Request):
            found = vouching.read(handler.request)
            read = provider.checked(found) if found else None
            return self._viewer(read, read.name, "") if read else None
        session = await logins.find(value) if value else None
        if session is None:
            return None
        each = getattr(vouching, "shared", False)
        owner = f"viewer-{session.login}" if each else session.person.name
        return self._viewer(session.person, owner, session.login)

    def _viewer(self, found: Person, owner: str, login: str) -> Viewer:
        role = provider.role(found, self._named.operators, self._named.authors)
        whole = Person(found.name, found.display, found.groups, role)
        return Viewer(owner, found.name, found.display, person=whole, login=login)

    def _set(self, handler: web.RequestHandler, value: str, seconds: int) -> None:
        handler.set_cookie(
            self.cookie_name,
            value,
            path="/",
            max_age=seconds,
            httponly=True,
            samesite="Lax",
            secure=self.secure or handler.request.protocol == "https",
        )
