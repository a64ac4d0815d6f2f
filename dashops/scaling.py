"""The verb that changes how many gateways there are; `up` does the rest."""

from dashops import flow
from dashops.errors import SpecError
from dashops.run import Run
from dashops.stack import Stack

MOST = 50


def scale(
    stack: Stack,
    wanted: str,
    run: Run,
    tell: flow.Tell,
    confirm: flow.Confirm,
    asked: flow.Asked = flow.ALONE,
) -> flow.Up:
    """Make the stack run with so many gateways, as in `gateway=3`, also at the next `up`.

    One that goes keeps its pages until they are left. SpecError for anything but a number of
    gateways, and where the stack file has one.
    """
    slot, _, number = wanted.partition("=")
    if slot != "gateway" or not (number.isdecimal() and 0 < int(number) <= MOST):
        raise SpecError(
            f"`{wanted}` is no number of gateways", hint=f"like `gateway=3`, from 1 to {MOST}"
        )
    place = stack.where("gateway.count")
    if place != "default":
        raise SpecError(
            "the stack says itself how many gateways there are",
            hint="change `gateway.count` there, or leave it out; then repeat",
            where=place,
        )
    return flow.up(stack.sized(int(number)), run, tell, confirm, asked)
