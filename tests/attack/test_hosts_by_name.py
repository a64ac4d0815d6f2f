"""Dashboards with hosts of their own below a name that is configured, in Chromium."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from live import Live, free_ports, running
from seats import Seats

from dashops.attack import hostile
from dashops.attack.attempts import escaping

pytestmark = pytest.mark.usefixtures("browser")
# Chromium finds these on this machine; a main address below `localhost` would lead to itself.
MAIN, CONTENT = "http://127.0.0.1", "http://*.content.localhost"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    port, content = free_ports(2)
    addresses = {"address": f"{MAIN}:{port}", "content_address": f"{CONTENT}:{content}"}
    settings = {"dashboard": {"port": port, "content_port": content, **addresses}}
    with running(tmp_path_factory.mktemp("named"), settings) as stack:
        yield replace(stack, ports={**stack.ports, "dashboard": port, "content": content})


def test_smoke_is_green(live: Live) -> None:
    assert ", 0 skipped" in live.dashops("smoke")


def test_a_hostile_dashboard_gets_nothing_outside(live: Live, seats: Seats) -> None:
    live.deploy("other", "display('shown')")
    files = []
    for name, text in hostile.FILES.items():
        files.append(live.folder / name)
        files[-1].write_bytes(text)
    live.deploy("hostile", hostile.source(), ("markdown", hostile.LINKS), files=tuple(files))
    # Whatever the browser is, the name is the operator's.
    seat = seats.visitor(hostile.OTHER)
    seat.log_in()
    page, other = seat.page, seat.context.new_page()
    other.goto(f"{live.url}/dashboards/other/")
    page.goto(f"{live.url}/dashboards/hostile/")
    page.wait_for_function("() => window.hostile")
    assert page.url.startswith("http://hostile-") and ".content.localhost:" in page.url
    scene = hostile.Scene(page, other, live.url, "other")
    scene.begin()
    seen = scene.seen()
    assert seen.own and set(seen.said) == set(escaping.NAMES)
    assert escaping.harm(seen) == []
