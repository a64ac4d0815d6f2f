"""The platforms dashops runs on, by name; a target is imported only when a stack names it."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, Protocol, cast

from dashops.errors import SpecError
from dashops.plan import Event, Step
from dashops.run import Run
from dashops.stack import Stack

NAMES = ("local", "compose")

State = Literal["healthy", "starting", "failing", "stopped", "draining", "unchecked"]


@dataclass(frozen=True)
class Slot:
    """One slot now, or one of several servers in it. One that is `draining` was replaced,
    and visitors are not sent yet to one that is `unchecked`.

    `memory` is bytes of the process and all it started, `uptime` seconds, and `problem` follows
    the slot in a sentence."""

    slot: str
    state: State
    url: str
    pid: int | None = None
    memory: int | None = None
    uptime: int | None = None
    problem: str = ""


@dataclass(frozen=True)
class Line:
    """One line of a slot's log."""

    slot: str
    text: str


@dataclass(frozen=True)
class Drift:
    """One thing that is not as the last `up` left it; `what` follows the subject in a sentence."""

    subject: str
    what: str


class Target(Protocol):
    """The verbs of a platform; a module that has them is a target."""

    SLOTS: Sequence[str]
    SECRETS: Sequence[str]

    def facts(self, stack: Stack, run: Run) -> Any:
        """What is there now; changes nothing and tolerates absence."""

    def files(self, stack: Stack, facts: Any) -> Mapping[str, str]:
        """The rendered recipe, `{path under .dashops/rendered: text}`."""

    def check(self, stack: Stack, facts: Any) -> None:
        """Raise SpecError when the stack cannot run here, before anything is changed."""

    def up(self, stack: Stack, facts: Any, files: Mapping[str, str]) -> Iterator[Step]:
        """The steps missing until the stack runs."""

    def meanwhile(self, stack: Stack, files: Mapping[str, str], step: Step) -> str:
        """Right before a step: what made it needless since it was planned, empty if nothing.

        DashopsError when it would do something else now. Of `down`, `files` is empty.
        """

    def wait(self, stack: Stack, tell: Callable[[Event], None]) -> None:
        """Return when every slot is healthy; ToolError when one fails or time is over."""

    def tidy(self, stack: Stack, facts: Any, files: Mapping[str, str]) -> Iterator[Step]:
        """The removals of what a running stack no longer uses."""

    def down(self, stack: Stack, facts: Any) -> Iterator[Step]:
        """The removals, newest first."""

    def restart(self, stack: Stack, facts: Any, slots: Sequence[str]) -> Iterator[Step]:
        """Start these slots afresh as they are; nothing when the stack is not up."""

    def drift(self, stack: Stack, facts: Any, applied: Mapping[str, str]) -> Iterator[Drift]:
        """What is not as the last `up` left it, besides its rendered files, the `applied`."""

    def slots(self, stack: Stack, facts: Any) -> Iterator[Slot]:
        """The state of every slot, for people."""

    def logs(self, stack: Stack, slots: Sequence[str], last: int) -> Iterator[Line]:
        """The last lines of the named slots, or of all."""

    def follow(self, stack: Stack, slots: Sequence[str], last: int) -> Iterator[Line]:
        """The same, and then every new line, without an end."""

    def url(self, stack: Stack, slot: str) -> str:
        """Where this machine reaches a slot, also one that nobody else does."""

    def reach(self, stack: Stack) -> None:
        """Make the addresses of the slots good on this machine until the process ends."""

    def owners(self, stack: Stack) -> Collection[int]:
        """Ids of the users whose the files of the state folder may be."""

    def purge(self, stack: Stack, facts: Any) -> Iterator[Step]:
        """The removals of what is not in the state folder, when nothing runs any more."""

    def hosts(self, stack: Stack) -> list[str]:
        """testinfra URLs of the machines the stack runs on."""


def by_name(name: str) -> Target:
    """The target of that name; SpecError when there is none."""
    if name not in NAMES:
        raise SpecError(f"unknown target `{name}`", hint=f"choose one of: {', '.join(NAMES)}")
    return cast(Target, import_module(f"dashops.targets.{name}"))
