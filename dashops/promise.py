"""A plan kept in a file, and what differs when it is time to keep it; it applies nothing.

The file has the steps, and digests of all they were decided by; no text of a file, no variable's
value and no secret is in it.
"""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dashops import __version__, lock, secrets
from dashops.errors import DashopsError, SpecError
from dashops.plan import Plan, Step, digest
from dashops.stack import Stack, model

KIND, FORMAT = "dashops plan", 1
AGAIN = "`dashops plan --out FILE` makes one"

# What a file of a plan must hold, by type.
SHAPE = {
    "dashops": str,
    "stack": str,
    "state": str,
    "settings": dict,
    "wanted": dict,
    "found": dict,
    "changes": list,
    "steps": list,
}


@dataclass(frozen=True)
class Basis:
    """A plan and what it was made of: the `wanted` files, and those that were `found`."""

    stack: Stack
    plan: Plan
    wanted: Mapping[str, str]
    found: Mapping[str, str]


def keep(path: Path, basis: Basis) -> None:
    """Write the plan into a file (0600); DashopsError when that cannot be."""
    told = _told(basis) | {"made": datetime.now(UTC).isoformat(), "by": lock.who()}
    secrets.write(path, json.dumps(told, indent=2) + "\n")


def read(path: Path, stack: Stack) -> Mapping[str, Any]:
    """The plan of a file; SpecError when it is none, or of another stack or version of dashops."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpecError(f"there is no file `{path}`", hint=AGAIN) from None
    except OSError as error:
        raise SpecError(f"`{path}` cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError):
        raise SpecError(f"`{path}` is no plan: it is not JSON", hint=AGAIN) from None
    if not isinstance(told, dict) or told.get("kind") != KIND:
        raise SpecError(f"`{path}` is no plan of dashops", hint=AGAIN)
    if told.get("format") != FORMAT:
        raise SpecError(f"`{path}` was written by another version of dashops", hint=AGAIN)
    if wrong := [key for key, kind in SHAPE.items() if not isinstance(told.get(key), kind)]:
        raise SpecError(f"`{path}` is no plan: `{wrong[0]}` is not what it must be", hint=AGAIN)
    if not all(isinstance(each, dict) for each in (*told["changes"], *told["steps"])):
        raise SpecError(f"`{path}` is no plan: what is to do is not what it must be", hint=AGAIN)
    if (told["stack"], told["state"]) != (stack.name, str(stack.state_dir)):
        raise SpecError(
            f"`{path}` is a plan of another stack: `{told['stack']}` in `{told['state']}`",
            hint=f"this one is `{stack.name}` in `{stack.state_dir}`",
        )
    return told


def differences(told: Mapping[str, Any], basis: Basis) -> Iterator[str]:
    """What was changed since the plan was made; nothing when it would do exactly the same."""
    now = _told(basis)
    if told["dashops"] != now["dashops"]:
        yield f"dashops is {now['dashops']} now, and was {told['dashops']}"
    settings = sorted(_differing(told["settings"], now["settings"]))
    for key in settings:
        place = basis.stack.where(key) if key in now["settings"] else "gone"
        yield f"the setting `{key}` ({place})"
    if not settings:
        for path in sorted(_differing(told["wanted"], now["wanted"])):
            yield f"`{path}` would be written otherwise: the recipe or dashops"
    for path in sorted(_differing(told["found"], now["found"])):
        yield f"the file `{path}` of the stack"
    # Of rendered files is told above.
    for path in sorted(_secrets(told) ^ _secrets(now)):
        yield f"the secret `{path}`"
    yield from _steps(told["steps"], now["steps"])


def _steps(
    before: Sequence[Mapping[str, str]], after: Sequence[Mapping[str, str]]
) -> Iterator[str]:
    gone = [step for step in before if step not in after]
    new = [step for step in after if step not in before]
    yield from (f"no longer what is needed: {_line(step)}" for step in gone)
    yield from (f"needed now: {_line(step)}" for step in new)
    if before != after and not gone and not new:
        yield "the order of what is to do"


def demand(path: Path, told: Mapping[str, Any], basis: Basis) -> None:
    """Raise DashopsError that says what was changed, unless the plan would do the same now."""
    found = list(differences(told, basis))
    if found:
        raise DashopsError(
            "the plan is stale, so nothing was changed; since it was made there changed",
            hint="look at `dashops plan --out FILE` again",
            where="\n".join([str(path), *(f"  {line}" for line in found)]),
        )


def _told(basis: Basis) -> dict[str, Any]:
    plan = basis.plan
    return {
        "kind": KIND,
        "format": FORMAT,
        "dashops": __version__,
        "stack": basis.stack.name,
        "state": str(basis.stack.state_dir),
        "settings": {key: digest({"": text}) for key, text in settings(basis.stack).items()},
        "wanted": {path: digest({"": text}) for path, text in basis.wanted.items()},
        "found": {path: digest({"": text}) for path, text in basis.found.items()},
        "changes": [{"path": each.path, "kind": each.kind} for each in plan.changes],
        "steps": [_step(step) for step in (*plan.steps, *plan.tidy)],
    }


def settings(stack: Stack) -> dict[str, str]:
    """Every setting of a stack as JSON text, by its path."""
    whole = stack.model_dump(mode="json")
    found = {}
    for leaf in model.leaves():
        section, _, key = leaf.partition(".")
        value = whole[section][key] if key else whole[section]
        found[leaf] = json.dumps(value, sort_keys=True)
    return found


def _secrets(told: Mapping[str, Any]) -> set[str]:
    paths = (str(change.get("path")) for change in told["changes"])
    return {path for path in paths if path.startswith("secrets/")}


def _step(step: Step) -> dict[str, Any]:
    # Which variables of this shell are withheld differs from shell to shell, and decides nothing.
    env = {name: str(value) for name, value in step.env.items() if value is not None}
    return {
        "slot": step.slot,
        "kind": step.kind,
        "action": step.action,
        "reason": step.reason,
        "command": shlex.join(map(str, step.argv)),
        "variables": digest(env),
    }


def _line(step: Mapping[str, str]) -> str:
    return f"{step.get('slot')}: {step.get('action')} ({step.get('reason')})"


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    return {key for key in {*one, *other} if one.get(key) != other.get(key)}
