"""Run the checks of dashops/checks/ against a running stack and read what they say into a Report.

It runs pytest in a process of its own, hands no secret over, and leaves no file behind.
"""

import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from dashops import errors, secrets, targets
from dashops.run import Run
from dashops.stack import FILE, Stack

CHECKS = Path(__file__).parent / "checks"
STORY = "test_story.py"
NEEDED = ("pytest", "testinfra")
# Seconds for all checks together; each has shorter limits of its own.
DEADLINE = 600

Outcome = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True)
class Check:
    """One check; `message` is why it failed or was skipped, `seconds` how long it took."""

    name: str
    title: str
    outcome: Outcome
    seconds: float
    message: str = ""


@dataclass(frozen=True)
class Report:
    """What the checks of a stack saw; `junit` is the same as JUnit XML."""

    stack: str
    checks: tuple[Check, ...]
    junit: str = field(default="", repr=False)

    def count(self, outcome: Outcome) -> int:
        """How many checks ended so."""
        return sum(check.outcome == outcome for check in self.checks)

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return self.count("failed") == 0

    def raise_for_failures(self) -> None:
        """Raise ChecksFailed when a check failed."""
        if not self.passed:
            failed = self.count("failed")
            raise errors.ChecksFailed(f"{failed} of {len(self.checks)} checks failed")


def require_running(stack: Stack, run: Run) -> None:
    """ChecksFailed when nothing of the stack runs."""
    target = targets.by_name(stack.target)
    if all(slot.state == "stopped" for slot in target.slots(stack, target.facts(stack, run))):
        raise errors.ChecksFailed(
            f"the stack `{stack.name}` is not up", hint="start it with `dashops up`"
        )


def require_installed(packages: Iterable[str] = NEEDED) -> None:
    """ToolError when a module the checks are written with is not installed."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise errors.ToolError(
            f"the checks need what is not installed: `{'`, `'.join(missing)}`",
            hint="`pip install 'dashops[smoke]'`",
        )


def check(stack: Stack, run: Run, dashboard: str, number: str = "") -> Report:
    """Run all checks; they publish a notebook as `dashboard` and remove it.

    With the `number` of one of several dashboard servers, what its viewers need is checked there.
    Raises ToolError when the checks cannot run.
    """
    with tempfile.TemporaryDirectory(prefix="dashops-smoke-") as scratch:
        file = Path(scratch) / "report.xml"
        # Code 1 says that checks failed; every other one, that they did not run.
        run(
            *_command(stack, dashboard, file, number),
            ok=(0, 1),
            env={
                # The operator's own pytest plugins and options are not for these checks.
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTEST_ADDOPTS": None,
                "PYTEST_PLUGINS": None,
                "PYTHONDONTWRITEBYTECODE": "1",
                "TMPDIR": scratch,
            },
            cwd=Path(scratch),
            timeout=DEADLINE,
        )
        return read(stack, file.read_text(encoding="utf-8"))


def read(stack: Stack, junit: str) -> Report:
    """The report in pytest's JUnit XML; a secret that got into a message is masked."""
    root = ElementTree.fromstring(junit)
    folder, names = stack.state_dir / "secrets", targets.by_name(stack.target).SECRETS
    known = [secrets.read(folder, name) for name in names if (folder / name).is_file()]
    for part in root.iter():
        part.text = _masked(part.text or "", known)
        for key in {"message", "value"}.intersection(part.keys()):
            part.set(key, _masked(part.get(key, ""), known))
    checks = tuple(_check(case) for case in root.iter("testcase"))
    return Report(stack.name, checks, ElementTree.tostring(root, encoding="unicode"))


def _command(stack: Stack, dashboard: str, file: Path, number: str) -> tuple[str | Path, ...]:
    checks = CHECKS / STORY if number else CHECKS
    hosts = targets.by_name(stack.target).hosts(stack)
    return (
        # Without -P and the next three options, files in the operator's folder would take part.
        *(sys.executable, "-P", "-m", "pytest", checks),
        *("-c", "/dev/null", f"--rootdir={CHECKS}", f"--confcutdir={CHECKS}"),
        *("--import-mode=importlib", "-p", "no:cacheprovider", "-p", "testinfra.plugin"),
        # An assert says its reason itself; pytest's would show the values, which may be secrets.
        *("--assert=plain", "--tb=short", "-q"),
        *(f"--hosts={','.join(hosts)}", f"--junitxml={file}"),
        *(f"--stack={stack.path or stack.folder / FILE}", f"--dashboard={dashboard}"),
        f"--number={number}",
    )


def _masked(text: str, known: Iterable[secrets.Secret]) -> str:
    for secret in known:
        text = text.replace(secret.reveal(), secrets.SHOWN)
    return text


def _check(case: ElementTree.Element) -> Check:
    said = [(each.get("name"), each.get("value", "")) for each in case.iter("property")]
    kinds = {each.tag for each in case}
    module = case.get("classname", "").rpartition(".")[2].removeprefix("test_")
    outcome: Outcome = "skipped" if "skipped" in kinds else "passed"
    return Check(
        name=f"{module}.{case.get('name', '').removeprefix('test_')}",
        title=next((value for name, value in said if name == "title"), case.get("name", "")),
        outcome="failed" if kinds & {"failure", "error"} else outcome,
        seconds=float(case.get("time", 0)),
        message="\n".join(value for name, value in said if name == "reason"),
    )
