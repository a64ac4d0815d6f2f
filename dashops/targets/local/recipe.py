"""The local recipe's values: paths, requirements and digests become rendered files; pure."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from dashops import plan, render
from dashops.errors import SpecError
from dashops.stack import Stack
from dashops.targets import NAMES, packages
from dashops.targets.local import supervisor
from dashops.targets.local.facts import SLOTS, Facts
from dashops.targets.place import Place
from dashops.targets.services import extras

OVERRIDES = "overrides.txt"
CONF = "supervisord.conf"

# What supervisor's configuration gives a meaning that no quoting takes away.
REFUSED = frozenset('"\\%;#\n\r')


def files(stack: Stack, facts: Facts) -> dict[str, str]:
    """Every rendered file of the stack, `{path under .dashops/rendered: text}`."""
    wanted = stack.dashboard.browser
    browser = {"auto": facts.browser, "none": ""}.get(wanted, wanted)
    paths = {
        "stack": stack,
        "origin": facts.origin,
        "rendered": stack.state_dir / "rendered",
        "run": stack.state_dir / "run",
        "logs": stack.state_dir / "logs",
        "packages": packages.find(stack),
        "browser": browser,
        "place": _place(stack),
        "requirements": {
            slot: facts.origin.requirement.format(extra=",".join(extras(stack, slot, browser)))
            for slot in SLOTS
        },
    }
    mine = render.overlay.read(stack.recipes_dir, "local", NAMES)
    # The digest is part of the file it is the digest of, so the first round goes without.
    blank = paths | {"digests": dict.fromkeys(SLOTS, ""), "environments": dict.fromkeys(SLOTS, "")}
    drafts = render.recipe("local", blank, mine)
    blank["environments"] = {slot: environment(stack, drafts, slot) for slot in SLOTS}
    drafts = render.recipe("local", blank, mine)
    digests = {
        slot: plan.digest(own(drafts, slot) | {"": facts.code.get(slot, "")}) for slot in SLOTS
    }
    made = render.recipe("local", blank | {"digests": digests}, mine)
    _refuse_programs(stack, made)
    return made


def _refuse_programs(stack: Stack, made: Mapping[str, str]) -> None:
    # Supervisor would start one, and no plan would say so.
    known = {f"slots/{slot}.conf" for slot in SLOTS}
    for path in made:
        if path.startswith("slots/") and path not in known:
            raise SpecError(
                f"`{path}` would be one more program, and the local target has only its slots",
                hint="start it by other means",
                where=str(stack.recipes_dir / "local" / f"{path}.j2"),
            )


def _place(stack: Stack) -> Place:
    state = stack.state_dir
    return Place(
        ip="127.0.0.1",
        hosts=("127.0.0.1", "localhost"),
        address=stack.dashboard.address or "",
        dashboard=stack.url("dashboard"),
        gateway=stack.url("gateway"),
        secrets=state / "secrets",
        store=str(state / "store"),
        claims_key=str(state / "store" / "claims.pub"),
        bundles=str(state / "gateway"),
        environments=str(state / "gateway" / "environments"),
        kernel_log=str(state / "logs" / "kernels.log"),
        notebooks=str(stack.notebook_dir),
    )


def own(files: Mapping[str, str], slot: str) -> dict[str, str]:
    """The files that this slot reads: its own, and those of the operator's that it names."""
    found = {
        path: text
        for path, text in files.items()
        if path.startswith(f"{slot}/") or path == f"slots/{slot}.conf"
    }
    rooms = tuple(f"{each}/" for each in (*SLOTS, "slots"))
    said = "".join(found.values())
    return found | {
        path: text
        for path, text in files.items()
        if not path.startswith(rooms) and path not in (OVERRIDES, CONF) and path in said
    }


def environment(stack: Stack, files: Mapping[str, str], slot: str) -> Path:
    """The folder of the slot's virtual environment, named after what decides its packages."""
    name = plan.digest({name: files[name] for name in (f"{slot}/requirements.txt", OVERRIDES)})
    return stack.state_dir / "environments" / f"{slot}-{name}"


def check(stack: Stack, facts: Facts) -> None:
    """Raise SpecError when this machine cannot run the stack; nothing was changed yet."""
    for problem in _problems(stack, facts):
        raise problem


def _problems(stack: Stack, facts: Facts) -> Iterator[SpecError]:
    if stack.host is not None:
        yield SpecError(
            "`host` has no meaning on the target `local`",
            hint="`dashops up --target compose` runs containers there",
            where=stack.where("host"),
        )
    where = stack.where("state")
    socket = supervisor.socket(stack.state_dir)
    if len(str(socket).encode()) > supervisor.LONGEST:
        yield SpecError(
            f"the path `{socket}` is longer than the {supervisor.LONGEST} bytes a socket may have",
            hint="set `state` to a shorter path, such as `/var/tmp/dashops`",
            where=where,
        )
    if odd := REFUSED & set(str(stack.state_dir) + str(stack.notebook_dir)):
        yield SpecError(
            f"the path `{stack.state_dir}` holds `{min(odd)}`, which supervisor cannot read",
            hint="set `state` to a path without it",
            where=where,
        )
    if stack.gateway.count > 1:
        yield SpecError(
            "the target `local` has one gateway",
            hint="leave out `gateway.count`, or use `--target compose`",
            where=stack.where("gateway.count"),
        )
    if stack.develop:
        yield SpecError(
            "`develop` is for containers: here an editable install runs from its source tree",
            hint="`--target compose`, or without it `pip install --editable`",
            where=stack.where("develop"),
        )
    for key, who in facts.holders.items():
        port, slot = stack.ports()[key], key.partition(".")[0]
        by = f"process {who.pid} (`{who.command[:200]}`)" if who.pid else "another user's process"
        yield SpecError(
            f"port {port} of the {slot} slot is taken by {by}",
            hint=f"stop it, or set `{key}` to a free port",
            where=stack.where(key),
        )
