"""Who a visitor is, and how he shows it; what he may do says somebody else.

provider   what a provider is: it vouches for a Person; which one a server has
shared     one account with a generated password; each login is a viewer of its own
local      people with passwords of their own, kept in the store
passwords  argon2, in threads of its own with a bounded queue
throttle   slows down whoever guesses
sessions   logins: made, found again, ended
leaving    ends logins and what hangs on them
account    all of this as Jupyter Server asks for it
"""

from dashops.services.dashboard.identity.account import Account, OwnKernel, Viewer, person
from dashops.services.dashboard.identity.leaving import everywhere, out, sweep
from dashops.services.dashboard.identity.parts import parts
from dashops.services.dashboard.identity.provider import ROLES, Person

__all__ = [
    "ROLES",
    "Account",
    "OwnKernel",
    "Person",
    "Viewer",
    "everywhere",
    "out",
    "parts",
    "person",
    "sweep",
]
