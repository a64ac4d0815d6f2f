"""Both origins as they are served, without a gateway, under the attempts of `dashops attack`."""

import asyncio
import runpy
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from tornado import httpserver, netutil

from dashops import attack, stack
from dashops.attack import attempts, probe, routes
from dashops.client import guest
from dashops.secrets import Secret
from dashops.services.dashboard import capabilities, content

ROOT = Path(__file__).parents[3]
PASSWORD = "x" * 40  # as docs/routes.py makes it
KERNEL = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def origins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Where the two answer."""
    census = runpy.run_path(str(ROOT / "docs/routes.py"))
    made = census["dashboard"](tmp_path_factory.mktemp("applications"))
    loop, urls, ready = asyncio.new_event_loop(), dict[str, str](), threading.Event()
    servers: list[httpserver.HTTPServer] = []

    async def begin() -> None:
        for server in (routes.MAIN, routes.CONTENT):
            (socket,) = netutil.bind_sockets(0, "127.0.0.1")
            servers.append(httpserver.HTTPServer(made[server]))
            servers[-1].add_socket(socket)
            urls[server] = f"http://127.0.0.1:{socket.getsockname()[1]}"
        ready.set()

    async def end() -> None:
        for server in servers:
            server.stop()
            await server.close_all_connections()
        loop.stop()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.create_task(begin())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(20)
    yield urls
    asyncio.run_coroutine_threadsafe(end(), loop)
    thread.join(10)
    loop.close()
    census["close"](made)


@pytest.fixture
def ground(origins: dict[str, str], tmp_path: Path) -> probe.Ground:
    found = stack.parse("name: demo\n", tmp_path / "dashops.yaml", {})
    tokens = {name: Secret(PASSWORD) for name in probe.TOKENS}
    login = guest.Login("viewer", Secret(PASSWORD))
    main, content = origins[routes.MAIN], origins[routes.CONTENT]
    made = probe.Ground(found, main, main, tokens, login, small=Secret(f"dashops_0_{'y' * 43}"))
    for who in ("bob", "alice"):
        page = probe.Page(f"{content}/c/{'k' * 43}/dashboards/none/", KERNEL)
        made.found[f"page of {who}"] = page
    return made


def refused(ground: probe.Ground, *words: str) -> list[attack.Outcome]:
    chosen = [
        each
        for each in attempts.CATALOGUE
        if any(f"{each.group}: {each.name}".startswith(word) for word in words)
    ]
    assert len(chosen) >= len(words)
    found = list(attack.made(chosen, ground, lambda _: None))
    assert not [each for each in found if each.kind != "refused"]
    return found


@pytest.mark.parametrize("caller", ["stranger", "viewer"])
def test_no_route_of_a_token_or_key_answers_a(caller: str, ground: probe.Ground) -> None:
    chosen = [
        f"{each.group}: {each.name}"
        for each in attempts.CATALOGUE
        if each.group == "routes"
        and each.name.endswith(f"as {caller}")
        and "gateway" not in each.name
    ]
    assert len(refused(ground, *chosen)) > 30


def test_forms_need_their_token(ground: probe.Ground) -> None:
    refused(ground, "forging: POST /login", "forging: POST /logout")


def test_other_hosts_are_refused(ground: probe.Ground) -> None:
    refused(ground, "forging: ask the main", "forging: ask the content")


def test_other_sites_read_and_frame_nothing(ground: probe.Ground) -> None:
    refused(ground, "forging: read the main", "forging: read the content", "forging: frame")


def test_everything_of_a_dashboard_is_sandboxed(ground: probe.Ground) -> None:
    refused(ground, "forging: leave the sandbox")


def test_pages_are_not_kept(ground: probe.Ground) -> None:
    refused(ground, "forging: read pages from a cache")


def test_logins_cannot_be_chosen_read_or_used_again(ground: probe.Ground) -> None:
    refused(ground, "forging: choose", "forging: use the login", "forging: use the cookie")


def test_a_login_leads_nowhere_else(ground: probe.Ground) -> None:
    refused(ground, "forging: be led to")


def test_headers_say_nobody_who_one_is(ground: probe.Ground) -> None:
    refused(ground, "forging: be `admin`")


def test_two_requests_in_one_are_refused(ground: probe.Ground) -> None:
    refused(ground, "forging: smuggle")


def test_files_outside_are_not_served(ground: probe.Ground) -> None:
    refused(ground, "reading: main: /", "reading: content: /")


def test_guesses_are_slowed_and_names_not_told(ground: probe.Ground) -> None:
    refused(ground, "guessing: ")


def test_what_is_announced_too_large_is_not_read(ground: probe.Ground) -> None:
    ground.small = Secret(PASSWORD)
    refused(ground, "uploads: upload a terabyte")


@pytest.mark.parametrize(
    ("origin", "host", "may"),
    [
        ("null", "shared", (True, True)),
        ("http://shared:2", "shared", (False, True)),
        ("http://own:2", "own", (True, True)),
        ("null", "own", (False, True)),
        ("http://other:2", "own", (False, True)),
        ("http://own:2", "other", (False, True)),
        ("http://own:1", "own", (False, True)),
        ("http://evil.example", "shared", (False, True)),
        (None, "shared", (False, True)),
        ("null", "evil.example", (True, False)),
    ],
)
def test_kernels_are_connected_from_pages_of_dashboards_only(
    origin: str | None, host: str, may: tuple[bool, bool]
) -> None:
    own = host in ("own", "other")
    about = {"user": None, "kernel": None, "text": "", "path": "", "own": own}
    key = capabilities.Capability(content="http://own:2" if own else "http://shared:2", **about)
    asks = SimpleNamespace(
        settings={
            "answers": {"shared", "own", "other"}.__contains__,
            "capabilities": SimpleNamespace(known={key.token: key}.get),
        },
        request=SimpleNamespace(host_name=host),
        path_args=[key.token],
        get_origin=lambda: origin,
    )
    kind = content.Channels
    assert (kind.check_origin(asks), kind.check_host(asks)) == may
    asks.path_args = ["x" * 43]
    assert not kind.check_origin(asks)
