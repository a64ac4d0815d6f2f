"""The catalogue: every attempt by group, in the order they are made.

messages    what a viewer may not say to his kernel
connecting  websockets of others, and broken ones
calls       every route of the table, as those who may not
reading     code, files and dashboards that are not for the viewer
forging     requests of other sites, other names, other people
guessing    passwords, and who has an account
tokens      a token where it is not good
uploads     bundles made to harm
escaping    what a hostile page tries in a viewer's browser
"""

from dashops.attack.attempts import (
    calls,
    connecting,
    escaping,
    forging,
    guessing,
    messages,
    reading,
    tokens,
    uploads,
)
from dashops.attack.attempts.attempt import Attempt

CATALOGUE: tuple[Attempt, ...] = (
    *messages.ALL,
    *connecting.ALL,
    *calls.ALL,
    *reading.ALL,
    *forging.ALL,
    *guessing.ALL,
    *tokens.ALL,
    *uploads.ALL,
    *escaping.ALL,
)

__all__ = ["CATALOGUE", "Attempt"]
