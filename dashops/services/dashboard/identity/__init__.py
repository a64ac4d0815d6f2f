"""Who a visitor is, and how he shows it; what he may do says somebody else.

provider   what a provider is: it vouches for a Person; which one a server has
shared     one account with a generated password; each login is a viewer of its own
local      people with passwords of their own, kept in the store
header     a proxy before us has logged them in
oidc       an OpenID Connect provider vouches for them; what it answers is in issuer
passwords  argon2, in threads of its own with a bounded queue
throttle   slows down whoever guesses
sessions   logins: made, found again, ended
leaving    ends logins and what hangs on them
account    all of this as Jupyter Server asks for it
"""

from dashops.services.dashboard.identity.account import Account, Viewer, person
from dashops.services.dashboard.identity.leaving import everywhere, gone, out, sweep
from dashops.services.dashboard.identity.parts import parts
from dashops.services.dashboard.identity.provider import ROLES, Person

__all__ = [
    "ROLES",
    "Account",
    "Person",
    "Viewer",
    "everywhere",
    "gone",
    "out",
    "parts",
    "person",
    "sweep",
]
