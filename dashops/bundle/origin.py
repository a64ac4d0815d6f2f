"""Who deploys a notebook, and from which commit; asks git, and is silent where there is none."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dashops import errors

Git = Callable[[tuple[str, ...], Path], str]
"""Runs a command in a folder and returns what it prints, whatever its exit code is.

Raises ToolError when there is no such command, or it takes too long."""

SECONDS = 10
LONGEST = 200
"""Seconds that git may take, and characters that the server keeps of either field."""


@dataclass(frozen=True)
class Origin:
    """`author` is a name, `commit` a hash, with `+changes` when the notebook differs from it."""

    author: str = ""
    commit: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """What is known, as the fields of an upload."""
        known = {"author": self.author, "commit": self.commit}
        return {name: text[:LONGEST] for name, text in known.items() if text}


def of(notebook: Path, run: Git) -> Origin:
    """The commit checked out where the notebook lies, and who works there: git's `user.name`.

    A machine that has none, as in CI, publishes for the author of the commit.
    """
    path = notebook.absolute()
    if not any((folder / ".git").exists() for folder in path.parents):
        return Origin()

    def git(*words: str) -> str:
        # Without locks an editor's own git is not disturbed; a folder's fsmonitor is a program.
        options = ("--no-optional-locks", "--literal-pathspecs", "-c", "core.fsmonitor=false")
        return run(("git", *options, *words), path.parent).strip()

    try:
        commit, _, author = git(
            "-c", "log.showSignature=false", "log", "-1", "--format=%H%n%an"
        ).partition("\n")
        if not commit:
            return Origin()
        changed = git("status", "--porcelain", "--ignored", "--", path.name)
        return Origin(
            git("config", "user.name") or author, commit + ("+changes" if changed else "")
        )
    except errors.ToolError:  # no git here, or none that answers: a deploy works without
        return Origin()
