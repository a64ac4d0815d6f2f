"""Who deploys from the menu, as the revision will say; it asks the notebook server, not git."""

import getpass
import re
from typing import Any


def of(user: Any) -> str:
    """The name of who is logged in, else of the account that the notebook server runs as.

    With the server's one token everybody is logged in as a moon of Jupiter or so.
    """
    username = getattr(user, "username", "")
    if username and not re.fullmatch("[0-9a-f]{32}", username):
        return str(user.display_name or username)[:200]
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name
        return ""
