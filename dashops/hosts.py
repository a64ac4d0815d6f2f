"""The verbs about the machine that containers run on: what it lacks, and its ports brought here."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashops import targets
from dashops.errors import DashopsError, SpecError, ToolError
from dashops.run import Run
from dashops.stack import Stack
from dashops.targets import compose
from dashops.targets.compose.host import asking, findings
from dashops.targets.compose.host.findings import Finding


@dataclass(frozen=True)
class Checked:
    """What a host is like."""

    host: str
    found: Sequence[Finding]

    def raise_for_errors(self) -> None:
        """Raise DashopsError when something must be mended before the stack can run there."""
        wrong = [each for each in self.found if each.level in ("error", "prepare")]
        if wrong:
            many = "1 thing is" if len(wrong) == 1 else f"{len(wrong)} things are"
            raise DashopsError(f"{many} missing on `{self.host}`")


@dataclass(frozen=True)
class Brought:
    """What is at which address of this machine."""

    host: str
    urls: dict[str, str]


def check(stack: Stack, run: Run) -> Checked:
    """What the stack's host lacks. Changes nothing; SpecError when the stack names none."""
    host = _named(stack)
    try:
        machine = asking.ask(stack, run)
    except ToolError as error:
        return Checked(host, (Finding("ssh", "error", error.message, error.hint),))
    ports = [port for key, port in stack.ports().items() if key != "gateway.port"]
    if machine.answers:
        facts = compose.facts(stack, run)
        held = {port for each in facts.containers for port in each.ports}
        return Checked(host, tuple(findings.find(machine, {*ports} - held, facts.architecture)))
    return Checked(host, tuple(findings.find(machine, ports, "")))


def tunnel(stack: Stack) -> Brought:
    """Bring the slots' ports here, until this process ends; ToolError when one is taken."""
    host, target = _named(stack), targets.by_name(stack.target)
    target.reach(stack)
    return Brought(host, {slot: stack.url(slot) for slot in ("dashboard", "notebook")})


def _named(stack: Stack) -> str:
    if stack.host is None or stack.target != "compose":
        raise SpecError(
            "the stack runs on no other host",
            hint="name one: `--host ssh://user@host`, or `host` in the stack file",
            where=stack.where("host"),
        )
    return stack.host
