"""The errors dashops raises on purpose; this module never prints and never exits.

    DashopsError        exit code 1, a failure we can name; a notebook's is client.NotebookFailed
    ├── SpecError       exit code 2, what the user wrote: stack file, usage, name, notebook
    ├── ToolError       exit code 3, an outside tool or server failed
    └── ChecksFailed    exit code 4, the smoke checks ran and some failed

`cli.main()` alone catches them. Anything else is a bug and keeps its traceback.
"""


class DashopsError(Exception):
    """A failure with a name.

    `message` is one sentence without a full stop, literals in backticks. `hint` is the way out,
    in the same style. `where` is the place, `path:line:column`, and may go on with the offending
    lines or name an environment variable. `said` is all that a tool printed, of which `where`
    may have only the end.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "", where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where
        self.said = ""


class SpecError(DashopsError):
    """The user's input cannot be used; nothing was changed."""

    exit_code = 2


class ToolError(DashopsError):
    """A tool or server outside dashops failed or could not be reached."""

    exit_code = 3


class ChecksFailed(DashopsError):
    """The smoke checks ran, and at least one failed."""

    exit_code = 4
