"""Questions to the person at the terminal; where nobody sits, nothing is asked."""

import getpass
import sys
from pathlib import Path
from typing import Any

from dashops import errors
from dashops.lock import Holder
from dashops.plan import Plan
from dashops.view import stacks, text


def asks(yes: bool, json: bool) -> bool:  # noqa: FBT001
    """Whether to ask: not with --yes or --json, and not when stdin or stderr is no terminal."""
    return not yes and not json and sys.stdin.isatty() and sys.stderr.isatty()


def agree(_: Any) -> bool:
    """Say yes for somebody who is not there."""
    return True


def confirm_plan(plan: Plan) -> bool:
    """Show a plan and ask whether to go on."""
    text.note(*stacks.plan_lines(plan))
    return question("Go on?", default="y")


def confirm_purge(folder: Path) -> bool:
    """Ask before dashboards and passwords are removed for ever."""
    text.note(f"This removes `{folder}` with all published dashboards, passwords and logs.")
    return question("Remove it?", default="n")


def confirm_remove(name: str) -> bool:
    """Ask before a dashboard is gone for its viewers."""
    return question(f"Remove the dashboard `{name}`?", default="n")


def confirm_unlock(holder: Holder) -> bool:
    """Ask before somebody's work is stopped in the middle."""
    text.note(f"{holder}; it stops before its next step.")
    return question("Break its lock?", default="n")


def new_password(name: str) -> str:
    """Ask for a new password twice, unseen; empty where nobody sits. SpecError if they differ."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return ""
    password = getpass.getpass(f"Password of `{name}`: ")
    if password and getpass.getpass("Once more: ") != password:
        raise errors.SpecError("the two passwords differ", hint="try again")
    return password


def question(words: str, default: str) -> bool:
    """Ask for yes or no on the terminal; an empty answer is the default."""
    sys.stderr.write(f"{words} [{'Y/n' if default == 'y' else 'y/N'}] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    # The end of input is no answer, and no answer is a no.
    return (answer.strip().lower() or default) in ("y", "yes") if answer else False
