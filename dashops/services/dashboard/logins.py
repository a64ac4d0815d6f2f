"""The pages around a login: the form, and the way out; who somebody is says identity."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

from dashops.services.dashboard import addresses, identity, pages, store
from dashops.services.dashboard.identity import passwords, provider

DAY = 86400
BEGUN = 600  # seconds for typing a password where people log in
WRONG = "That name and password do not match"


class Login(pages.Page):
    """The login form, or the way to where people log in."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Show the form; who is logged in goes where he wanted to go."""
        vouching = self.settings["provider"]
        if self.current_user:
            self.redirect(self._next())
        elif isinstance(vouching, provider.Form):
            self._form("")
        elif isinstance(vouching, provider.Request):
            self.set_status(403)
            text = "The proxy before this server did not say who you are."
            self.show("error.html", heading="Not logged in", text=text, reference="", home="")
        elif self.get_argument("ended", default=""):
            # Going there at once would log in whoever has just logged out.
            self.show("ended.html", message="You have logged out.", next="/")
        else:
            await self._send_away(vouching)

    @allow_unauthenticated
    async def post(self) -> None:
        """Check name and password."""
        vouching = self.settings["provider"]
        if not isinstance(vouching, provider.Form):
            raise web.HTTPError(405)
        name = self.get_body_argument("username", default="")
        password = self.get_body_argument("password", default="", strip=False)
        throttle = self.settings["throttle"]
        address = addresses.sender(self.settings, self.request)
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

    async def _send_away(self, vouching: provider.Redirect) -> None:
        try:
            address, known = await vouching.begin(back_address(self))
        except provider.Refused as refused:
            self.log.error("nobody can log in: %s", refused)
            self.set_status(503)
            self.show("ended.html", message=refused.shown, next=self._next())
            return
        # Signed and not kept here: whoever asks for many must not push out those of others.
        kept = json.dumps({**known, "next": self._next()})
        self.set_signed_cookie(
            _cookie(self, known["state"]),
            kept,
            expires_days=None,
            max_age=BEGUN,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=self.identity_provider.secure,
        )
        self.redirect(address)

    def _note(self, event: str, who: str, **facts: Any) -> None:
        address = addresses.sender(self.settings, self.request)
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


class Back(pages.Page):
    """Where people come back to from the place where they log in."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Judge what they bring; only the browser that was sent there may bring it."""
        vouching = self.settings["provider"]
        if not isinstance(vouching, provider.Redirect):
            raise web.HTTPError(404)
        brought = {key: self.get_query_argument(key) for key in self.request.query_arguments}
        name = _cookie(self, brought.get("state", ""))
        kept = self.get_signed_cookie(name, max_age_days=BEGUN / DAY)
        self.clear_cookie(name, path="/", secure=self.identity_provider.secure)
        if kept is None:
            self._again("That login was begun elsewhere, or too long ago.")
            return
        throttle = self.settings["throttle"]
        address = addresses.sender(self.settings, self.request)
        if wait := throttle.ask("", address):
            self.set_header("Retry-After", str(wait))
            self._again(f"Too many attempts: please try again in {_time(wait)}.", 429)
            return
        known = json.loads(kept)
        try:
            found = await vouching.finish(back_address(self), brought, known)
            person = provider.checked(found)
            if person is None:
                raise provider.Refused("Your name cannot be used here", repr(found.name))
            throttle.right("", address)
            await self.identity_provider.log_in(self, person)
        except provider.Refused as refused:
            self.log.warning("refused a login: %s", refused)
            self.settings["audit"].write("denied login", "unknown", address=address)
            self._again(f"{refused.shown}.")
        except store.Unavailable as error:
            raise web.HTTPError(503) from error
        else:
            self.redirect(here(known["next"]))

    def _again(self, message: str, status: int = 403) -> None:
        if self.current_user:  # somebody went back in his browser
            self.redirect("/")
            return
        self.set_status(status)
        self.show("ended.html", message=message, next="/")


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
        address = addresses.sender(self.settings, self.request)
        self.settings["audit"].write("logout", user.name, address=address)
        self.identity_provider.log_out(self)
        form = isinstance(self.settings["provider"], provider.Form)
        self.redirect("/login" if form else "/login?ended=yes")


def here(wanted: str) -> str:
    """The path if it is one of this server, else the first page."""
    parts = urlsplit(wanted)
    plain = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    return wanted if plain and not parts.scheme and not parts.netloc else "/"


def back_address(handler: pages.Page) -> str:
    """Where a provider sends people back to, as it knows this server."""
    own = f"{handler.request.protocol}://{handler.request.host}"
    return f"{handler.identity_provider.address or own}/login/back"


def _cookie(handler: pages.Page, state: str) -> str:
    # One for each login that was begun: people have more than one tab.
    return f"{handler.identity_provider.cookie_name}-{re.sub('[^A-Za-z0-9_-]', '', state)[:12]}"


def _time(seconds: int) -> str:
    return f"{seconds} seconds" if seconds != 1 else "a second"
