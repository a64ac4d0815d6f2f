"""The verbs about images: build, push, pull, save, load; they start and stop no container."""

import json
import os
import re
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from dashops import apply, lock, secrets
from dashops import plan as planning
from dashops.errors import DashopsError, SpecError, ToolError
from dashops.flow import ALONE, Asked, Tell
from dashops.plan import Event
from dashops.run import Run
from dashops.stack import Stack

# Where images are built from when nothing is to be applied, below the state folder.
ROOM = "building"

# What `docker` says of a registry, why that is, and what to do.
REFUSALS = (
    (
        r"unauthorized|authentication required|no basic auth|denied",
        "the registry `{registry}` refuses: you are not logged in, or may not",
        "`docker login {host}`, then repeat",
    ),
    (
        r"server gave HTTP response to HTTPS client",
        "the registry `{registry}` speaks no TLS",
        "give it a certificate, or name it in `insecure-registries` of the engine",
    ),
    (
        r"certificate signed by unknown authority|failed to verify certificate",
        "the engine does not trust the certificate of the registry `{registry}`",
        "put its authority into /etc/docker/certs.d/{host}/ca.crt",
    ),
    (
        r"connection refused|no such host|timeout|no route to host|unreachable",
        "the registry `{registry}` does not answer",
        "check `images.registry` ({where}), and that this machine reaches it",
    ),
    (
        r"manifest unknown|not found",
        "the registry `{registry}` has not got it",
        "`dashops images push`, with the same dashops and stack file, puts it there",
    ),
)


@dataclass(frozen=True)
class Built:
    """The images of a stack by slot; `made` are those that were not there."""

    stack: str
    images: Mapping[str, str]
    made: Sequence[str]


@dataclass(frozen=True)
class Moved:
    """Images that went to a registry or came from it."""

    stack: str
    verb: str
    registry: str
    images: Mapping[str, str]


@dataclass(frozen=True)
class Saved:
    """The images of a stack in a file of `size` bytes."""

    stack: str
    images: Mapping[str, str]
    path: Path
    size: int


@dataclass(frozen=True)
class Loaded:
    """The images that came from a file."""

    stack: str
    images: Mapping[str, str]
    path: Path


def build(stack: Stack, run: Run, tell: Tell, asked: Asked = ALONE) -> Built:
    """Build the images that are missing; SpecError on a target that has none."""
    with _locked(stack, tell, asked) as held:
        return _build(stack, run, tell, held)


def push(stack: Stack, run: Run, tell: Tell, asked: Asked = ALONE) -> Moved:
    """Build what is missing and put all images into the stack's registry.

    SpecError when it names none; ToolError that says why the registry refuses.
    """
    _registry(stack)
    with _locked(stack, tell, asked) as held:
        built = _build(stack, run, tell, held)
        return _move(stack, "push", built.images, run, tell)


def pull(stack: Stack, run: Run, tell: Tell, asked: Asked = ALONE) -> Moved:
    """Fetch the images from the stack's registry, so that `up` builds nothing."""
    _registry(stack)
    with _locked(stack, tell, asked):
        return _move(stack, "pull", _wanted(stack, run)[2], run, tell)


def save(stack: Stack, file: Path, run: Run, tell: Tell, asked: Asked = ALONE) -> Saved:
    """Build what is missing and write all images into one file (0600), at once.

    DashopsError when it cannot be written; what was there before stays then.
    """
    with _locked(stack, tell, asked) as held:
        built = _build(stack, run, tell, held)
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            tell(Event("images", "start", f"write {file}"))
            run("docker", "save", "--output", draft, *built.images.values())
            draft.chmod(0o600)
            draft.replace(file)
        except OSError as error:
            raise secrets.unwritable(file, error) from error
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        tell(Event("images", "done", f"write {file}"))
        return Saved(stack.name, built.images, file, file.stat().st_size)


def load(stack: Stack, file: Path, run: Run, tell: Tell, asked: Asked = ALONE) -> Loaded:
    """Bring the images of a file to the engine, so that `up` builds nothing.

    DashopsError, and nothing is brought in, when they are not those that `up` wants.
    """
    inside = _tags(file)
    with _locked(stack, tell, asked):
        wanted = _wanted(stack, run)[2]
        if missing := {slot: tag for slot, tag in wanted.items() if tag not in inside}:
            raise _others(stack, file, missing, inside)
        tell(Event("images", "start", f"load {file}"))
        run("docker", "load", "--quiet", "--input", file)
        tell(Event("images", "done", f"load {file}"))
        return Loaded(stack.name, wanted, file)


