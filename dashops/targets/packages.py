"""Where uv finds packages, for the slots and for the environments of dashboards; pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from dashops.stack import Stack


@dataclass(frozen=True)
class Packages:
    """uv's options, and variables for what has no option."""

    options: tuple[str, ...]
    env: Mapping[str, str]


def find(stack: Stack) -> Packages:
    """What the settings of `environment` mean to uv."""
    options: list[str] = []
    for url in stack.environment.extra_indexes:
        options += ["--index", url]
    if stack.environment.index:
        options += ["--default-index", stack.environment.index]
    for place in stack.environment.find_links:
        options += ["--find-links", place]
    if stack.environment.offline:
        options += ["--offline"]
    certificates, proxy = stack.environment.certificates, stack.environment.proxy
    env = {"SSL_CERT_FILE": str(certificates)} if certificates else {}
    if proxy:
        env |= {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy}
    return Packages(tuple(options), env)
