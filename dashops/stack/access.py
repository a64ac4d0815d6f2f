"""The section of a stack file about who visitors are; every setting with its reason."""

from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from dashops.stack.kinds import HeaderName, Issuer, Name, Network, Seconds, SomeFile, Text
from dashops.stack.section import Section


class Identity(Section):
    """Who vouches for visitors, and how long a login lasts."""

    provider: Name = Field(
        default="shared",
        description="Who vouches for visitors: `shared` (one account for all, as long as you "
        "are few), `local` (people of `dashops users`), `header` (a proxy logged them in), "
        "`oidc` (an OpenID Connect provider), or the name of an entry point `dashops.identity` of "
        "another package. Default: shared, because it needs nobody's help.",
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
    header_name: HeaderName = Field(
        default="X-Forwarded-User",
        description="Header in which the proxy says who it has logged in; it must take away "
        "what a visitor sends under this name. Default: X-Forwarded-User.",
    )
    header_groups: HeaderName | None = Field(
        default=None,
        description="Header with that person's groups, separated by commas. Default: none.",
    )
    header_trusted: tuple[Network, ...] = Field(
        default=("127.0.0.1/32",),
        description="Networks of the proxies whose headers count; whoever else sends them is "
        "nobody. Default: 127.0.0.1/32, a proxy on this machine.",
    )
    header_key_file: SomeFile | None = Field(
        default=None,
        description="File with a key that the proxy signs its headers with (HMAC-SHA256), "
        "relative to this file. Default: none; every program on a trusted machine can then be "
        "anybody.",
    )
    oidc_issuer: Issuer | None = Field(
        default=None,
        description="Issuer of the OpenID Connect provider, as its description has it: "
        "`https://login.example.com/realm`. Default: none.",
    )
    oidc_client_id: Text | None = Field(
        default=None,
        description="The name this server is registered under there. Default: none.",
    )
    oidc_client_secret_file: SomeFile | None = Field(
        default=None,
        description="File with the secret of that registration, relative to this file. "
        "Default: none, for a registration without one.",
    )
    oidc_scopes: tuple[Text, ...] = Field(
        default=("profile", "email"),
        description="Scopes to ask for besides `openid`. Default: profile and email.",
    )
    oidc_name_claim: Text = Field(
        default="preferred_username",
        description="Claim that is a person's name here; `sub` never changes, but nobody can "
        "read it. Default: preferred_username.",
    )
    oidc_groups_claim: Text | None = Field(
        default="groups",
        description="Claim that lists a person's groups. Default: groups.",
    )

    @model_validator(mode="after")
    def _oidc_is_complete(self) -> Self:
        for key in ("oidc_issuer", "oidc_client_id"):
            if self.provider == "oidc" and not getattr(self, key):
                raise PydanticCustomError(
                    "missing_oidc",
                    "is needed by the provider `oidc`",
                    {"key": f"identity.{key}", "hint": "see docs/identity.md"},
                )
        return self
