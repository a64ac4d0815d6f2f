"""The step that checks a new dashboard server and sends visitors to it; pure."""

import sys
from collections.abc import Collection, Iterator, Mapping

from dashops.plan import Step, Trouble
from dashops.stack import FILE, Stack
from dashops.targets.compose import naming, recipe
from dashops.targets.compose.facts import Container, Facts

HINT = (
    "visitors are still sent to the one before; `dashops logs dashboard` says more, and another "
    "`dashops up` checks again"
)


def up(stack: Stack, facts: Facts, files: Mapping[str, str]) -> Iterator[Step]:
    """What is missing while another dashboard server serves than the recipe wants."""
    (service,) = recipe.services(files, "dashboard")
    serving = {each.service for each in facts.of("dashboard") if each.serving}
    # The last look at one may have come to nothing, as on a machine that is busy.
    others = [each for each in facts.of("dashboard") if each.running and each.service != service]
    silent = {each.service for each in others if "serving" not in each.said}
    before = serving or silent
    if not before or service in before or not all(map(naming.number, before)):
        return
    number = str(naming.number(service))
    check = f"check {service}, " if stack.dashboard.check_first else ""
    yield Step(
        "dashboard",
        "start",
        f"{check}send visitors to it" if check else f"send visitors to {service}",
        f"{' and '.join(sorted(before))} {'serves' if serving else 'may serve'}",
        (sys.executable, "-m", "dashops.trial", stack.path or stack.folder / FILE, number),
        hint=HINT,
        alone=True,
        tells=True,
        troubles=(
            Trouble("did not pass: ", f"{service} did not pass the checks of viewers", HINT),
        ),
    )


def pending(facts: Facts, wanted: Collection[str]) -> bool:
    """Whether a dashboard server still serves in place of the one that is wanted."""
    serving = {each.service for each in facts.of("dashboard") if each.serving}
    return bool(serving) and serving.isdisjoint(wanted)


def unused(container: Container) -> bool:
    """Whether it is a dashboard server that visitors are not sent to, and nobody is on."""
    found = container.running and not container.serving and container.busy == 0
    return found and container.slot == "dashboard"
