"""Where a service finds things, on whatever platform its configuration is rendered for; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """Paths and addresses as the services see them: of this machine, or inside a container.

    `ip` is what they listen on, `hosts` the names of the dashboard server; `address` is what people
    open, empty where that is the port itself. `dashboard` and `gateway` are URLs for the services.
    `given` maps files of the operator to where the services see them, if that is elsewhere.
    """

    ip: str
    hosts: tuple[str, ...]
    address: str
    dashboard: str
    gateway: str
    secrets: Path
    store: str
    claims_key: str
    bundles: str
    environments: str
    kernel_log: str
    notebooks: str
    given: Mapping[Path, Path] = field(default_factory=dict)

    def secret(self, name: str) -> str:
        """The file of a secret."""
        return str(self.secrets / name)

    def file(self, path: Path | None) -> str:
        """A file that the operator named in the stack file; empty for none."""
        return str(self.given.get(path, path)) if path else ""
