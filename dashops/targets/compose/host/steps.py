"""The steps that a host needs besides those of every engine; pure."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dashops import plan
from dashops.errors import ToolError
from dashops.plan import Step, Trouble
from dashops.stack import Stack
from dashops.targets.compose.host import asking, files, findings, link
from dashops.targets.compose.host.asking import Machine

HOST = "host"
IMAGES = "images"
FILES = "files"
# The folder goes with all that is in it; its parent only if nothing else is there.
FORGET = 'sudo -n rm -rf "$1/$2" 2>/dev/null || rm -rf "$1/$2"; [ ! -e "$1/$2" ]'


def prepare(stack: Stack, machine: Machine) -> Iterator[Step]:
    """Make an engine run there."""
    if reasons := findings.needs(machine):
        way = link.of(stack)
        yield Step(
            HOST,
            "install",
            "prepare the host",
            "; ".join(reasons),
            _command("prepare", *_way(way)),
            hint="`dashops host check` says what the host is like",
        )


def images(stack: Stack, machine: Machine, missing: Mapping[str, str]) -> Iterator[Step]:
    """Send the images of slots that the host lacks, `{slot: tag}`."""
    if missing:
        yield Step(
            IMAGES,
            "make",
            f"send images to {link.shown(machine.address)}",
            f"not there: {', '.join(missing)}",
            _command("images", "--to", link.of(stack).engine, *missing.values()),
            tells=True,
            troubles=(
                Trouble(
                    "no space left on device",
                    f"the disk of `{link.shown(machine.address)}` is full",
                    "there, `docker system df` shows what takes room, and `docker system prune` "
                    "frees what nobody uses; then repeat: what was sent stays",
                    stack.where("host"),
                ),
            ),
        )


def send(
    stack: Stack,
    machine: Machine,
    wanted: Mapping[str, str],
    secrets: Sequence[str],
    given: Mapping[Path, str],
) -> Iterator[Step]:
    """Send the files that differ there; `secrets` are all there must be."""
    if reason := _stale(stack, machine, wanted, secrets, given):
        words: list[str | Path] = ["--state", stack.state_dir, "--into", str(asking.folder(stack))]
        words += ["--uid", str(machine.owner)]
        for path, name in given.items():
            words += ["--given", path, name]
        yield Step(
            FILES,
            "make",
            f"send files to {link.shown(machine.address)}",
            reason,
            _command("files", *_way(link.of(stack)), *words),
            tells=True,
        )


def demand_engine(machine: Machine) -> None:
    """ToolError when nobody can say what runs there: it would come back with the engine."""
    if machine.files and not machine.answers:
        raise ToolError(
            f"no Docker Engine answers on `{machine.address}`, so nothing there can be removed",
            hint="`dashops host check` says why",
        )


def forget(stack: Stack, machine: Machine) -> Iterator[Step]:
    """Remove the stack's folder there."""
    if machine.files:
        argv = link.of(stack).script(FORGET, asking.HOME, stack.name)
        yield Step(FILES, "remove", "remove files of the host", "asked for", argv)


def _stale(
    stack: Stack,
    machine: Machine,
    wanted: Mapping[str, str],
    secrets: Sequence[str],
    given: Mapping[Path, str],
) -> str:
    """Why files must be sent; empty when those there are the right ones."""
    want = {path: files.total(text.encode()) for path, text in files.wanted(wanted).items()}
    for name in secrets:
        file = stack.secret_file(name)
        want[f"secrets/{name}"] = files.total(file.read_bytes()) if file.is_file() else ""
    want |= {name: files.total(path.read_bytes()) for path, name in given.items()}
    changed = [
        each.path for each in plan.changes(dict(machine.files), want) if not _idle(each.path)
    ]
    if not machine.files:
        return "none are there"
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        return f"not the same there: {changed[0]}{more}"
    return f"`{machine.strange[0]}` belongs to another user there" if machine.strange else ""


def _idle(path: str) -> bool:
    """Whether nobody mounts the file, so that no step has it as its only cause."""
    return path == "rendered/compose.yaml"


def _way(way: link.Link) -> tuple[str | Path, ...]:
    return ("--host", way.address, "--config", way.config, "--room", way.room)


def _command(name: str, *words: str | Path) -> tuple[str | Path, ...]:
    return (sys.executable, "-m", f"dashops.targets.compose.host.{name}", *words)
