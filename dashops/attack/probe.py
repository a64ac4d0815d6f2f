"""The ground that attempts are made on: dashboards of their own, viewers, a small token.

Nothing that exists is touched; `end` takes away what `prepare` made.
"""

import contextlib
import json
import re
import secrets as random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from dashops import client, errors, secrets, targets
from dashops.attack import wire
from dashops.attack.outcome import MARK, NotMade
from dashops.client import administration, guest
from dashops.client.guest import Login
from dashops.secrets import Secret
from dashops.stack import Stack

PREFIX = "dashops-attack-"
SOURCE = f"secret = '{MARK}'\ndisplay('the probe is shown')\n"
TOKENS = ("deploy-token", "author-token", "admin-token", "gateway-token")


@dataclass(frozen=True)
class Page:
    """A page that was opened: its address with the key, and its kernel."""

    address: str
    kernel: str

    @property
    def base(self) -> str:
        """Address of all that is this page's."""
        parts = urlsplit(self.address)
        key = "/".join(parts.path.split("/")[:3])
        return f"{parts.scheme}://{parts.netloc}{key}/"

    @property
    def origin(self) -> str:
        """Where pages of dashboards are."""
        return self.base.partition("/c/")[0]

    @property
    def state(self) -> str:
        """Where the page asks after its kernel."""
        return f"{self.base}api/kernels/{self.kernel}"

    @property
    def channels(self) -> str:
        """Where the page talks with its kernel."""
        return f"ws{self.state.removeprefix('http')}/channels"


@dataclass
class Ground:
    """What attempts may use. Bob and Alice have the same account or not, but a login each."""

    stack: Stack
    main: str
    gateway: str
    tokens: dict[str, Secret]
    login: Login | None = None
    name: str = f"{PREFIX}probe"
    hidden: str = f"{PREFIX}hidden"
    hostile: str = f"{PREFIX}hostile"  # published when a browser is there to open it
    quiet: Login | None = None  # somebody who never logs in, where there can be one
    small: Secret | None = None  # a token for the dashboard `name` alone
    closed: str = ""  # why nobody can log in
    found: dict[str, wire.Visitor | Page] = field(default_factory=dict)
    noted: dict[str, object] = field(default_factory=dict)  # what is not done twice

    @property
    def stranger(self) -> wire.Visitor:
        """Somebody who has not logged in."""
        return wire.Visitor(self.main)

    @property
    def account(self) -> Login:
        """Of a viewer; NotMade when nobody said how one logs in."""
        if self.login is None:
            raise NotMade(
                f"people log in by `{self.stack.identity.provider}`: "
                "name somebody with `--user` and `--password-file`"
            )
        if self.closed:
            raise NotMade(self.closed)
        return self.login

    def viewer(self, who: str = "bob") -> wire.Visitor:
        """Somebody who has logged in, the same one each time."""
        if who not in self.found:
            visitor = self.stranger
            answer = visitor.log_in(self.account.user, self.account.password.reveal())
            if answer.status != 302:
                # Not once more: whoever fails often has to wait.
                self.closed = f"`{self.account.user}` cannot log in: {answer.status}"
                raise NotMade(self.closed)
            self.found[who] = visitor
        found = self.found[who]
        assert isinstance(found, wire.Visitor)
        return found

    def page(self, who: str = "bob") -> Page:
        """The probe's page as that viewer opened it, the same one each time."""
        if f"page of {who}" not in self.found:
            self.found[f"page of {who}"] = opened(self.viewer(who), self.name)
        found = self.found[f"page of {who}"]
        assert isinstance(found, Page)
        return found

    def token(self, name: str) -> str:
        """One of the stack's tokens."""
        return self.tokens[name].reveal()

    def publish(self, name: str, data: bytes, kind: str) -> None:
        """Publish a dashboard for whom that kind of grant names."""
        client.Server(self.main, self.tokens["deploy-token"]).upload(name, data, lambda *_: None)
        deciding = client.Server(self.main, self.tokens["admin-token"])
        administration.share(deciding, name, (administration.Grant(kind, ""),), None)

    def limited(self) -> str:
        """The token for the probe alone."""
        if self.small is None:
            raise NotMade("there is no token for the probe alone")
        return self.small.reveal()


