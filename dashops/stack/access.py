"""The section of a stack file about who visitors are; every setting with its reason."""

from pydantic import Field

from dashops.stack.kinds import Name, Seconds, SomeFile, Text
from dashops.stack.slots import Section


class Identity(Section):
    """Who vouches for visitors, and how long a login lasts."""

    provider: Name = Field(
        default="shared",
        description="Who vouches for visitors: `shared` (one account for all, as long as you "
        "are few), `local` (people of `dashops users`), or the name of an entry point "
        "`dashops.identity` of another package. Default: shared, because it needs nobody's help.",
    )
    packages: tuple[Text, ...] = Field(
        default=(),
        description="Packages for the dashboard server that bring another provider. Default: none.",
    )
    options_file: SomeFile | None = Field(
        default=None,
        description="File with the settings of a provider of another package, relative to this "
        "file; what is in it says that package. Default: none.",
    )
    session_idle: Seconds = Field(
        default=28800,
        description="Seconds without use after which a login ends. Default: 28800 (8 hours), a "
        "day at work.",
    )
    session_lifetime: Seconds = Field(
        default=86400,
        description="Seconds after which a login ends however much it is used. Default: 86400 "
        "(a day).",
    )
    operators: tuple[Text, ...] = Field(
        default=(),
        description="People (`alice`) and groups (`group:admins`) that are operators, where the "
        "provider knows no roles: `local` does. Default: none.",
    )
    authors: tuple[Text, ...] = Field(
        default=(),
        description="People and groups that are authors, written as `operators`. Default: none.",
    )
