"""Keys to single open pages: who holds one may use that page's kernel, and nothing else."""

import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from jupyter_server.auth import IdentityProvider, User
from jupyter_server.auth.authorizer import Authorizer
from tornado import web

from dashops.services.dashboard import admission, kernels

CLAIM = 60  # seconds until a page must have been fetched
REMEMBERED = 2000  # keys of ended kernels, so that their pages can be told why
PAUSE = 60  # seconds within which a dashboard loads itself again for a viewer once only
TOKEN = r"([\w-]{43,44})"  # one more for the server, where there are several

Pieces = Callable[[kernels.ViewerKernel, str], AsyncGenerator[str, None]]


def _nothing(_: Exception | None) -> None:
    pass


@dataclass
class Capability:
    """The right of one viewer to one page on one kernel.

    ``main`` and ``path`` are where he asked for it, and where a reload goes; ``content`` is the
    origin of its page, ``own`` whether no other dashboard has that one. ``text`` is the notebook
    until the page is made. ``pieces`` makes the page where it is not the usual one,
    ``done`` is told when it is complete, or why it is not. ``again`` says whether the page may
    load itself again, once that was asked.
    """

    user: User
    kernel: kernels.ViewerKernel
    text: str
    path: str
    main: str = ""
    content: str = ""
    own: bool = False
    chrome: bool = True
    pieces: Pieces | None = None
    done: Callable[[Exception | None], None] = _nothing
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    claimed: bool = False
    again: bool | None = None

    @property
    def base(self) -> str:
        """The path under which everything of this page is."""
        return base(self.token)

    @property
    def origin(self) -> str:
        """What browsers say where a request of its page comes from."""
        return self.content if self.own else "null"

    def fits(self, host: str) -> bool:
        """Whether a request for it may come to this host."""
        return not self.own or host == urlsplit(self.content).hostname


def base(token: str) -> str:
    """The path under which everything of a page is."""
    return f"/c/{token}/"


class Capabilities:
    """All keys by token, in memory only: a server that starts again starts with none."""

    def __init__(self, open_kernels: kernels.Kernels) -> None:
        self._kernels = open_kernels
        self._instance = open_kernels.settings.instance
        self._all: OrderedDict[str, Capability] = OrderedDict()
        self._again: OrderedDict[tuple[str, str], float] = OrderedDict()

    def grant(self, capability: Capability) -> Capability:
        """From now on its token is good; its page must be fetched soon."""
        visit = capability.kernel.visit
        # The proxy sends what is below it to the server that has the page.
        capability.token = f"{self._instance}{capability.token}"
        visit.base, visit.main = capability.base, capability.main
        self._kernels.handed(capability.kernel, CLAIM)
        self._all[capability.token] = capability
        for token in [each for each, one in self._all.items() if not self.is_open(one)]:
            if len(self._all) <= REMEMBERED:
                break
            del self._all[token]
        return capability

    def known(self, token: str) -> Capability | None:
        """What a token stands or stood for."""
        return self._all.get(token)

    def open(self, token: str) -> Capability | None:
        """What a token stands for, as long as its kernel runs."""
        found = self._all.get(token)
        return found if found and self.is_open(found) else None

    def claim(self, token: str, path: str) -> Capability | None:
        """What a token stands for, if that page was not fetched before; it is now."""
        found = self.open(token)
        if found is None or found.claimed or found.path != path:
            return None
        found.claimed = True
        self._kernels.fetched(found.kernel)
        return found

    def again(self, capability: Capability) -> bool:
        """Whether a page whose kernel is lost may load itself again.

        A kernel that dies again and again must not make its page load again and again. The same
        page is told the same each time: its libraries ask too.
        """
        if capability.again is None:
            capability.again = self._counted(capability)
        return capability.again

    def _counted(self, capability: Capability) -> bool:
        # Strangers are somebody else each time.
        key = (admission.payer(capability.user.username), capability.kernel.visit.revision.name)
        now, last = time.monotonic(), self._again.get(key)
        if last is not None and now - last < PAUSE:
            return False
        self._again[key] = now
        self._again.move_to_end(key)
        while len(self._again) > REMEMBERED:
            self._again.popitem(last=False)
        return True

    def is_open(self, capability: Capability) -> bool:
        """Whether its kernel still runs for that viewer."""
        owner = capability.user.username
        return self._kernels.owned(capability.kernel.kernel_id, owner) is capability.kernel


class Holder(IdentityProvider):
    """One is whom the key in the path stands for; cookies count for nothing."""

    def get_user(self, handler: web.RequestHandler) -> User | None:
        """The viewer whose page this is."""
        found = _held(handler)
        return found.user if found else None

    def should_check_origin(self, handler: web.RequestHandler) -> bool:  # noqa: ARG002
        """Always."""
        return True

    def is_token_authenticated(self, handler: web.RequestHandler) -> bool:  # noqa: ARG002
        """Never: Jupyter would trust its origin."""
        return False


class OwnKernel(Authorizer):
    """A key opens the kernel it was made for."""

    def is_authorized(
        self, handler: web.RequestHandler, user: User, action: str, resource: str
    ) -> bool:
        """Whether that kernel is the one in the path."""
        found = _held(handler)
        return (
            resource == "kernels"
            and action in ("read", "execute")
            and found is not None
            and found.user is user
            and found.kernel.kernel_id == getattr(handler, "kernel_id", None)
        )


def _held(handler: web.RequestHandler) -> Capability | None:
    held: Capabilities = handler.settings["capabilities"]
    return held.open(handler.path_args[0]) if handler.path_args else None
