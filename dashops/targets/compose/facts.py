"""What is on the engine and in the state folder now; it changes nothing."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from dashops.errors import ToolError
from dashops.run import Run
from dashops.stack import Stack
from dashops.targets import machine, origin
from dashops.targets.compose import engine
from dashops.targets.compose.engine import Compose
from dashops.targets.compose.host import asking, link
from dashops.targets.compose.host.asking import NOBODY, Machine
from dashops.targets.origin import Origin

SLOTS = ("gateway", "dashboard", "notebook", "proxy")
SERVICES = ("gateway", "dashboard", "notebook")


@dataclass(frozen=True)
class Container:
    """One container of the stack; `started` is a Unix time, `health` empty before the first look.

    `ports` are those of the machine that it holds, `networks` those that it is on. Of `said`, the
    answer to the last look at its health, which was at the Unix time `looked`, gateways and
    dashboard servers make use.
    """

    id: str
    name: str
    slot: str
    service: str
    state: str
    health: str
    digest: str
    folder: str
    image: str
    pid: int
    started: float
    ports: tuple[int, ...]
    said: Mapping[str, Any] = field(default_factory=dict)
    looked: float = 0.0
    networks: tuple[str, ...] = ()

    @property
    def running(self) -> bool:
        """Whether its program runs."""
        return self.state == "running"

    @property
    def serving(self) -> bool:
        """Whether it is the dashboard server that visitors are sent to."""
        return self.running and bool(self.said.get("serving"))

    @property
    def busy(self) -> int | None:
        """Pages, kernels or deploys that would end with it; None when it does not say."""
        found = self.said.get("busy", self.said.get("kernels"))
        return found if isinstance(found, int) else None


@dataclass(frozen=True)
class Facts:
    """What is there. `uid` is whose the files must be that containers read, `foreign` are those
    that belong to somebody else; `images` are tags of ours, `volumes` and `networks` names.

    On another `host`, `environment` leads Docker's commands there, and `built` are the tags here.
    The engine that builds does so for `architecture`, and has `images.base` for that of `base`;
    either is empty where it is not known. `scraps` are containers that builds left which failed.
    """

    origin: Origin
    compose: Compose
    uid: int
    code: Mapping[str, str] = field(default_factory=dict)
    rendered: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    containers: tuple[Container, ...] = ()
    volumes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    taken: tuple[int, ...] = ()
    host: Machine | None = None
    built: tuple[str, ...] = ()
    architecture: str = ""
    base: str = ""
    scraps: tuple[str, ...] = ()
    environment: Mapping[str, str | None] = field(default_factory=dict)

    def of(self, slot: str) -> list[Container]:
        """The containers of one slot."""
        return [each for each in self.containers if each.slot == slot]


def project(stack: Stack) -> str:
    """Compose's name of the stack; its volumes and networks begin with it."""
    return f"dashops-{stack.name}"


def mine(stack: Stack) -> dict[str, str]:
    """The engine's filter for what belongs to the stack."""
    return {"label": f"com.docker.compose.project={project(stack)}"}


def facts(stack: Stack, run: Run) -> Facts:
    """Everything `up` and `down` decide on; ToolError when there is no engine or no Compose."""
    compose = engine.compose(run)
    host = asking.ask(stack, run) if stack.host else None
    found = Facts(
        origin=origin.find(None),
        compose=compose,
        uid=host.owner if host else os.getuid() or NOBODY,
        code={slot: origin.code(slot) for slot in SERVICES},
        rendered=machine.read(stack.state_dir / "rendered"),
        secrets=machine.secrets(stack.state_dir),
        host=host,
    )
    if host:
        found = replace(found, environment=link.of(stack).environment, **_here(stack))
    return found if host and not host.answers else _there(stack, found)


def _here(stack: Stack) -> dict[str, Any]:
    """What this machine's engine has for another; it is needed only to build."""
    with contextlib.suppress(ToolError), engine.at(engine.here(), engine.PATIENCE) as client:
        return {"built": tuple(_tags(client, stack)), **_building(client, stack)}
    return {}


