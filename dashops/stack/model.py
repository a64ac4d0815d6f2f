"""The shape of a stack: its sections and what follows from them; reads no file."""

import re
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from dashops.errors import SpecError
from dashops.stack.access import Identity
from dashops.stack.containers import Images, Limits, Proxy
from dashops.stack.environment import Environment
from dashops.stack.kinds import Name, OwnFolder, Recipes, SomeFile, SshHost, under
from dashops.stack.section import Section
from dashops.stack.slots import Dashboard, Gateway, Notebook

__all__ = [
    "Dashboard",
    "Environment",
    "Gateway",
    "Identity",
    "Images",
    "Limits",
    "Notebook",
    "Proxy",
    "Section",
    "Stack",
    "leaves",
    "sections",
]


class Stack(Section):
    """What the operator wants: dashops.yaml and `DASHOPS_*` over the defaults.

    Made by `dashops.stack.load()` only, which also knows the place of every setting.
    """

    model_config = ConfigDict(title="dashops stack")

    name: Name = Field(
        default="",
        description="Name of the stack. Default: the name of the folder this file is in.",
    )
    target: Literal["local", "compose"] = Field(
        default="local",
        description="Platform to run on: local (processes on this machine) or compose (containers "
        "of Docker). Default: the one that the last `up --target` named, at first local.",
    )
    host: SshHost | None = Field(
        default=None,
        description="Machine to run the containers on, like `ssh://user@host:22`; only on "
        "`compose`. Default: the one that the last `up --host` named, at first none, which is "
        "the machine of Docker's own settings.",
    )
    ssh_config: SomeFile | None = Field(
        default=None,
        description="OpenSSH configuration to reach `host` with, relative to this file. "
        "Default: none, which is your own, `~/.ssh/config`.",
    )
    state: OwnFolder = Field(
        default=".dashops",
        description="Folder of everything dashops writes, relative to this file. "
        "Default: .dashops, so that one folder is all there is to remove.",
    )
    recipes: Recipes = Field(
        default="recipes",
        description="Folder of your changes to what dashops renders, relative to this file; see "
        "`dashops recipes`. Default: recipes, which need not be there.",
    )
    develop: tuple[Literal["gateway", "dashboard", "notebook"], ...] = Field(
        default=(),
        description="Slots that run from the source tree of the dashops which brings them up, "
        "instead of what is in their image; for those who work on dashops, on compose only. "
        "Default: none; `dashops up --dev` names some for once.",
    )
    environment: Environment = Field(
        default=Environment(), description="The Python packages notebooks may import."
    )
    dashboard: Dashboard = Field(default=Dashboard(), description="The server that viewers open.")
    gateway: Gateway = Field(
        default=Gateway(),
        description="The server that runs kernels; only the dashboard server talks to it.",
    )
    notebook: Notebook = Field(default=Notebook(), description="JupyterLab, where authors write.")
    identity: Identity = Field(
        default=Identity(), description="Who vouches for visitors, and how long a login lasts."
    )
    proxy: Proxy = Field(
        default=Proxy(), description="Caddy, which stands before the other slots; not on `local`."
    )
    images: Images = Field(
        default=Images(), description="What containers are made of; `local` has none."
    )
    limits: Limits = Field(
        default=Limits(), description="What containers may take of their machine; not on `local`."
    )

    _folder: Path = PrivateAttr(default=Path())
    _path: Path | None = PrivateAttr(default=None)
    _places: dict[str, str] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        taken: dict[int, str] = {}
        for key, port in self.ports().items():
            if port in taken:
                raise PydanticCustomError(
                    "same_port",
                    "is `{port}`, which `{other}` uses already",
                    {
                        "port": port,
                        "key": key,
                        "other": taken[port],
                        "hint": "give each a port of its own",
                    },
                )
            taken[port] = key
        return self

    @model_validator(mode="after")
    def _addresses_go_together(self) -> Self:
        main, content = self.dashboard.address, self.dashboard.content_address
        if (main is None) != (content is None):
            key, other = ("address", "content_address") if main else ("content_address", "address")
            wrong = f"needs `dashboard.{other}` beside it"
        elif main is not None and main == content:
            key, wrong = "content_address", "is that of `dashboard.address`"
        elif "*" in (main or ""):
            key, wrong = "address", "has a `*`, which only `dashboard.content_address` may have"
        elif "*" in re.sub(FIRST_PART, "", content or ""):
            key, wrong = "content_address", "has a `*` that is not all of its host's first part"
        else:
            return self
        about = {"key": f"dashboard.{key}", "wrong": wrong, "hint": "see docs/origins.md"}
        raise PydanticCustomError("addresses", "{wrong}", about)

    @property
    def folder(self) -> Path:
        """Absolute folder of the stack file, or where it would be."""
        return self._folder

    @property
    def path(self) -> Path | None:
        """Absolute path of the stack file; None when there is none."""
        return self._path

    @property
    def state_dir(self) -> Path:
        """Absolute folder of everything dashops writes."""
        return under(self.folder, self.state)

    @property
    def notebook_dir(self) -> Path:
        """Absolute folder that JupyterLab shows."""
        return under(self.folder, self.notebook.folder)

    @property
    def recipes_dir(self) -> Path:
        """Absolute folder of the operator's changes to recipes, which need not be there."""
        return under(self.folder, self.recipes)

    def secret_file(self, name: str) -> Path:
        """Absolute path of a secret's file, such as `deploy-token`."""
        return self.state_dir / "secrets" / name

    def ports(self, slot: str = "") -> dict[str, int]:
        """The TCP ports of all slots, or of one, by the path of their setting."""
        return {key: int(self._of(key)) for key in PORTS if key.startswith(slot)}

    @property
    def content_url(self) -> str:
        """Where pages of dashboards are: as `url`, but another port of the dashboard slot."""
        return f"http://127.0.0.1:{self.dashboard.content_port}"

    def url(self, slot: str) -> str:
        """Where a slot answers: `http://127.0.0.1:<port>`, without a slash at the end."""
        return f"http://127.0.0.1:{getattr(self, slot).port}"

    def where(self, key: str) -> str:
        """Who set `dashboard.port`: `dashops.yaml:7`, `DASHOPS_DASHBOARD_PORT` or `default`."""
        if key not in leaves():
            raise KeyError(key)
        return self._places.get(key, "default")

    def _of(self, key: str) -> Any:
        section, _, name = key.partition(".")
        return getattr(getattr(self, section), name)

    def placed(self, folder: Path, path: Path | None, places: dict[str, str]) -> Self:
        """The same stack, knowing where it was read from; for `load()`."""
        stack = self.model_copy()
        stack._folder, stack._path, stack._places = folder, path, places
        return stack

    def on(self, target: str) -> Self:
        """The same stack on another target; on this one when there is no such target."""
        known = typing.get_args(type(self).model_fields["target"].annotation)
        return self.model_copy(update={"target": target}) if target in known else self

    def at(self, host: str) -> Self:
        """The same stack on another host; empty is none."""
        return self.model_copy(update={"host": host or None})

    def sized(self, gateways: int) -> Self:
        """The same stack with so many gateways."""
        gateway = self.gateway.model_copy(update={"count": gateways})
        return self.model_copy(update={"gateway": gateway})

    def developing(self, slots: Sequence[str]) -> Self:
        """The same stack with these slots from the source tree, `all` for all that can.

        SpecError when one cannot. With none the stack is as its file says.
        """
        if not slots:
            return self
        known = typing.get_args(typing.get_args(type(self).model_fields["develop"].annotation)[0])
        if unknown := [slot for slot in slots if slot not in (*known, "all")]:
            raise SpecError(
                f"`{unknown[0]}` cannot run from the source tree",
                hint=f"choose from: {', '.join((*known, 'all'))}",
            )
        return self.model_copy(
            update={"develop": tuple(each for each in known if {each, "all"} & set(slots))}
        )


FIRST_PART = r"(?<=//)\*\.(?=[^.:])"
PORTS = ("dashboard.port", "dashboard.content_port", "gateway.port", "notebook.port")


def sections() -> dict[str, type[Section]]:
    """The sections of the file by name, in their order."""
    kinds = {name: field.annotation for name, field in Stack.model_fields.items()}
    return {
        name: kind
        for name, kind in kinds.items()
        if isinstance(kind, type) and issubclass(kind, Section)
    }


def leaves() -> tuple[str, ...]:
    """The path of every setting, such as `dashboard.port`, in the order of the file."""
    inner = sections()
    return tuple(
        path
        for name in Stack.model_fields
        for path in (
            [f"{name}.{key}" for key in inner[name].model_fields] if name in inner else [name]
        )
    )
