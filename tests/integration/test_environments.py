"""A real gateway makes environments with a real uv, asked by the dashboard server's own client."""

import asyncio
import hashlib
import http.server
import io
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import psutil
import pytest
from live import free_ports, notebook, until

from dashops import bundle as bundles
from dashops.services.dashboard import channels, config, gateways

pytestmark = pytest.mark.integration

CONFIG = """
from pathlib import Path
c = get_config()
c.KernelGatewayApp.ip = "127.0.0.1"
c.KernelGatewayApp.port = {port}
c.KernelGatewayApp.port_retries = 0
c.KernelGatewayApp.auth_token = "token"
c.KernelGatewayApp.api = "dashops.services.gateway.personality"
c.KernelGatewayApp.kernel_manager_class = "dashops.services.gateway.kernels.BundleKernels"
c.Personality.list_kernels = True
c.Personality.env_whitelist = ["DASHOPS_BUNDLE", "DASHOPS_SNAPSHOT"]
c.KernelGatewayApp.kernel_spec_manager_class = "dashops.services.gateway.specs.SnapshotSpecs"
c.BundleKernels.bundle_root = "{folder}/bundles"
c.BundleKernels.environment_root = "{folder}/environments"
c.BundleKernels.kernel_log = "{folder}/kernels.log"
c.BundleKernels.kernel_memory = 600 * 2**20
c.BundleKernels.uv_options = {options}
c.BundleKernels.environment_limit = 120
"""
PURE = b"humanize>=4\n"
WHERE = "import sys, humanize; print(sys.prefix)"


def finished(work: Coroutine[Any, Any, Any]) -> Any:
    """What it returns. In a thread: a browser of another test has the loop of this one."""
    with ThreadPoolExecutor(1) as alone:
        return alone.submit(asyncio.run, work).result()


@dataclass
class Running:
    """A gateway process and its client."""

    folder: Path
    url: str
    lines: list[str] = field(default_factory=list)

    @property
    def gateway(self) -> gateways.Gateway:
        token = self.folder / "token"
        token.write_text("token")
        return gateways.Gateway(config.GatewayAddress(self.url, token))

    @property
    def environments(self) -> list[Path]:
        return sorted((self.folder / "environments").glob("?" * 64))

    def lock(self, files: dict[str, bytes], *cells: str) -> bundles.Bundle:
        """The bundle with its lock, as the dashboard server makes it."""
        bundle = bundles.Bundle(notebook(*cells), files)
        wanted = bundles.dependencies(bundle)
        assert wanted
        lock = finished(self.gateway.lock(wanted, self.lines.append))
        return bundles.Bundle(bundle.notebook, files, lock=lock)

    def build(self, bundle: bundles.Bundle) -> None:
        finished(self.built(bundle))

    async def built(self, bundle: bundles.Bundle) -> None:
        await self.gateway.build(
            bundles.digest(bundle), lambda: bundles.pack(bundle), self.lines.append
        )

    def run(
        self, bundle: bundles.Bundle, code: str, kernel: str = "python3", *, forked: bool = False
    ) -> str:
        """What a fresh kernel of the bundle prints, or a fork of one."""

        async def work() -> str:
            gateway = self.gateway
            digest = bundles.digest(bundle)
            env = {"DASHOPS_SNAPSHOT": "build"} if forked else {}
            kernel_id = await gateway.start_kernel(
                kernel, env, digest, lambda: bundles.pack(bundle)
            )
            if forked:
                frozen = await gateway.freeze(kernel_id)
                assert frozen.snapshot, frozen
                kernel_id = await gateway.fork(frozen.snapshot, {"DASHOPS_BUNDLE": digest})
            said = ""
            client = channels.Client(SimpleNamespace(gateway=gateway, kernel_id=kernel_id))
            try:
                await client.start_channels()
                await client.wait_for_ready(60)
                asked, content = client.execute(code), {}
                while content.get("execution_state") != "idle":
                    message = await client.iopub_channel.get_msg(timeout=60)
                    if message["parent_header"].get("msg_id") == asked:
                        content = message["content"]
                        said += content.get("text", "")
            finally:
                client.stop_channels()
                await gateway.stop_kernel(kernel_id)
            return said.strip()

        return finished(work())


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Running]:
    (port,) = free_ports(1)
    folder.mkdir(exist_ok=True)
    (folder / "gateway.py").write_text(
        CONFIG.format(port=port, folder=folder, options=list(options))
    )
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "kernel_gateway", f"--config={folder}/gateway.py"],
            stdout=log,
            stderr=log,
            env={**os.environ, "OURS": "secret"},
        )
    url = f"http://127.0.0.1:{port}"

    def up() -> bool:
        assert process.poll() is None, (folder / "log").read_text()
        try:
            return httpx.get(f"{url}/api/kernels").status_code == 401
        except httpx.TransportError:
            return False

    try:
        until(up, "the gateway answers", 30)
        yield Running(folder, url)
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("gateway")) as found:
        yield found