def _building(client: Any, stack: Stack) -> dict[str, Any]:
    """What matters of the engine that builds."""
    return {
        "scraps": tuple(_scraps(client, stack)),
        "architecture": engine.architecture(client),
        "base": engine.made_for(client, stack.images.base),
    }


def _there(stack: Stack, known: Facts) -> Facts:
    """With what the engine has that the stack runs on."""
    host = known.host
    with engine.connected(stack) as client:
        filters = mine(stack)
        found = client.api.containers(all=True, filters=filters)
        made = tuple(containers(client, found, remote=host is not None))
        held = {port for each in made for port in each.ports}
        return replace(
            known,
            **({} if host else _building(client, stack)),
            foreign=() if host else tuple(_foreign(stack, known.uid)),
            images=tuple(_tags(client, stack)),
            containers=made,
            volumes=tuple(each.name for each in client.volumes.list(filters=filters)),
            networks=tuple(each.name for each in client.networks.list(filters=filters)),
            taken=tuple(
                port
                for key, port in stack.ports().items()
                if key != "gateway.port"
                and port not in held
                and not (port not in host.listening if host else machine.free(port))
            ),
        )


def containers(client: Any, found: list[dict[str, Any]], *, remote: bool) -> Iterator[Container]:
    """What the engine, maybe of a `remote` machine, knows of each container in its list."""
    for each in found:
        about = client.api.inspect_container(each["Id"])
        state, labels = about["State"], about["Config"]["Labels"]
        bindings = about["HostConfig"]["PortBindings"] or {}
        service = labels.get("com.docker.compose.service", "")
        said, looked = _said(state.get("Health") or {})
        yield Container(
            id=about["Id"],
            name=about["Name"].lstrip("/"),
            slot=labels.get("dashops.slot", service),
            service=service,
            state="paused" if state["Paused"] else state["Status"],
            health=(state.get("Health") or {}).get("Status", ""),
            digest=labels.get("dashops.digest", ""),
            folder=labels.get("dashops.folder", ""),
            image=about["Config"]["Image"],
            pid=int(state["Pid"]) if remote else _seen(int(state["Pid"]), about["Id"]),
            started=moment(state["StartedAt"]),
            ports=tuple(int(to["HostPort"]) for port in bindings.values() for to in port or ()),
            said=said,
            looked=looked,
            networks=tuple(about["NetworkSettings"]["Networks"] or ()),
        )


def _said(health: Mapping[str, Any]) -> tuple[Mapping[str, Any], float]:
    """What its server said when its health was looked at last, and when that was."""
    for look in (health.get("Log") or ())[-1:]:
        with contextlib.suppress(ValueError):
            said = json.loads(look["Output"])
            return (said if isinstance(said, dict) else {}), moment(look["Start"])
    return {}, 0.0


def moment(text: str) -> float:
    """A Unix time; the engine writes that of a look with the zone of its machine."""
    return datetime.fromisoformat(text).timestamp()


def _seen(pid: int, ident: str) -> int:
    """The pid if it is one of this machine's; the engine may be on another."""
    with contextlib.suppress(OSError):
        if ident in Path(f"/proc/{pid}/cgroup").read_text():
            return pid
    return 0


def _tags(client: Any, stack: Stack) -> Iterator[str]:
    for image in client.api.images(filters={"label": f"dashops.stack={stack.name}"}):
        yield from (tag for tag in image["RepoTags"] or () if tag != "<none>:<none>")


def _scraps(client: Any, stack: Stack) -> Iterator[str]:
    """Of layers of ours that became no image; the engine's own builder keeps them."""
    asked = {"label": f"dashops.stack={stack.name}", "status": ["created", "exited"]}
    for each in client.api.containers(all=True, filters=asked):
        if each["Image"].startswith("sha256:") and "dashops.slot" not in each["Labels"]:
            yield each["Id"]


def _foreign(stack: Stack, uid: int) -> Iterator[str]:
    for root in ("secrets", "rendered"):
        for path in sorted((stack.state_dir / root).rglob("*")):
            if not path.name.startswith(".") and path.lstat().st_uid != uid:
                yield str(path.relative_to(stack.state_dir))