def key_to(visitor: wire.Visitor, name: str) -> str:
    """The address that a viewer is sent to for a dashboard's page; NotMade when to none."""
    answer = visitor.ask("GET", f"/dashboards/{name}/")
    if answer.status != 303 or "/c/" not in answer.location:
        raise NotMade(f"the probe was not opened: its address answers {answer.status}")
    return answer.location


def opened(visitor: wire.Visitor, name: str) -> Page:
    """A page with its kernel."""
    address = key_to(visitor, name)
    shown = wire.Visitor(address).ask("GET", address)
    kernel = re.search(r'"kernelId": "([0-9a-f-]{36})"', shown.text)
    if shown.status != 200 or not kernel:
        raise NotMade(f"the probe's page answers {shown.status}")
    return Page(address, kernel[1])


def notebook(source: str = SOURCE) -> bytes:
    """The probe."""
    return json.dumps(cells(source)).encode()


def cells(source: str, text: str = "") -> dict[str, Any]:
    """A notebook of a code cell, and one of text if there is some."""
    cell: dict[str, Any] = {"cell_type": "code", "id": "probe", "metadata": {}, "outputs": []}
    cell |= {"execution_count": None, "source": source}
    about = {"cell_type": "markdown", "id": "about", "metadata": {}, "source": text}
    whole = [cell, about] if text else [cell]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": whole}


@contextlib.contextmanager
def ground(
    stack: Stack, url: str | None, login: Login | None, tell: Callable[[str], None]
) -> Iterator[Ground]:
    """The ground, prepared; what is there is taken away at the end whatever happened."""
    end = random.token_hex(4)
    with (
        guest.guest(stack, f"{PREFIX}{end}") as found,
        guest.guest(stack, f"{PREFIX}{end}-quiet") as quiet,
        _prepared(stack, url, login or found, tell, end) as made,
    ):
        made.quiet = quiet
        yield made


@contextlib.contextmanager
def _prepared(
    stack: Stack, url: str | None, login: Login | None, tell: Callable[[str], None], end: str
) -> Iterator[Ground]:
    folder = stack.state_dir / "secrets"
    made = Ground(
        stack=stack,
        main=(url or stack.url("dashboard")).rstrip("/"),
        gateway=targets.by_name(stack.target).url(stack, "gateway"),
        tokens={name: secrets.read(folder, name) for name in TOKENS},
        login=login,
        name=f"{PREFIX}{end}",
        hidden=f"{PREFIX}{end}-hidden",
        hostile=f"{PREFIX}{end}-hostile",
    )
    deciding = client.Server(made.main, made.tokens["admin-token"])
    kept = None
    try:
        tell("two dashboards of its own")
        for name, kind in ((made.name, "signed-in"), (made.hidden, "private")):
            made.publish(name, notebook(), kind)
        kept = administration.make_token(deciding, PREFIX + end, (f"deploy:{made.name}",), 1, "")
        made.small = kept.text
        yield made
    finally:
        _end(made)
        if kept is not None:
            administration.revoke_token(deciding, kept.token.id)


def _end(made: Ground) -> None:
    """Log out, which ends the kernels too, and remove the dashboards."""
    server = client.Server(made.main, made.tokens["deploy-token"])
    for visitor in made.found.values():
        if isinstance(visitor, wire.Visitor):
            with contextlib.suppress(OSError):
                visitor.post("/logout", {"_xsrf": visitor.cookies.get("_xsrf", "")})
    with contextlib.suppress(errors.ToolError):  # nobody answers: there is nothing to take away
        names = {made.name, made.hidden, made.hostile}
        _wait_for_deploys(server, names)
        for name in names & {each.name for each in server.dashboards()}:
            server.remove(name)


def _wait_for_deploys(server: client.Server, names: set[str]) -> None:
    """Who was interrupted while one ran would leave what it publishes."""
    until = time.monotonic() + wire.PATIENCE
    while time.monotonic() < until:
        if not any(each.name in names and each.state == "running" for each in server.deploys()):
            return
        time.sleep(0.2)
