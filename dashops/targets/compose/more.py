"""Steps for the services that an operator added to the recipe; decides from facts, runs nothing."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from dashops.plan import Step
from dashops.targets.compose import composed
from dashops.targets.compose.facts import SLOTS, Facts


def up(facts: Facts, files: Mapping[str, str], compose: tuple[str | Path, ...]) -> Iterator[Step]:
    """Start what is missing or was made from other files, remove what is no longer wanted."""
    wanted = composed.extra(files)
    for name in wanted:
        if reason := _why(facts, files, name):
            kind, action = ("restart", "replace") if facts.of(name) else ("start", "start")
            argv = (*compose, "up", "--detach", "--no-deps", name)
            yield Step(
                name,
                "restart" if kind == "restart" else "start",
                f"{action} container",
                reason,
                argv,
                {**facts.compose.env, **facts.environment},
                alone=True,
            )
    for each in facts.containers:
        if each.slot not in (*SLOTS, *wanted):
            argv = ("docker", "rm", "--force", each.id)
            yield Step(
                each.slot,
                "remove",
                "remove container",
                "not in the recipe",
                argv,
                facts.environment,
            )


def _why(facts: Facts, files: Mapping[str, str], name: str) -> str:
    found = facts.of(name)
    if not found:
        return "not running"
    if any(each.digest != composed.said(files, name, composed.DIGEST) for each in found):
        return "recipe changed"
    if stopped := [each for each in found if each.state != "running"]:
        return f"container is {stopped[0].state}"
    return ""