def wheel(folder: Path, name: str, source: str, version: str = "1.0") -> Path:
    """A wheel with one module."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", source)
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/RECORD,,\n")
    return path


def sdist(folder: Path, name: str, backend: str) -> Path:
    """A source package whose build backend is this code."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-1.0.tar.gz"
    project = (
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        f'[project]\nname = "{name}"\nversion = "1.0"\n'
    )
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    texts = {"pyproject.toml": project, "backend.py": backend, "PKG-INFO": about}
    with tarfile.open(path, "w:gz") as archive:
        for file, text in texts.items():
            entry = tarfile.TarInfo(f"{name}-1.0/{file}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


def test_a_kernel_imports_what_requirements_name_and_revisions_share_the_environment(
    gateway: Running,
) -> None:
    first = gateway.lock({"requirements.txt": PURE}, "1")
    second = gateway.lock({"requirements.txt": PURE, "data.csv": b"1"}, "2")
    assert first.lock == second.lock
    assert "humanize==" in (first.lock or "")
    assert "ipykernel==" in (first.lock or "")
    before = len(gateway.environments)
    gateway.build(first)
    gateway.build(second)
    assert bundles.digest(first) != bundles.digest(second)
    assert len(gateway.environments) == before + 1, "two revisions, one environment"
    where = gateway.run(first, WHERE)
    assert where == gateway.run(second, WHERE)
    assert where == gateway.run(second, WHERE, forked=True)
    assert Path(where) in gateway.environments
    assert any("humanize" in line for line in gateway.lines)
    variables = gateway.run(first, "import os, shutil; print(shutil.which('python'), os.environ)")
    assert variables.startswith(f"{where}/bin/python")
    assert "secret" not in variables


def test_many_at_once_make_one_environment(gateway: Running) -> None:
    files = {"requirements.txt": b"humanize\ntomli-w\n"}
    made = [gateway.lock(files, str(number)) for number in range(4)]
    before = len(gateway.environments)

    async def all_of_them() -> None:
        await asyncio.gather(*map(gateway.built, made))

    finished(all_of_them())
    assert len(gateway.environments) == before + 1
    assert gateway.run(made[3], "import tomli_w; print(tomli_w.__name__)") == "tomli_w"


def test_an_environment_that_was_collected_is_made_again_when_a_kernel_wants_it(
    gateway: Running,
) -> None:
    bundle = gateway.lock({"requirements.txt": PURE}, "1")
    where = Path(gateway.run(bundle, WHERE))
    shutil.rmtree(where)
    assert gateway.run(bundle, WHERE) == str(where)


def test_a_wheel_beside_the_notebook_is_installed_and_no_other(
    gateway: Running, tmp_path: Path
) -> None:
    # An index may have another file by that name and version.
    made = wheel(tmp_path, "humanize", "WHO = 'ours'\n", "4.9.0").read_bytes()
    bundle = gateway.lock(
        {
            "requirements.txt": b"./wheels/humanize-4.9.0-py3-none-any.whl\n",
            "wheels/humanize-4.9.0-py3-none-any.whl": made,
        },
        "1",
    )
    assert "humanize==4.9.0" in (bundle.lock or "")
    assert hashlib.sha256(made).hexdigest() in (bundle.lock or "")
    assert "file:" not in (bundle.lock or "")
    assert gateway.run(bundle, "import humanize; print(humanize.WHO)") == "ours"


UV_LOCK_PROJECT = b"""
[project]
name = "author"
version = "1"
requires-python = ">=3.11"
dependencies = ["humanize==4.9.0"]
"""


def test_a_uv_lock_decides_the_versions(gateway: Running, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(UV_LOCK_PROJECT)
    from uv import find_uv_bin

    subprocess.run([find_uv_bin(), "lock", "-q"], cwd=tmp_path, check=True)
    files = {name: (tmp_path / name).read_bytes() for name in ("pyproject.toml", "uv.lock")}
    assert "humanize==4.9.0 " in (gateway.lock(files, "1").lock or "")


def test_the_kernel_that_wants_too_much_memory_is_stopped_and_not_the_machine(
    gateway: Running,
) -> None:
    bundle = bundles.Bundle(notebook("1"))
    code = "try:\n    x = bytearray(3 * 2**30)\nexcept MemoryError:\n    print('refused')"
    assert gateway.run(bundle, code) == "refused"
    assert gateway.run(bundle, "print(len(bytearray(100 * 2**20)))") == str(100 * 2**20)


@pytest.mark.parametrize(
    ("wanted", "message", "hint"),
    [
        (b"humanize==99.1\n", "humanize==99.1", "loosen"),
        (b"humanize>=4\nhumanize<3\n", "humanize", "loosen"),
        (b"dashops-has-no-such-package\n", "dashops-has-no-such-package", "spelling"),
    ],
)
def test_what_does_not_resolve_is_named(
    gateway: Running, wanted: bytes, message: str, hint: str
) -> None:
    with pytest.raises(gateways.EnvironmentFailed) as caught:
        gateway.lock({"requirements.txt": wanted}, "1")
    assert message in caught.value.message
    assert "cannot be met" in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.log


def test_another_python_than_the_gateways_is_refused_with_both_named(gateway: Running) -> None:
    project = b'[project]\nname = "a"\nrequires-python = ">=3.99"\ndependencies = []\n'
    with pytest.raises(gateways.EnvironmentFailed, match=r">=3\.99.*has 3\.\d+"):
        gateway.lock({"pyproject.toml": project}, "1")


def test_a_kernel_that_dies_is_started_again(gateway: Running) -> None:
    bundle = bundles.Bundle(notebook("1"), {})

    digest = bundles.digest(bundle)
    kernel = finished(
        gateway.gateway.start_kernel("python3", {}, digest, lambda: bundles.pack(bundle))
    )

    def alive() -> list[psutil.Process]:
        found = psutil.process_iter(["cmdline", "status"])
        return [
            each
            for each in found
            if any(kernel in word for word in each.info["cmdline"] or ())
            and each.info["status"] != psutil.STATUS_ZOMBIE
        ]

    (first,) = until(alive, "it runs")
    first.kill()
    until(lambda: [each for each in alive() if each != first], "another one runs")
    finished(gateway.gateway.stop_kernel(kernel))
    until(lambda: not alive(), "it ended")


def test_a_kernel_that_is_not_python_cannot_have_python_packages(gateway: Running) -> None:
    bundle = gateway.lock({"requirements.txt": PURE}, "1")
    spec = Path(sys.prefix, "share/jupyter/kernels/dashops-test-other")
    spec.mkdir(parents=True)
    try:
        (spec / "kernel.json").write_text(
            '{"argv": ["/bin/cat", "{connection_file}"], "display_name": "Other", "language": "x"}'
        )
        with pytest.raises(gateways.EnvironmentFailed, match="no Python kernel"):
            gateway.run(bundle, "1", kernel=spec.name)
    finally:
        shutil.rmtree(spec)


def test_it_tells_what_its_default_environment_has(gateway: Running) -> None:
    about = finished(gateway.gateway.about())
    assert about["python"] == ".".join(map(str, sys.version_info[:3]))
    assert about["modules"]["IPython"] == "ipython"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/dashops/locks"),
        ("POST", f"/api/dashops/environments/{'0' * 64}"),
        ("GET", "/api/dashops/about"),
    ],
)
def test_nobody_gets_in_without_the_token(gateway: Running, method: str, path: str) -> None:
    assert httpx.request(method, gateway.url + path).status_code == 401
    wrong = {"Authorization": "token wrong"}
    assert httpx.request(method, gateway.url + path, headers=wrong).status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"files": {"../x": "1"}, "source": "", "python": ""}']
)
def test_a_request_that_is_none_is_refused(gateway: Running, body: bytes) -> None:
    headers = {"Authorization": "token token"}
    url = f"{gateway.url}/api/dashops/locks"
    assert httpx.post(url, content=body, headers=headers).status_code == 400


