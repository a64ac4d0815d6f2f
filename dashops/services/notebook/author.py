"""Who deploys from the menu and from which commit, as the revision will say."""

import getpass
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

from dashops import bundle, errors


def of(user: Any) -> str:
    """The name of who is logged in, empty where one token is for all.

    With such a token everybody is a moon of a planet, another one in each browser.
    """
    username = getattr(user, "username", "")
    if not username or re.fullmatch("[0-9a-f]{32}", username):
        return ""
    return str(user.display_name or username)


def origin(notebook: Path, author: str) -> bundle.origin.Origin:
    """As `dashops deploy-notebook` asks git; the author is who is logged in, if that is known."""
    found = bundle.origin.of(notebook, _printed)
    return replace(found, author=author or found.author or _account())


def _printed(argv: tuple[str, ...], folder: Path) -> str:
    try:
        return subprocess.run(
            argv,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=bundle.origin.SECONDS,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise errors.ToolError(f"{argv[0]} does not answer: {type(error).__name__}") from error


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name
        return ""
