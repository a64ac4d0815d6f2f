"""What is not as it should be is named with the setting that mends it, and what ran runs on.

A stack in a folder of its own fails to be built, again and again; nothing of it ever runs.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import engines
import grounds
import httpx
import pytest
import stacks
import yaml
from live import Live, Viewer, kernel_in, notebook, until
from stacks import Stack

pytestmark = pytest.mark.compose


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[Stack]:
    """A stack that cannot be built as it stands; nothing of it is left at the end."""
    made = stacks.make(tmp_path_factory.mktemp("ground"), engine)
    change(made, name=f"{stacks.NAME}-ground", target="compose")
    try:
        yield made
    finally:
        made.dashops("down", "--volumes", "-y")
        mine = ("--filter", f"label=dashops.stack={stacks.NAME}-ground")
        left = made.docker("ps", "--all", *mine, "--quiet"), made.docker("images", *mine, "--quiet")
        grounds.remove(engine)
    assert left == ("", ""), "builds that failed left something"


def change(stack: Stack, **values: Any) -> str:
    """Set some settings, None for one that is not there; what the file was before."""
    file = stack.folder / "dashops.yaml"
    before = file.read_text()
    settings = {**yaml.safe_load(before), **values}
    file.write_text(yaml.safe_dump({key: it for key, it in settings.items() if it is not None}))
    return before


def line(stack: Stack, key: str) -> str:
    """Where the file of a stack has a setting."""
    lines = (stack.folder / "dashops.yaml").read_text().splitlines()
    return f"dashops.yaml:{1 + next(n for n, it in enumerate(lines) if it.strip().startswith(key))}"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("snakeless", "has no Python"),
        ("aged", "is 3.9, and dashops needs 3.11"),
        ("lame", "is for another architecture than the engine's"),
    ],
)
def test_a_base_that_carries_nothing_is_named(
    ground: Stack, tmp_path: Path, name: str, said: str
) -> None:
    base = grounds.build(ground.engine, tmp_path, name)
    change(ground, images={"base": base})
    told = ground.dashops("up", "-y", code=3)
    assert f"`{base}` {said}" in told or f"the Python of `{base}` {said}" in told
    assert line(ground, "base:") in told and "hint: name a" in told


def test_a_base_that_is_nowhere_is_named(ground: Stack) -> None:
    change(ground, images={"base": "dashops.invalid/none:1"})
    told = ground.dashops("up", "-y", code=3)
    assert "`dashops.invalid/none:1` is not here, and its registry does not answer" in told
    assert line(ground, "base:") in told and "`docker load`" in told


def test_a_base_for_another_machine_is_refused_before_anything_is_built(
    ground: Stack, tmp_path: Path
) -> None:
    ours = ground.docker("version", "--format", "{{.Server.Arch}}")
    other = "arm64" if ours != "arm64" else "amd64"
    base = grounds.foreign(ground.engine, tmp_path, other)
    change(ground, images={"base": base})
    told = ground.dashops("up", "-y", code=2)
    assert f"`{base}` is for `{other}`, and the engine builds for `{ours}`" in told
    assert line(ground, "base:") in told and "build image" not in told


def test_a_company_whose_authority_is_not_known_is_named(ground: Stack, tmp_path: Path) -> None:
    if grounds.public("https://pypi.org/simple/"):
        pytest.skip("no proxy opens the TLS of this machine")
    base = grounds.build(ground.engine, tmp_path, "untrusting")
    change(ground, images={"base": base}, environment=None)
    told = ground.dashops("up", "-y", code=3)
    assert "do not trust the certificate of PyPI" in told
    assert "dashops.yaml: `environment.certificates` is not set" in told
    assert "hint: set `environment.certificates` to a file (PEM)" in told


def test_a_full_disk_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    if why := engines.unstartable():
        pytest.skip(why)
    with grounds.full(tmp_path_factory.mktemp("small")) as (address, base):
        stack = stacks.make(tmp_path_factory.mktemp("full"), address)
        change(stack, images={"base": base}, target="compose")
        told = stack.dashops("up", "-y", code=3)
    assert "error: the disk of the Docker Engine is full" in told
    assert "hint: `docker system df` shows what takes room" in told


def containers(stack: Stack) -> set[str]:
    """The ids of all that run."""
    mine = ("--filter", f"label=com.docker.compose.project={stack.project}")
    return set(stack.docker("ps", "--quiet", *mine).split())


def test_what_ran_before_runs_on(stack: Stack) -> None:
    ran = containers(stack)
    before = change(stack, images={"base": "dashops.invalid/none:1"})
    try:
        stack.dashops("up", "-y", code=3)
        assert containers(stack) == ran
        assert httpx.get(f"http://127.0.0.1:{stack.ports['dashboard']}/login").status_code == 200
    finally:
        (stack.folder / "dashops.yaml").write_text(before)
    stack.dashops("up", "-y")
    assert containers(stack) == ran


@pytest.fixture(scope="module")
def dashboard(stack: Stack) -> Iterator[str]:
    """The name of one, which is there for these tests."""
    (stack.folder / "ground.ipynb").write_text(json.dumps(notebook("print(6 * 7)")))
    stack.dashops("deploy-notebook", "ground.ipynb")
    yield "ground"
    stack.dashops("remove", "ground", "-y")


def opens(viewer: Viewer, name: str) -> bool:
    """Whether somebody gets a page with a kernel, which he leaves again."""
    answer = viewer.http.get(f"/dashboards/{name}/", follow_redirects=True)
    if answer.status_code == 200:
        base = str(answer.url).rpartition("/dashboards/")[0]
        left = httpx.post(f"{base}/voila/api/shutdown/{kernel_in(answer.text)}")
        assert left.status_code < 300, left.text
    return answer.status_code == 200


def test_a_gateway_that_is_cut_off_is_named_and_mended(stack: Stack, dashboard: str) -> None:
    network, name = f"{stack.project}_kernels", stack.container("gateway")
    viewer = Live(stack.folder, stack.ports).viewer()
    ran = containers(stack)
    stack.docker("network", "disconnect", network, name)
    told = stack.dashops("status", code=1)
    assert f"gateway: is not on the network `{network}`" in told
    assert "does not reach the gateway" in told
    assert f"`{name}` that is not on `{network}`" in stack.dashops("status", "--drift", code=1)
    page = viewer.http.get(f"/dashboards/{dashboard}/", follow_redirects=True)
    assert page.status_code == 503 and "Not available right now" in page.text
    stack.dashops("up", "-y")
    assert containers(stack) == ran
    assert opens(viewer, dashboard)
    assert stack.dashops("plan").strip() == "nothing to do"


def test_what_is_connected_again_by_hand_needs_nothing_more(stack: Stack, dashboard: str) -> None:
    network, name = f"{stack.project}_kernels", stack.container("dashboard")
    viewer = Live(stack.folder, stack.ports).viewer()
    stack.docker("network", "disconnect", network, name)
    assert f"dashboard: is not on the network `{network}`" in stack.dashops("status", code=1)
    stack.docker("network", "connect", "--alias", service(stack, name), network, name)
    until(lambda: opens(viewer, dashboard), "the page opens again", 60)


def service(stack: Stack, name: str) -> str:
    """What Compose calls a container."""
    return stack.docker(
        "inspect", "-f", '{{index .Config.Labels "com.docker.compose.service"}}', name
    )


def test_a_notebook_that_fails_is_refused_with_its_cell(stack: Stack) -> None:
    (stack.folder / "broken.ipynb").write_text(json.dumps(notebook("1 / 0")))
    told = stack.dashops("deploy-notebook", "broken.ipynb", code=1)
    assert "ZeroDivisionError" in told and "cell 1" in told
    assert "broken" not in stack.dashops("dashboards")


def test_a_token_that_is_not_that_of_the_server_is_said(stack: Stack, dashboard: str) -> None:
    file = stack.folder / ".dashops" / "secrets" / "deploy-token"
    before = file.read_text()
    file.write_text("no-such-token\n")
    try:
        told = stack.dashops("deploy-notebook", f"{dashboard}.ipynb", code=3)
    finally:
        file.write_text(before)
    assert "error: the token is missing or wrong" in told and "hint: use the token of" in told
    stack.dashops("deploy-notebook", f"{dashboard}.ipynb")
