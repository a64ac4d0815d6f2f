"""The peer: plain Voilà as its documentation starts it, in an environment of its own."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from uv import find_uv_bin

from bench import processes
from bench.stack import Stack

# What Voilà needs to use Jupyter Server's own client of a kernel gateway.
GATEWAY = (
    "--VoilaConfiguration.multi_kernel_manager_class"
    "=jupyter_server.gateway.managers.GatewayMappingKernelManager",
    "--VoilaConfiguration.kernel_spec_manager_class"
    "=jupyter_server.gateway.managers.GatewayKernelSpecManager",
    "--Voila.kernel_websocket_connection_class"
    "=jupyter_server.gateway.connections.GatewayWebSocketConnection",
)


@dataclass(frozen=True)
class Voila:
    """A running Voilà that shows one notebook at `url`."""

    url: str
    process: psutil.Process


def make(folder: Path, stack: Stack) -> Path:
    """Make the environment: that of the dashboard slot with the kernel beside it."""
    requirements = stack.rendered("dashboard/requirements.txt")
    return environment(folder, stack, "-r", requirements, "ipykernel", "ipywidgets")


def environment(folder: Path, stack: Stack, *wanted: str | Path) -> Path:
    """Make an environment with the stack's interpreter."""
    uv, python = find_uv_bin(), folder / "bin" / "python"
    processes.command(uv, "venv", "--python", _interpreter(stack), folder)
    processes.command(uv, "pip", "install", "--python", python, *wanted)
    return folder


def slot(stack: Stack, name: str) -> Path:
    """The environment of one of the stack's slots."""
    (found,) = (stack.state / "environments").glob(f"{name}-*")
    return found


def own(environment: Path) -> dict[str, str]:
    """Nothing of the user's own Jupyter is read, as nothing of it is in a stack."""
    return {
        "JUPYTER_CONFIG_DIR": str(environment / "jupyter" / "config"),
        "JUPYTER_DATA_DIR": str(environment / "jupyter" / "data"),
        "JUPYTER_RUNTIME_DIR": str(environment / "jupyter" / "runtime"),
        "IPYTHONDIR": str(environment / "ipython"),
    }


@contextlib.contextmanager
def serve(
    environment: Path, notebook: Path, gateway: str = "", options: Sequence[str] = ()
) -> Iterator[Voila]:
    """Run Voilà on a notebook while the block runs; its kernels are local unless a URL is given."""
    (port,) = processes.free_ports(1)
    argv: tuple[str | Path, ...] = (
        environment / "bin" / "voila",
        notebook,
        "--no-browser",
        f"--port={port}",
        "--Voila.ip=127.0.0.1",
        *(GATEWAY if gateway else ()),
        *options,
    )
    # Voilà hands its own configuration to nobody but itself.
    env = own(environment) | ({"JUPYTER_GATEWAY_URL": gateway} if gateway else {})
    with processes.server(argv, environment / "voila.log", env) as process:
        processes.wait_for(port, "/voila/static/voila.js", {}, process)
        yield Voila(f"http://127.0.0.1:{port}/", process)


@contextlib.contextmanager
def gateway(environment: Path, stack: Stack) -> Iterator[str]:
    """Run a kernel gateway without a token, as plain Voilà needs it; yields its URL."""
    (port,) = processes.free_ports(1)
    program = slot(stack, "gateway") / "bin" / "jupyter-kernelgateway"
    argv = (program, f"--KernelGatewayApp.port={port}", "--KernelGatewayApp.ip=127.0.0.1")
    env = own(slot(stack, "gateway"))
    with processes.server(argv, environment / "gateway.log", env) as process:
        processes.wait_for(port, "/api", {}, process)
        yield f"http://127.0.0.1:{port}"


def _interpreter(stack: Stack) -> Path:
    return (slot(stack, "dashboard") / "bin" / "python").resolve()
