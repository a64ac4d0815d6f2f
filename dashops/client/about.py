"""What a server says of itself and of its gateway, for preflight and `dashops kernels`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashops import errors
from dashops.client import problems
from dashops.client.records import clean

if TYPE_CHECKING:
    from dashops.client import Server


@dataclass(frozen=True)
class Kernel:
    """A kernelspec of the gateway."""

    display_name: str
    language: str


@dataclass(frozen=True)
class About:
    """What the server says of itself; a part that it did not tell is None, or empty text.

    `python` is like `3.11.7`, `modules` maps import names to distributions of the default
    environment, `frontends` are the names of lab extensions, `env` the variables kernels see.
    """

    kernels: Mapping[str, Kernel] | None = None
    default_kernel: str = ""
    python: str = ""
    modules: Mapping[str, str] | None = None
    frontends: frozenset[str] | None = None
    env: frozenset[str] | None = None


def ask(server: "Server") -> About | None:
    """What the server knows; None from one that is too old to be asked. Raises as Server does."""
    try:
        answer = server._ask("GET", "_api/about")
    except (errors.SpecError, errors.ToolError) as error:
        # A server of before answers with its page for what is not there.
        if isinstance(error, errors.SpecError) or "status 404" in error.message:
            return None
        raise
    try:
        return decode(problems.body(answer))
    except ValueError as error:
        raise problems.not_ours(server.url, str(error)) from error


def decode(data: Mapping[str, Any]) -> About:
    """The record from JSON; ValueError when it is another program's."""
    if not isinstance(data.get("kernels"), dict):
        raise ValueError("no `kernels` as expected")
    kernels = {
        clean(name): Kernel(
            clean(each.get("display_name")) or clean(name), clean(each.get("language"))
        )
        for name, each in data["kernels"].items()
        if isinstance(each, dict)
    }
    modules = data.get("modules")
    return About(
        kernels,
        clean(data.get("default_kernel")),
        clean(data.get("python")),
        {clean(name): clean(brought) for name, brought in modules.items()}
        if isinstance(modules, dict)
        else None,
        _names(data.get("frontends")),
        _names(data.get("env")),
    )


def _names(data: Any) -> frozenset[str] | None:
    return frozenset(map(clean, data)) if isinstance(data, list) else None
