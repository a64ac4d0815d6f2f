"""The pages around a login: the form, and the way out; who somebody is says identity."""

from typing import Any
from urllib.parse import urlsplit

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

from dashops.services.dashboard import identity, pages, store
from dashops.services.dashboard.identity import passwords, provider

WRONG = "That name and password do not match"


class Login(pages.Page):
    """The login form."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Show the form; who is logged in goes where he wanted to go."""
        if self.current_user:
            self.redirect(self._next())
        else:
            self._form("")

    @allow_unauthenticated
    async def post(self) -> None:
        """Check name and password."""
        vouching = self.settings["provider"]
        if not isinstance(vouching, provider.Form):
            raise web.HTTPError(405)
        name = self.get_body_argument("username", default="")
        password = self.get_body_argument("password", default="", strip=False)
        address, throttle = self.request.remote_ip, self.settings["throttle"]
        if wait := throttle.ask(name, address):
            self._note("denied login", self._name(name), wait=wait)
            self._later(429, wait, f"Too many attempts: please try again in {_time(wait)}")
            return
        try:
            known = throttle.known(name, address)
            person = await vouching.check(name, password, known=known)
            person = provider.checked(person) if person else None
            if person is None:
                self._note("denied login", self._name(name))
                self.set_status(401)
                self._form(WRONG)
                return
            throttle.right(name, address)
            await self.identity_provider.log_in(self, person)
        except passwords.Busy:
            throttle.forgive(name, address)
            self._later(503, 2, "Too many people log in at this moment: please try again")
        except store.Unavailable as error:
            throttle.forgive(name, address)
            raise web.HTTPError(503) from error
        else:
            self.redirect(self._next())

    def _note(self, event: str, who: str, **facts: Any) -> None:
        address = self.request.remote_ip
        self.settings["audit"].write(event, who, address=address, **facts)

    def _name(self, typed: str) -> str:
        """The name for the record, if it is somebody's: people also type passwords there."""
        shared = self.settings["kernel_manager"].settings.user
        known = typed == shared or self.settings["people"].by_name(typed.strip().lower())
        return typed.strip() if known else "unknown"

    def _later(self, status: int, seconds: int, message: str) -> None:
        self.set_status(status)
        self.set_header("Retry-After", str(seconds))
        self._form(message)

    def _form(self, message: str) -> None:
        self.show("login.html", message=message, next=self._next(), xsrf=self.xsrf_token.decode())

    def _next(self) -> str:
        """Where to go after the login: a path of this server only."""
        return here(self.get_argument("next", default="/"))


class Logout(pages.Page):
    """Ends a login."""

    async def post(self) -> None:
        """End this login, or all of this person's, with their kernels."""
        user = self.current_user
        try:
            # Many share one account then, and only this login is whose button it was.
            alone = user.username == user.name
            if alone and self.get_body_argument("everywhere", default=""):
                await identity.everywhere(self.settings, user.name)
            elif user.login:
                await identity.out(self.settings, user.login)
        except store.Unavailable as error:
            raise web.HTTPError(503) from error
        self.settings["admission"].withdraw(user.username)
        address = self.request.remote_ip
        self.settings["audit"].write("logout", user.name, address=address)
        self.identity_provider.log_out(self)
        self.redirect("/login")


def here(wanted: str) -> str:
    """The path if it is one of this server, else the first page."""
    parts = urlsplit(wanted)
    plain = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    return wanted if plain and not parts.scheme and not parts.netloc else "/"


def _time(seconds: int) -> str:
    return f"{seconds} seconds" if seconds != 1 else "a second"