@contextmanager
def _locked(stack: Stack, tell: Tell, asked: Asked) -> Iterator[lock.Held]:
    if stack.target != "compose":
        raise SpecError(
            f"the target `{stack.target}` has no images",
            hint="`--target compose` has",
            where=stack.where("target"),
        )
    with lock.hold(stack.state_dir, asked.reason, asked.wait, tell) as held:
        yield held


def _wanted(stack: Stack, run: Run) -> tuple[object, Mapping[str, str], Mapping[str, str]]:
    """Facts, the rendered files, and the names of all images by slot."""
    from dashops.targets import compose

    facts = compose.facts(stack, run)
    # Who holds ports, and what else runs, is of no concern to images.
    compose.check(stack, replace(facts, taken=(), containers=()))
    files = compose.files(stack, facts)
    return facts, files, compose.images(files)


def _build(stack: Stack, run: Run, tell: Tell, held: lock.Held) -> Built:
    from dashops.targets import compose

    facts, files, images = _wanted(stack, run)
    assert isinstance(facts, compose.Facts)
    room = stack.state_dir / ROOM
    steps = tuple(compose.build(stack, facts, files, room))
    made = [slot for slot in images if any(step.slot == slot for step in steps)]

    def meanwhile(step: planning.Step) -> str:  # noqa: ARG001
        held.keep()
        return ""

    if steps:
        apply.write(room, planning.changes({}, files), files)
        try:
            apply.steps(steps, run, tell, compose.SLOTS, meanwhile)
        finally:
            apply.remove(room)
    return Built(stack.name, images, made)


def _registry(stack: Stack) -> str:
    if stack.images.registry is None:
        raise SpecError(
            "the stack names no registry",
            hint="set `images.registry`, such as `registry.example.com/team`; "
            "`dashops images save` needs none",
            where=stack.where("images.registry"),
        )
    return stack.images.registry


def _move(stack: Stack, verb: str, images: Mapping[str, str], run: Run, tell: Tell) -> Moved:
    registry = _registry(stack)
    for slot, tag in images.items():
        tell(Event(slot, "start", f"{verb} image"))
        try:
            run("docker", verb, "--quiet", tag)
        except ToolError as error:
            tell(Event(slot, "failed", f"{verb} image failed"))
            raise _refused(stack, registry, error) from error
        tell(Event(slot, "done", f"{verb} image"))
    return Moved(stack.name, verb, registry, images)


def _refused(stack: Stack, registry: str, error: ToolError) -> ToolError:
    known = {
        "registry": registry,
        "host": registry.partition("/")[0],
        "where": stack.where("images.registry"),
    }
    for pattern, message, hint in REFUSALS:
        if re.search(pattern, error.where, re.IGNORECASE):
            return ToolError(message.format(**known), hint=hint.format(**known), where=error.where)
    return error


def _tags(file: Path) -> frozenset[str]:
    """The names of the images in a file that `docker save` wrote."""
    try:
        with tarfile.open(file, "r:") as packed:
            told = packed.extractfile("manifest.json")
            manifest = json.loads(told.read()) if told else []
        return frozenset(tag for each in manifest for tag in each.get("RepoTags") or ())
    except FileNotFoundError:
        raise SpecError(f"there is no file `{file}`") from None
    except OSError as error:
        raise SpecError(f"`{file}` cannot be read: {error.strerror}") from error
    except (tarfile.TarError, KeyError, ValueError, AttributeError, TypeError):
        raise SpecError(
            f"`{file}` holds no images", hint="`dashops images save FILE` writes one"
        ) from None


def _others(
    stack: Stack, file: Path, missing: Mapping[str, str], inside: frozenset[str]
) -> DashopsError:
    """The error for a file whose images are not those that `up` wants."""
    again = "`dashops images save` with this dashops and this stack file writes one that fits"
    names = {tag.rpartition(":")[0] for tag in missing.values()}
    there = {tag.rpartition(":")[0] for tag in inside}
    slots = ", ".join(missing)
    if names <= there:
        what = f"holds {slots} of another dashops, or made with other settings"
    elif found := sorted({*map(_stack_of, there)} - {"", stack.name}):
        what = f"holds images of `{found[0]}`, and not all of `{stack.name}`"
    else:
        what = f"does not hold the images of {slots}"
    where = "\n".join(f"{slot}: `{tag}` is wanted" for slot, tag in missing.items())
    return DashopsError(f"`{file}` {what}; nothing was loaded", hint=again, where=where)


def _stack_of(name: str) -> str:
    found = re.search(r"(?:^|/)dashops-(.+)-[a-z]+$", name)
    return found[1] if found else ""
