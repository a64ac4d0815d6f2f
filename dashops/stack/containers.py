"""The sections of a stack file about containers; every setting with its reason."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import ByteSize, Field, IPvAnyAddress, model_validator
from pydantic_core import PydanticCustomError

from dashops.stack.kinds import CountOrNone, Image, Size, SomeFile, Text
from dashops.stack.section import Section

# Names for which no public authority gives a certificate.
PRIVATE = ("localhost", ".localhost", ".local", ".internal", ".lan", ".test")


class Images(Section):
    """What containers are made of; `local` has none."""

    base: Image = Field(
        default="docker.io/library/python:3.12-slim-bookworm",
        description="Image that all images are built on: a Debian or Ubuntu with Python 3.11 or "
        "newer and its `venv`. Default: Python's own image on Debian 12.",
    )
    registry: Image | None = Field(
        default=None,
        description="Where images are pushed to and pulled from, such as "
        "`registry.example.com/team`. Default: none, they stay on the machine that built them.",
    )
    gateway_debs: tuple[Text, ...] = Field(
        default=(),
        description="Debian packages that notebooks need, for gateways and the notebook server. "
        "Default: none.",
    )
    notebook_debs: tuple[Text, ...] = Field(
        default=("git",),
        description="More Debian packages for the notebook server. Default: git.",
    )


class Limits(Section):
    """What containers may take of their machine; `local` has no such limits."""

    gateway_memory: Size = Field(
        default=ByteSize(8 * 2**30),
        description="Memory of one gateway with all its kernels. Default: 8GiB.",
    )
    dashboard_memory: Size = Field(
        default=ByteSize(2 * 2**30),
        description="Memory of a dashboard server. Default: 2GiB.",
    )
    notebook_memory: Size = Field(
        default=ByteSize(4 * 2**30),
        description="Memory of the notebook server with all its kernels. Default: 4GiB.",
    )
    gateway_cpus: CountOrNone = Field(
        default=0,
        description="Processors that one gateway may use, 0 for all. Default: 0.",
    )
    notebook_cpus: CountOrNone = Field(
        default=0,
        description="Processors that the notebook server may use, 0 for all. Default: 0.",
    )
    processes: CountOrNone = Field(
        default=8192,
        description="Processes and threads of each container, 0 for no limit. Default: 8192, "
        "twice what all kernels together may have.",
    )


class Proxy(Section):
    """Caddy, which stands before the other slots; `local` has none."""

    bind: IPvAnyAddress = Field(
        default="127.0.0.1",
        validate_default=True,
        description="Address of this machine that the ports of `dashboard.address` listen on; "
        "`0.0.0.0` for all. The ports of the slots listen on 127.0.0.1 always. "
        "Default: 127.0.0.1, so that nobody else gets in before you want it.",
    )
    certificate: SomeFile | None = Field(
        default=None,
        description="File with the certificate (PEM, with those between it and its authority) "
        "for the names in `dashboard.address` and `content_address`, relative to this file. "
        "Default: none; Caddy gets them from Let's Encrypt, or for names of this machine makes "
        "them with an authority of its own.",
    )
    certificate_key: SomeFile | None = Field(
        default=None,
        description="File with its key. Default: none.",
    )
    email: Text | None = Field(
        default=None,
        description="Where Let's Encrypt writes when a certificate is about to end. Default: none.",
    )

    def signs(self, address: str) -> bool:
        """Whether an authority of Caddy's own vouches for a host, as no public one would."""
        host = urlsplit(address).hostname or ""
        private = f".{host}".endswith(PRIVATE) or host.replace(".", "").isdigit()
        return private and self.certificate is None

    @model_validator(mode="after")
    def _pair(self) -> Self:
        if (self.certificate is None) != (self.certificate_key is None):
            key = "certificate_key" if self.certificate else "certificate"
            raise PydanticCustomError(
                "addresses",
                "{wrong}",
                {
                    "key": f"proxy.{key}",
                    "wrong": "is needed beside the other one",
                    "hint": "name both files, or none",
                },
            )
        return self