def kernel_wheels(folder: Path) -> Path:
    """A folder with everything a kernel needs, as an operator fills it for an air gap."""
    folder.mkdir()
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "-d", str(folder), "ipykernel>=6"],
        check=True,
    )
    return folder


def test_an_air_gap_needs_a_folder_of_wheels_only(tmp_path: Path) -> None:
    wheels = kernel_wheels(tmp_path / "wheels")
    wheel(wheels, "ourpkg", "WHO = 'us'\n")
    cache = f"--cache-dir={tmp_path}/cache"
    with running(tmp_path / "gateway", "--offline", "--find-links", str(wheels), cache) as gateway:
        bundle = gateway.lock({"requirements.txt": b"ourpkg\n"}, "1")
        assert gateway.run(bundle, "import ourpkg; print(ourpkg.WHO)") == "us"
        with pytest.raises(gateways.EnvironmentFailed, match=r"offline.*humanize") as caught:
            gateway.lock({"requirements.txt": PURE}, "1")
        assert "find_links" in caught.value.hint


def test_a_package_that_needs_a_compiler_is_named_with_what_it_said(tmp_path: Path) -> None:
    backend = "def build_wheel(*args):\n    raise SystemExit(\"command 'gcc' failed: not found\")\n"
    sdist(tmp_path / "links", "needsgcc", backend)
    links = str(tmp_path / "links")
    with running(tmp_path / "gateway", "--find-links", links) as gateway:
        with pytest.raises(gateways.EnvironmentFailed, match=r"`needsgcc==1\.0` has no wheel") as (
            caught
        ):
            gateway.build(gateway.lock({"requirements.txt": b"needsgcc\n"}, "1"))
        assert "gcc" in caught.value.log
        assert "wheel" in caught.value.hint
        assert gateway.environments == [], "half an environment stays nowhere"


