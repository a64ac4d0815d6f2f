"""Whether a step is still needed the moment before it runs; it changes nothing."""

from collections.abc import Mapping
from pathlib import Path

from dashops.errors import DashopsError
from dashops.plan import Step, digest
from dashops.stack import Stack
from dashops.targets.local import recipe, supervisor
from dashops.targets.local.facts import (
    SLOTS,
    command,
    digest_of,
    requirements,
    roots,
    supervisor_digest,
)


def meanwhile(stack: Stack, files: Mapping[str, str], step: Step) -> str:
    """What made the step needless since it was planned; empty while it is needed.

    Raises DashopsError when it would do something else now than it was planned for.
    """
    if step.slot in SLOTS and step.kind in ("make", "install"):
        return _environment(stack, files, step)
    if step.kind == "remove":
        return _removal(stack, step)
    if step.kind in ("start", "restart") and step.slot in SLOTS:
        return _slot(stack, files, step)
    if step.kind == "start":
        return _supervisor(stack, files)
    if step.kind == "stop" and supervisor.processes(stack.state_dir) is None:
        return "" if roots(stack.state_dir) else "nothing runs"
    return ""


def _environment(stack: Stack, files: Mapping[str, str], step: Step) -> str:
    folder = recipe.environment(stack, files, step.slot)
    # It is complete only after the last of the steps that make it.
    whole = requirements(folder) == files[f"{step.slot}/requirements.txt"]
    return "the environment is complete" if whole else ""


def _removal(stack: Stack, step: Step) -> str:
    folder = Path(step.argv[-1])
    if not folder.exists():
        return "it is gone"
    slots = supervisor.processes(stack.state_dir)
    if folder.name == "run" and slots is not None:
        raise _changed("a supervisor answers again", "repeat `dashops down`")
    for name, process in (slots or {}).items():
        if " ".join(command(process.pid)).startswith(f"{folder}/"):
            raise _changed(f"the {name} slot runs from `{folder}`", "repeat `dashops up`")
    return ""


def _slot(stack: Stack, files: Mapping[str, str], step: Step) -> str:
    slots = supervisor.processes(stack.state_dir)
    if slots is None:
        raise _changed("the supervisor ended", "repeat `dashops up`")
    process = slots.get(step.slot)
    if process is None or not process.pid or str(process.pid) == step.saw:
        return ""
    # Another process than the plan saw: who started it may have done it as it is wanted.
    wanted = f'DASHOPS_DIGEST="{digest_of(process.pid)}"' in files[f"slots/{step.slot}.conf"]
    secrets = (stack.state_dir / "secrets").glob("[!.]*")
    fresh = process.since >= max((path.stat().st_mtime for path in secrets), default=0)
    return f"it was started again, as process {process.pid}" if wanted and fresh else ""


def _supervisor(stack: Stack, files: Mapping[str, str]) -> str:
    if supervisor.processes(stack.state_dir) is None:
        return ""
    if supervisor_digest(stack.state_dir) == digest({"": files["supervisord.conf"]}):
        return "it runs"
    raise _changed("a supervisor with other settings was started", "repeat `dashops up`")


def _changed(what: str, hint: str) -> DashopsError:
    return DashopsError(f"the stack was changed meanwhile: {what}", hint=hint)