class Index(http.server.BaseHTTPRequestHandler):
    """A package index that closes the connection in the middle of a file."""

    content = b""

    def do_GET(self) -> None:
        name = "halfway-1.0-py3-none-any.whl"
        if self.path.endswith(".whl"):
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.content)))
            self.end_headers()
            self.wfile.write(self.content[: len(self.content) // 2])
            self.close_connection = True
            return
        found = self.path.rstrip("/").endswith("/halfway")
        digest = hashlib.sha256(self.content).hexdigest()
        page = f'<a href="/files/{name}#sha256={digest}">{name}</a>'.encode() if found else b""
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    Index.content = wheel(tmp_path, "halfway", "#" + os.urandom(10**5).hex()).read_bytes()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/simple"
    server.shutdown()


def test_an_index_that_is_gone_halfway_is_named_and_nothing_half_stays(
    tmp_path: Path, index: str
) -> None:
    with running(tmp_path / "gateway", "--index", index) as gateway:
        with pytest.raises(gateways.EnvironmentFailed, match=r"index did not.*halfway") as caught:
            gateway.build(gateway.lock({"requirements.txt": b"halfway\n"}, "1"))
        assert "try again" in caught.value.hint
        assert gateway.environments == []


def test_half_an_environment_of_an_earlier_life_is_removed(tmp_path: Path) -> None:
    half = tmp_path / "gateway" / "environments" / ("a" * 64)
    half.mkdir(parents=True)
    with running(tmp_path / "gateway"):
        assert not half.exists()


def test_it_answers_while_it_makes_environments(gateway: Running) -> None:
    async def asked() -> float:
        bundle = bundles.Bundle(notebook("1"), {"requirements.txt": b"humanize\ntomli-w\nrich\n"})
        wanted = bundles.dependencies(bundle)
        assert wanted
        working = asyncio.create_task(gateway.gateway.lock(wanted, gateway.lines.append))
        slowest = 0.0
        while not working.done():
            start = time.monotonic()
            await gateway.gateway.list_kernels()
            slowest = max(slowest, time.monotonic() - start)
        await working
        return slowest

    assert finished(asked()) < 1
